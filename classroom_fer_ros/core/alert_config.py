"""Settings of the alerts."""

from __future__ import annotations

from dataclasses import dataclass, field

from classroom_fer_ros.core.alert_texts import CATALOGUES
from classroom_fer_ros.core.results import AlertKind
from classroom_fer_ros.core.settings import check

_SECONDS = {'unit': 's', 'range': (0.0, 3600.0), 'is_live': True}


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertConfig:
    """How long something must hold before an alert is raised or cleared, and how often."""

    tired_after_s: float = field(
        default=2.0,
        metadata={'description': 'looking tired for this long raises an alert', **_SECONDS},
    )
    asleep_after_s: float = field(
        default=0.0,
        metadata={'description': 'being asleep for this long raises an alert', **_SECONDS},
    )
    looking_away_after_s: float = field(
        default=10.0,
        metadata={
            'description': 'looking away, from its beginning, for this long raises an alert',
            **_SECONDS,
        },
    )
    left_right_after_s: float = field(
        default=1.5,
        metadata={
            'description': 'looking left and right for this long raises an alert',
            **_SECONDS,
        },
    )
    class_after_s: float = field(
        default=20.0,
        metadata={'description': 'a state of the class for this long raises an alert', **_SECONDS},
    )
    clear_after_s: float = field(
        default=5.0,
        metadata={'description': 'an alert is cleared once this long over', **_SECONDS},
    )
    repeat_after_s: float = field(
        default=300.0,
        metadata={
            'description': 'one alert of a kind and person in this time',
            'unit': 's',
            'range': (0.0, 86400.0),
            'is_live': True,
        },
    )
    lost_after_s: float = field(
        default=60.0,
        metadata={
            'description': 'alerts about people not seen for this long end',
            **_SECONDS,
            'is_live': False,
        },
    )
    class_attention_below: float = field(
        default=0.5,
        metadata={
            'description': 'a smaller attentive share of the class raises an alert',
            'range': (0.0, 1.0),
            'is_live': True,
        },
    )
    class_tired_from: float = field(
        default=0.3,
        metadata={
            'description': 'a tired share of the class from here on raises an alert',
            'range': (0.0, 1.0),
            'is_live': True,
        },
    )
    class_margin: float = field(
        default=0.1,
        metadata={
            'description': 'shares must come back by this much to clear an alert',
            'range': (0.0, 1.0),
            'is_live': True,
        },
    )
    language: str = field(
        default='en',
        metadata={'description': 'language of the texts', 'options': tuple(CATALOGUES)},
    )

    def __post_init__(self) -> None:
        check(self)

    def raise_after_s(self, kind: AlertKind) -> float:
        """How long a kind must hold before its alert."""
        return {
            AlertKind.TIRED: self.tired_after_s,
            AlertKind.ASLEEP: self.asleep_after_s,
            AlertKind.LOOKING_AWAY: self.looking_away_after_s,
            AlertKind.LEFT_RIGHT: self.left_right_after_s,
        }.get(kind, self.class_after_s)
