"""
Fetch third-party models into the user's cache: ``python -m classroom_fer_ros.fetch_models``.

    fetch_models NAME … [--from PATH]     download, or copy from a file or folder
    fetch_models --list                   what can be fetched, what is there
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from classroom_fer_ros.core.errors import ClassroomFerError, ModelError
from classroom_fer_ros.core.model_manifest import (
    ThirdPartyModel,
    fetch_model,
    find_model,
    load_manifest,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point: 0 if every model was fetched, 2 otherwise."""
    parser = argparse.ArgumentParser(prog='fetch_models', description='Fetch third-party models.')
    parser.add_argument('names', nargs='*', metavar='NAME', help='model of models/manifest.yaml')
    parser.add_argument(
        '--from', dest='source', metavar='PATH', help='copy from this file or folder'
    )
    parser.add_argument('--list', action='store_true', help='show the models and their terms')
    options = parser.parse_args(arguments)
    if not options.names and not options.list:
        parser.error('name a model, or ask for the --list')
    try:
        if options.list:
            _print_models()
        for name in options.names:
            print(fetch_model(name, options.source))
    except ClassroomFerError as error:
        print(f'fetch_models: {error}', file=sys.stderr)
        return 2
    return 0


def _print_models() -> None:
    table = Table('model', 'for', 'licence', 'published by', 'in the cache')
    for model in load_manifest().values():
        table.add_row(model.name, model.purpose, model.licence, model.source, _state(model))
    Console().print(table)


def _state(model: ThirdPartyModel) -> str:
    try:
        find_model(model.name)
    except ModelError:
        return 'broken' if model.cached.is_file() else 'no'
    return 'yes'


if __name__ == '__main__':
    sys.exit(main())
