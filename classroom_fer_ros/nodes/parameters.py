"""ROS parameters from the core's configuration dataclasses: one setting, one parameter."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor
from rclpy.exceptions import ParameterException
from rclpy.node import Node

from classroom_fer_ros.core.errors import ClassroomFerError
from classroom_fer_ros.core.settings import Setting, build, settings_of

Config = TypeVar('Config')
TYPE_WORDS = {
    bool: 'true or false',
    int: 'a whole number',
    float: 'a number with a decimal point',
    str: 'a text',
}


class ParameterError(ClassroomFerError):
    """A parameter was given a value of the wrong type or out of its range."""


def declare(
    node: Node, kind: type, names: tuple[str, ...] = ('',), left_out: tuple[str, ...] = ()
) -> None:
    """
    Declare the parameters of a configuration dataclass; those not live are read-only.

    :param names: beginnings of those that the node has a use for, ``detection.`` for one
    :param left_out: beginnings of those that it has none for all the same
    :raises ParameterError: if one was given a value that it cannot have
    """
    for setting in settings_of(kind):
        if not setting.name.startswith(names) or setting.name.startswith(left_out):
            continue
        try:
            node.declare_parameter(setting.name, setting.default, _descriptor(setting))
        except ParameterException as error:
            wanted = f'{TYPE_WORDS[type(setting.default)]}, for example {setting.default!r}'
            if setting.range is not None:
                wanted += ', within {:g} and {:g} {}'.format(*setting.range, setting.unit).rstrip()
            raise ParameterError(f'{setting.name} takes {wanted} ({error})') from error


def read(node: Node, kind: type[Config], changes: Mapping[str, Any] | None = None) -> Config:
    """
    Build the configuration from the parameters as they stand; defaults where none is declared.

    :param changes: values by name that are about to be set; names of others are passed over
    :raises ConfigError: if values do not go together
    """
    values = {
        setting.name: node.get_parameter(setting.name).value
        if node.has_parameter(setting.name)
        else setting.default
        for setting in settings_of(kind)
    }
    changed = {name: value for name, value in (changes or {}).items() if name in values}
    return build(kind, values | changed)


def unknown_names(node: Node, kind: type) -> list[str]:
    """Parameters given on the command line or in a file that the node does not have, in words."""
    known = [setting.name for setting in settings_of(kind)]
    # rclpy keeps what was given in `_parameter_overrides` and offers no other way to it.
    given = getattr(node, '_parameter_overrides', {})
    # Those of other nodes are fine: one file serves all.
    unknown = [
        name
        for name in given
        if name not in known and not node.has_parameter(name) and not _is_ros(name)
    ]
    return [f'there is no parameter {name!r}{_guess(name, known)}' for name in sorted(unknown)]


def _is_ros(name: str) -> bool:
    return name.startswith(('qos_overrides.', 'use_sim_time', 'start_type_description_service'))


def _guess(name: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    ends = [other for other in known if other.rpartition('.')[2] == name]
    guesses = ends or close
    return f': did you mean {guesses[0]!r}?' if guesses else ''


def _descriptor(setting: Setting) -> ParameterDescriptor:
    unit = f' [{setting.unit}]' if setting.unit else ''
    descriptor = ParameterDescriptor(
        description=f'{setting.description}{unit}', read_only=not setting.is_live
    )
    if setting.range is not None:
        low, high = setting.range
        if isinstance(setting.default, int):
            descriptor.integer_range = [IntegerRange(from_value=int(low), to_value=int(high))]
        else:
            descriptor.floating_point_range = [
                FloatingPointRange(from_value=float(low), to_value=float(high))
            ]
    return descriptor
