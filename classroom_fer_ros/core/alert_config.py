"""The rules of the alerts: one for each kind, quiet times, and what is remembered."""

from __future__ import annotations

from dataclasses import dataclass, field

from classroom_fer_ros.core.errors import ConfigError
from classroom_fer_ros.core.quiet_times import parse_quiet_times
from classroom_fer_ros.core.results import AlertKind, Severity
from classroom_fer_ros.core.settings import check

SEVERITY_NAMES = tuple(severity.name.lower() for severity in Severity)
_SECONDS = {'unit': 's', 'range': (0.0, 3600.0), 'is_live': True}
_SHARE = {'range': (0.0, 1.0), 'is_live': True}


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRule:
    """When one kind of alert is raised and cleared, and how often."""

    is_on: bool = field(
        default=True, metadata={'description': 'false: never raised', 'is_live': True}
    )
    severity: str = field(
        default='warning',
        metadata={
            'description': 'how much it matters: notice, warning or urgent',
            'options': SEVERITY_NAMES,
            'is_live': True,
        },
    )
    after_s: float = field(
        default=0.0,
        metadata={'description': 'raised once its cause has held for this long', **_SECONDS},
    )
    clear_after_s: float = field(
        default=5.0,
        metadata={
            'description': 'cleared once its cause has been over for this long',
            **_SECONDS,
        },
    )
    repeat_after_s: float = field(
        default=300.0,
        metadata={
            'description': 'raised once in this time for the same person, seat or class',
            'unit': 's',
            'range': (0.0, 86400.0),
            'is_live': True,
        },
    )

    def __post_init__(self) -> None:
        check(self)

    @property
    def level(self) -> Severity:
        """The severity."""
        return Severity[self.severity.upper()]


@dataclass(frozen=True, slots=True, kw_only=True)
class AttentionRule(AlertRule):
    """The rule about the attention of the class."""

    below: float = field(
        default=0.5,
        metadata={'description': 'a smaller attentive share of the class is its cause', **_SHARE},
    )
    margin: float = field(
        default=0.1,
        metadata={
            'description': 'the share must come back by this much for the cause to be over',
            **_SHARE,
        },
    )

    def __post_init__(self) -> None:
        check(self)
        if self.below + self.margin > 1.0:
            raise ConfigError(
                'margin', self.margin, f'must be at most 1 - below = {1.0 - self.below:g}'
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class TiredClassRule(AlertRule):
    """The rule about a tired class."""

    from_share: float = field(
        default=0.3,
        metadata={
            'description': 'a tired share of the class from here on is its cause',
            **_SHARE,
        },
    )
    margin: float = field(
        default=0.1,
        metadata={
            'description': 'the share must come back by this much for the cause to be over',
            **_SHARE,
        },
    )

    def __post_init__(self) -> None:
        check(self)
        if not self.margin <= self.from_share:
            raise ConfigError(
                'margin', self.margin, f'must be at most from_share = {self.from_share:g}'
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemRule(AlertRule):
    """The rule about the software itself."""

    min_rate: float = field(
        default=5.0,
        metadata={
            'description': 'fewer analysed pictures a second, while more come, are its cause',
            'unit': 'Hz',
            'range': (0.0, 120.0),
            'is_live': True,
        },
    )
    silent_after_s: float = field(
        default=5.0,
        metadata={
            'description': 'a node that has told nothing of itself for this long is its cause',
            'unit': 's',
            'range': (1.0, 600.0),
            'is_live': True,
        },
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietConfig:
    """When no alert about people or the class is raised."""

    times: str = field(
        default='',
        metadata={
            'description': 'quiet every day or on some days, by the local time of this machine, '
            "breaks for one: '10:15-10:35, mon-fri 12:00-13:00'; empty for never",
            'is_live': True,
        },
    )
    minutes: float = field(
        default=10.0,
        metadata={
            'description': 'how long the service quiet_alerts keeps quiet',
            'unit': 'min',
            'range': (0.1, 600.0),
            'is_live': True,
        },
    )

    def __post_init__(self) -> None:
        check(self)
        parse_quiet_times(self.times)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertConfig:
    """One rule for each kind of alert, and what they share."""

    tired: AlertRule = field(default_factory=lambda: AlertRule(after_s=2.0))
    asleep: AlertRule = field(default_factory=lambda: AlertRule(severity='urgent'))
    looking_away: AlertRule = field(
        default_factory=lambda: AlertRule(severity='notice', after_s=10.0)
    )
    left_right: AlertRule = field(
        default_factory=lambda: AlertRule(severity='notice', after_s=1.5)
    )
    class_attention: AttentionRule = field(default_factory=lambda: AttentionRule(after_s=20.0))
    class_tired: TiredClassRule = field(default_factory=lambda: TiredClassRule(after_s=20.0))
    camera: AlertRule = field(
        default_factory=lambda: AlertRule(clear_after_s=0.0, repeat_after_s=60.0)
    )
    system: SystemRule = field(default_factory=lambda: SystemRule(after_s=5.0))
    quiet: QuietConfig = field(default_factory=QuietConfig)
    lost_after_s: float = field(
        default=60.0,
        metadata={
            'description': 'alerts about people not seen for this long end',
            'unit': 's',
            'range': (0.0, 3600.0),
        },
    )

    def __post_init__(self) -> None:
        check(self)

    def rule(self, kind: AlertKind) -> AlertRule:
        """The rule of one kind."""
        rule: AlertRule = getattr(self, kind.value)
        return rule
