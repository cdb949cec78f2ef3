"""ROS parameters from the core's configuration dataclasses: one setting, one parameter."""

from __future__ import annotations

from typing import TypeVar

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor
from rclpy.node import Node

from classroom_fer_ros.core.settings import Setting, build, settings_of

Config = TypeVar('Config')


def declare(node: Node, kind: type) -> None:
    """Declare every parameter of a configuration dataclass; those not live are read-only."""
    for setting in settings_of(kind):
        node.declare_parameter(setting.name, setting.default, _descriptor(setting))


def read(node: Node, kind: type[Config]) -> Config:
    """
    Build the configuration from the parameters as they stand.

    :raises ConfigError: if values do not go together
    """
    names = [setting.name for setting in settings_of(kind)]
    return build(kind, {name: node.get_parameter(name).value for name in names})


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
