"""
Every parameter, described: ``python -m classroom_fer_ros.parameter_reference --yaml``.

    --yaml       config/classroom.yaml, as it is in the repository
    --markdown   the table in the README
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator

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


def yaml_lines() -> Iterator[str]:
    """Lines of the parameter file."""
    yield from YAML_HEAD
    group: tuple[str, ...] = ()
    for setting in sorted(settings_of(NodeConfig), key=lambda s: '.' in s.name):
        *groups, name = setting.name.split('.')
        if tuple(groups) != group:
            group = tuple(groups)
            for depth, word in enumerate(groups):
                yield f'{"  " * (depth + 2)}{word}:'
        indent = '  ' * (len(groups) + 2)
        yield f'{indent}# {_words(setting)}'
        yield f'{indent}{name}: {json.dumps(setting.default)}'


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
    parser.add_argument('--markdown', action='store_true', help='as a table')
    options = parser.parse_args()
    print('\n'.join(yaml_lines() if options.yaml else markdown_lines()))


if __name__ == '__main__':
    main()
