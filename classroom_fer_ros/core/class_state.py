"""The class as a whole: shares of its judged members, and where attention is heading."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from classroom_fer_ros.core.arrays import FloatArray
from classroom_fer_ros.core.errors import ConfigError, StampError
from classroom_fer_ros.core.labels import EXPRESSION_LABELS, NUM_EXPRESSIONS
from classroom_fer_ros.core.results import (
    NAN,
    ClassState,
    Expression,
    FatigueState,
    Judgement,
    Motion,
    Trend,
)
from classroom_fer_ros.core.settings import check
from classroom_fer_ros.core.student_state import StudentState

RESTLESS_MOTIONS = (Motion.SHAKE, Motion.LEFT_RIGHT)
TIRED_STATES = (FatigueState.TIRED, FatigueState.ASLEEP)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassStateConfig:
    """How often the class is summed up, and when its attention moves."""

    interval_s: float = field(
        default=1.0,
        metadata={
            'description': 'the class is summed up this often',
            'unit': 's',
            'range': (0.0, 60.0),
        },
    )
    min_judged: int = field(
        default=5,
        metadata={
            'description': 'shares of fewer judged faces are not given, never of fewer than 5',
            'range': (5, 1000),
        },
    )
    trend_window_s: float = field(
        default=300.0,
        metadata={
            'description': 'the trend is that of this much time',
            'unit': 's',
            'range': (10.0, 3600.0),
        },
    )
    trend_min_s: float = field(
        default=60.0,
        metadata={
            'description': 'over less time the trend is unknown',
            'unit': 's',
            'range': (1.0, 3600.0),
        },
    )
    trend_min_change: float = field(
        default=0.1,
        metadata={
            'description': 'smallest change of the attentive share that is a trend',
            'range': (0.01, 1.0),
        },
    )

    def __post_init__(self) -> None:
        check(self)
        if self.trend_min_s > self.trend_window_s:
            raise ConfigError('trend_min_s', self.trend_min_s, 'must be at most trend_window_s')


class ClassStateMonitor:
    """Sums the class up now and then. Holds no clock."""

    def __init__(self, config: ClassStateConfig | None = None, has_attention: bool = True) -> None:
        """:param has_attention: False leaves attention, looking away and the trend unknown"""
        self._has_attention = has_attention
        self._config = config or ClassStateConfig()
        self._stamp_s = self._due_s = -math.inf
        self._attention: deque[tuple[float, float]] = deque()

    def update(
        self, students: Sequence[StudentState], expressions: Sequence[Expression], stamp_s: float
    ) -> ClassState | None:
        """
        Sum up one picture.

        :return: None between two intervals
        :raises StampError: if `stamp_s` goes back in time
        """
        if stamp_s < self._stamp_s:
            raise StampError(stamp_s, self._stamp_s)
        self._stamp_s = stamp_s
        if not self.is_due(stamp_s):
            return None
        # On a fixed grid, so that the interval does not grow by the wait for the next picture.
        next_s = self._due_s + self._config.interval_s
        self._due_s = next_s if next_s > stamp_s else stamp_s + self._config.interval_s
        judged = [student for student in students if student.is_judged]
        attentive_share = looking_away_share = NAN
        if self._has_attention:
            attentive_share = self._share([is_attentive(student) for student in judged])
            looking_away_share = self._share([is_looking_away(student) for student in judged])
        return ClassState(
            stamp_s=stamp_s,
            num_seen=len(students),
            num_judged=len(judged),
            num_not_judged=len(students) - len(judged),
            attentive_share=attentive_share,
            tired_share=self._share([s.fatigue.state in TIRED_STATES for s in judged]),
            looking_away_share=looking_away_share,
            expression_shares=self._expression_shares(expressions),
            trend=self._trend(attentive_share, stamp_s),
        )

    def is_due(self, stamp_s: float) -> bool:
        """Whether an update with this stamp would sum the class up."""
        return stamp_s >= self._due_s - 1e-6

    def _share(self, answers: Sequence[bool]) -> float:
        enough = len(answers) >= self._config.min_judged
        return sum(answers) / len(answers) if enough else NAN

    def _expression_shares(self, expressions: Sequence[Expression]) -> FloatArray:
        """Shares of the labels among the expressions that are judged, shape (7,)."""
        labels = [e.label for e in expressions if e.status is Judgement.JUDGED]
        if len(labels) < self._config.min_judged:
            return np.full(NUM_EXPRESSIONS, NAN, np.float32)
        counts = [labels.count(label) for label in EXPRESSION_LABELS]
        return (np.array(counts) / len(labels)).astype(np.float32)

    def _trend(self, attentive_share: float, stamp_s: float) -> Trend:
        """Change along the line of least squares through the attentive shares."""
        if not math.isnan(attentive_share):
            self._attention.append((stamp_s, attentive_share))
        while self._attention and stamp_s - self._attention[0][0] > self._config.trend_window_s:
            self._attention.popleft()
        if len(self._attention) < 3:
            return Trend.UNKNOWN
        times, shares = np.array(self._attention).T
        span_s = float(times[-1] - times[0])
        if span_s < self._config.trend_min_s - 1e-6:
            return Trend.UNKNOWN
        centred = times - times.mean()
        change = float(centred @ shares / (centred @ centred)) * span_s
        if abs(change) < self._config.trend_min_change:
            return Trend.STEADY
        return Trend.RISING if change > 0 else Trend.FALLING


def is_looking_away(student: StudentState) -> bool:
    """Whether looking away has lasted long enough to be reported."""
    return not math.isnan(student.head_pose.looking_away_since_s)


def is_attentive(student: StudentState) -> bool:
    """Whether a judged student is awake, not looking away and not looking left and right."""
    return (
        student.fatigue.state is FatigueState.AWAKE
        and not is_looking_away(student)
        and student.head_pose.motion not in RESTLESS_MOTIONS
    )
