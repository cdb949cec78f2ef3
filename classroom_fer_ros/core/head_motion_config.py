"""Settings of the head motion rules."""

from __future__ import annotations

from dataclasses import dataclass, field

from classroom_fer_ros.core.errors import ConfigError
from classroom_fer_ros.core.settings import check


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadMotionConfig:
    """What counts as a direction, as looking away and as a motion."""

    direction_deg: float = field(
        default=12.0,
        metadata={
            'description': 'a head turned farther points left, right, up or down',
            'unit': 'deg',
            'range': (3.0, 60.0),
        },
    )
    direction_margin_deg: float = field(
        default=3.0,
        metadata={
            'description': 'it must come back by this much to point ahead again',
            'unit': 'deg',
            'range': (0.0, 30.0),
        },
    )
    away_deg: float = field(
        default=30.0,
        metadata={
            'description': 'a head turned farther looks away',
            'unit': 'deg',
            'range': (5.0, 90.0),
        },
    )
    away_s: float = field(
        default=3.0,
        metadata={
            'description': 'looking away is reported once it has lasted this long',
            'unit': 's',
            'range': (0.0, 60.0),
        },
    )
    swing_deg: float = field(
        default=8.0,
        metadata={
            'description': 'smallest way back that is a reversal of a shake or nod',
            'unit': 'deg',
            'range': (2.0, 45.0),
        },
    )
    swing_window_s: float = field(
        default=2.0,
        metadata={
            'description': 'two reversals within this time are a shake or nod',
            'unit': 's',
            'range': (0.5, 10.0),
        },
    )
    turn_deg: float = field(
        default=20.0,
        metadata={
            'description': 'smallest change of yaw that is a turn',
            'unit': 'deg',
            'range': (5.0, 90.0),
        },
    )
    both_sides_s: float = field(
        default=5.0,
        metadata={
            'description': 'looks to both sides within this time are left-right',
            'unit': 's',
            'range': (1.0, 60.0),
        },
    )
    look_s: float = field(
        default=0.4,
        metadata={
            'description': 'shortest look to a side',
            'unit': 's',
            'range': (0.0, 5.0),
        },
    )
    neutral_memory_s: float = field(
        default=120.0,
        metadata={
            'description': 'the usual pose is that of about this much time',
            'unit': 's',
            'range': (5.0, 3600.0),
        },
    )
    min_cutoff_hz: float = field(
        default=2.0,
        metadata={
            'description': 'cut-off of the angles of a still head',
            'unit': 'Hz',
            'range': (0.05, 30.0),
        },
    )
    beta: float = field(
        default=3.0,
        metadata={
            'description': 'how much the cut-off rises with the speed, Hz per rad/s',
            'range': (0.0, 100.0),
        },
    )

    def __post_init__(self) -> None:
        check(self)
        if not self.direction_margin_deg < self.direction_deg:
            raise ConfigError(
                'direction_margin_deg', self.direction_margin_deg, 'must be below direction_deg'
            )
