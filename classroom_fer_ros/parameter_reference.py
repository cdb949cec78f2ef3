"""
Every parameter, described: ``python -m classroom_fer_ros.parameter_reference --yaml``.

    --yaml       config/classroom.yaml, as it is in the repository
    --alerts     config/alerts.yaml, the rules of the alerts alone
    --markdown   the table in docs/parameters.md
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import fields
from itertools import takewhile

from classroom_fer_ros.core.alert_config import AlertConfig
from classroom_fer_ros.core.settings import Setting, settings_of
from classroom_fer_ros.nodes.node_config import NodeConfig

YAML_HEAD = (
    '# Every parameter of the nodes with its default: copy, change, and pass the copy with',
    '# `make run CONFIG=…` or --params-file. Written by',
    '# `python -m classroom_fer_ros.parameter_reference --yaml`. Those marked [live] may be',
    '# changed while the node runs, with `ros2 param set`; the others are read-only.',
    '/**:',
    '  ros__parameters:',
)
ALERTS_HEAD = (
    '# The rules of the alerts, as they are by default: copy, change, and pass the copy with',
    '# `make run CONFIG=…`. The same parameters stand in classroom.yaml. Written by',
    '# `python -m classroom_fer_ros.parameter_reference --alerts`. All but lost_after_s may be',
    '# changed while the node runs: `ros2 param set … alerts.tired.after_s 5.0`.',
)


def yaml_lines() -> Iterator[str]:
    """Lines of the parameter file."""
    yield from YAML_HEAD
    group: tuple[str, ...] = ()
    for setting in sorted(settings_of(NodeConfig), key=lambda s: '.' in s.name):
        *groups, name = setting.name.split('.')
        shared = sum(
            1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(group, groups, strict=False))
        )
        group = tuple(groups)
        for depth, word in list(enumerate(groups))[shared:]:
            yield f'{"  " * (depth + 2)}{word}:'
        indent = '  ' * (len(groups) + 2)
        yield f'{indent}# {_words(setting)}'
        yield f'{indent}{name}: {json.dumps(setting.default)}'


def alert_lines() -> Iterator[str]:
    """Lines of the file of alert rules: what their fields mean, then a line for each."""
    yield from ALERTS_HEAD
    yield '#'
    settings = [s for s in settings_of(NodeConfig) if s.name.startswith('alerts.')]
    meanings = {s.name.rpartition('.')[2]: s for s in settings if s.name.count('.') == 2}
    yield from (f'# {name}: {_words(setting)}' for name, setting in meanings.items())
    yield from ('/**:', '  ros__parameters:', '    alerts:')
    for field in fields(AlertConfig):
        prefix = f'alerts.{field.name}'
        values = {
            s.name.removeprefix(f'{prefix}.'): s.default
            for s in settings
            if s.name.startswith(f'{prefix}.')
        }
        if values:
            inner = ', '.join(f'{name}: {json.dumps(value)}' for name, value in values.items())
            yield f'      {field.name}: {{{inner}}}'
    for setting in settings:
        if setting.name.count('.') == 1:
            yield f'      # {_words(setting)}'
            yield f'      {setting.name.removeprefix("alerts.")}: {json.dumps(setting.default)}'


def markdown_lines() -> Iterator[str]:
    """Lines of the table."""
    yield '| parameter | default | meaning |'
    yield '| --- | --- | --- |'
    for setting in settings_of(NodeConfig):
        yield f'| `{setting.name}` | `{json.dumps(setting.default)}` | {_words(setting)} |'


def _words(setting: Setting) -> str:
    words = setting.description
    if setting.range is not None:
        low, high = (f'{value:.10g}' for value in setting.range)
        words += f' ({low} to {high} {setting.unit}'.rstrip() + ')'
    return f'{words} [live]' if setting.is_live else words


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description='List every parameter.')
    parser.add_argument('--yaml', action='store_true', help='as a parameter file')
    parser.add_argument('--alerts', action='store_true', help='the rules of the alerts alone')
    parser.add_argument('--markdown', action='store_true', help='as a table')
    options = parser.parse_args()
    lines = yaml_lines if options.yaml else alert_lines if options.alerts else markdown_lines
    print('\n'.join(lines()))


if __name__ == '__main__':
    main()
