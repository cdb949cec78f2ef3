"""ROS parameters from the core's configuration dataclasses: one setting, one parameter."""

from __future__ import annotations

from typing import TypeVar

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


def declare(node: Node, kind: type, names: tuple[str, ...] = ('',)) -> None:
    """
    Declare the parameters of a configuration dataclass; those not live are read-only.

    :param names: beginnings of those that the node has a use for, ``detection.`` for one
    :raises ParameterError: if one was given a value that it cannot have
    """
    for setting in settings_of(kind):
        if not setting.name.startswith(names):
            continue
        try:
            node.declare_parameter(setting.name, setting.default, _descriptor(setting))
        except ParameterException as error:
            wanted = f'{TYPE_WORDS[type(setting.default)]}, for example {setting.default!r}'
            if setting.range is not None:
                wanted += ', within {:g} and {:g} {}'.format(*setting.range, setting.unit).rstrip()
            raise ParameterError(f'{setting.name} takes {wanted} ({error})') from error


def read(node: Node, kind: type[Config]) -> Config:
    """
    Build the configuration from the parameters as they stand; defaults where none is declared.

    :raises ConfigError: if values do not go together
    """
    return build(
        kind,
        {
            setting.name: node.get_parameter(setting.name).value
            if node.has_parameter(setting.name)
            else setting.default
            for setting in settings_of(kind)
        },
    )


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
