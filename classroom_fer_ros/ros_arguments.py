"""What a node is told at its start, as ROS arguments."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from classroom_fer_ros.core.errors import ConfigError


def node_arguments(
    config: str | Path | None,
    texts: Mapping[str, str],
    settings: Mapping[str, str] | None = None,
    remappings: Iterable[tuple[str, str]] = (),
) -> list[str]:
    """
    Arguments for one node; more may follow, and beat these.

    :param config: YAML file of parameters, which the others beat
    :param texts: parameters that are texts, whatever they look like: '0' is a camera
    :param settings: further parameters, as YAML
    :raises ConfigError: if there is no such file
    """
    arguments = ['--ros-args']
    if config:
        if not Path(config).is_file():
            raise ConfigError('config', str(config), 'is no file of parameters')
        arguments += ['--params-file', str(config)]
    for name, text in texts.items():
        # A YAML text in single quotes; a quote in it is doubled.
        quoted = text.replace("'", "''")
        arguments += ['-p', f"{name}:='{quoted}'"]
    for name, value in (settings or {}).items():
        arguments += ['-p', f'{name}:={value}']
    for old, new in remappings:
        arguments += ['-r', f'{old}:={new}']
    return [*arguments, '--']
