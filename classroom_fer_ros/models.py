"""
List, switch and roll back models: ``python -m classroom_fer_ros.models``.

    --use MODEL VERSION   put another version to use, `shipped` for the package's own
    --roll-back MODEL     go back to the version that was in use before
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from classroom_fer_ros.core.errors import ClassroomFerError
from classroom_fer_ros.core.model_card import load_card
from classroom_fer_ros.core.model_registry import REMARKS, ModelRegistry, Version

#: Models that can be trained further.
MODELS = ('expression', 'facenet')


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point: 0 if all went well, 2 if it cannot be done."""
    options = _parser().parse_args(arguments)
    registry = ModelRegistry()
    try:
        if options.use:
            model, version = options.use
            registry.use(model, version)
            _tell(model, version)
        elif options.roll_back:
            _tell(options.roll_back, registry.roll_back(options.roll_back))
        else:
            versions = [one for model in MODELS for one in registry.versions(model)]
            Console().print(_table(versions))
    except ClassroomFerError as error:
        print(f'models: {error}', file=sys.stderr)
        return 2
    return 0


def _tell(model: str, version: str) -> None:
    print(f'{model}: {version} is in use, from the next start on')
    if model in REMARKS:
        print(REMARKS[model])


def _table(versions: Sequence[Version]) -> Table:
    table = Table('', 'model', 'version', 'name', 'figures')
    for one in versions:
        card = load_card(one.card)
        figures = '\n'.join(f'{name} {value:.4f}' for name, value in card.accuracy.items())
        table.add_row('*' if one.is_in_use else '', one.model, one.version, card.name, figures)
    return table


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog='models', description='List and switch models.')
    whats = parser.add_mutually_exclusive_group()
    whats.add_argument('--use', nargs=2, metavar=('MODEL', 'VERSION'), help='switch')
    whats.add_argument('--roll-back', metavar='MODEL', help='go back to the one before')
    return parser


if __name__ == '__main__':
    sys.exit(main())
