"""Settings by name: nested, flat and renamed fields, and back again."""

from dataclasses import dataclass, field

import pytest

from classroom_fer_ros.core.errors import ConfigError
from classroom_fer_ros.core.settings import build, settings_of


@dataclass(frozen=True, kw_only=True)
class Inner:
    limit: float = field(
        default=0.5, metadata={'description': 'a limit', 'unit': 's', 'range': (0.0, 1.0)}
    )

    def __post_init__(self) -> None:
        if not 0.0 <= self.limit <= 1.0:
            raise ConfigError('limit', self.limit, 'must be within 0 and 1')


@dataclass(frozen=True, kw_only=True)
class Flat:
    count: int = field(default=3, metadata={'is_live': True})


@dataclass(frozen=True, kw_only=True)
class Outer:
    inner: Inner = field(default_factory=Inner)
    flat: Flat = field(default_factory=Flat, metadata={'is_flat': True})
    text: str = field(default='a', metadata={'parameter': 'name'})


def test_names_and_metadata() -> None:
    found = {setting.name: setting for setting in settings_of(Outer)}
    assert list(found) == ['inner.limit', 'count', 'name']
    limit = found['inner.limit']
    assert (limit.default, limit.description, limit.unit) == (0.5, 'a limit', 's')
    assert (limit.range, limit.is_live) == ((0.0, 1.0), False)
    assert found['count'].is_live


def test_build_inverts() -> None:
    built = build(Outer, {'inner.limit': 0.25, 'count': 7, 'name': 'b'})
    assert built == Outer(inner=Inner(limit=0.25), flat=Flat(count=7), text='b')


def test_build_checks() -> None:
    with pytest.raises(ConfigError, match='limit'):
        build(Outer, {'inner.limit': 2.0, 'count': 7, 'name': 'b'})
