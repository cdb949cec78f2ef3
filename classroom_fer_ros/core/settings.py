"""
Settings: the fields of configuration dataclasses under the names that users see.

Fields of nested dataclasses become dotted names (``detection.min_score``), unless the metadata of
the nested field say ``'is_flat': True``; ``'parameter'`` in a field's metadata is its whole name.
Description, unit and range come from the metadata too.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from numbers import Integral
from typing import Any, TypeVar, get_type_hints

from classroom_fer_ros.core.errors import ConfigError

Config = TypeVar('Config')


@dataclasses.dataclass(frozen=True, slots=True)
class Setting:
    """
    One setting.

    :param name: dotted name
    :param range: lowest and highest value, None where any is allowed
    :param is_live: whether it may change at run time
    """

    name: str
    default: Any
    description: str
    unit: str
    range: tuple[float, float] | None
    is_live: bool


def settings_of(kind: type, prefix: str = '', defaults: Any = None) -> Iterator[Setting]:
    """
    Every setting that a configuration dataclass stands for, depth first.

    :param kind: dataclass whose fields all have defaults
    :param defaults: one of the kind with other defaults than its own
    """
    types = get_type_hints(kind)
    defaults = kind() if defaults is None else defaults
    for field in dataclasses.fields(kind):
        name, metadata = _name(field, prefix), field.metadata
        default = getattr(defaults, field.name)
        if dataclasses.is_dataclass(types[field.name]):
            yield from settings_of(types[field.name], name, default)
            continue
        yield Setting(
            name=name,
            default=default,
            description=metadata.get('description', ''),
            unit=metadata.get('unit', ''),
            range=metadata.get('range'),
            is_live=metadata.get('is_live', False),
        )


def build(kind: type[Config], values: Mapping[str, Any], prefix: str = '') -> Config:
    """
    Build a configuration.

    :param values: values by dotted name, none missing
    :raises ConfigError: if a value is out of its range, with its dotted name
    """
    types = get_type_hints(kind)
    arguments: dict[str, Any] = {}
    for field in dataclasses.fields(kind):  # type: ignore[arg-type]
        name, inner = _name(field, prefix), types[field.name]
        if dataclasses.is_dataclass(inner):
            arguments[field.name] = build(inner, values, name)  # type: ignore[arg-type]
        else:
            arguments[field.name] = values[name]
    try:
        return kind(**arguments)
    except ConfigError as error:
        names = {field.name: _name(field, prefix) for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
        raise error.renamed(names.get(error.name, error.name)) from None


def check(config: Any) -> None:
    """
    Compare the fields of a configuration with the ranges and options in their metadata.

    :raises ConfigError: naming the first field that is off; NaN is in no range, and what is whole
        by default must be whole
    """
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        if _is_whole(field.default) and not _is_whole(value):
            raise ConfigError(field.name, value, 'must be a whole number')
        if 'range' in field.metadata:
            low, high = field.metadata['range']
            if not low <= value <= high:
                unit = field.metadata.get('unit', '')
                raise ConfigError(
                    field.name, value, f'must be within {low:g} and {high:g} {unit}'.rstrip()
                )
        options = field.metadata.get('options', (value,))
        if value not in options:
            raise ConfigError(field.name, value, f'must be one of {", ".join(options)}')


def _is_whole(value: object) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)


def _name(field: dataclasses.Field[Any], prefix: str) -> str:
    """Name of a setting, or the prefix of those of a nested dataclass."""
    if 'parameter' in field.metadata:
        return str(field.metadata['parameter'])
    if field.metadata.get('is_flat'):
        return prefix
    is_nested = field.default is dataclasses.MISSING
    return f'{prefix}{field.name}.' if is_nested else prefix + field.name
