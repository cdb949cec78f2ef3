"""
Alerts: raised once something has held for long enough, cleared once it is over, not repeated soon.

An alert belongs to a person, or to a seat where the person is not known, and outlives a lost
track. What cannot be judged changes nothing, until it has not been judged for a while.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from classroom_fer_ros.core.alert_config import AlertConfig
from classroom_fer_ros.core.alert_rules import (
    SEVERITIES,
    Condition,
    class_conditions,
    student_conditions,
)
from classroom_fer_ros.core.alert_subjects import AlertSubjects, seat_key
from classroom_fer_ros.core.alert_texts import AlertTexts
from classroom_fer_ros.core.errors import StampError
from classroom_fer_ros.core.results import NAN, Alert, AlertKind, AlertStatus, ClassState, Severity
from classroom_fer_ros.core.student_state import StudentState

__all__ = ['AlertConfig', 'AlertEngine', 'AlertUpdate', 'StudentState']

CLASS_KEY = 'class'
EXTERNAL_KEY = 'external'
#: A cause that could not be judged for longer has to hold anew for its whole time.
MAX_UNKNOWN_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertUpdate:
    """
    What one picture did to the alerts.

    :param changes: alerts raised, cleared or acknowledged since the update before
    :param active: all that stand, oldest first
    """

    changes: tuple[Alert, ...] = ()
    active: tuple[Alert, ...] = ()


@dataclass(slots=True, kw_only=True)
class _Watch:
    """Memory of one cause of one person, seat or class."""

    since_s: float = NAN
    over_since_s: float = NAN
    known_s: float = -math.inf
    raised_s: float = -math.inf
    face_id: str = ''
    alert: Alert | None = None

    def follow(self, condition: Condition, stamp_s: float) -> None:
        """Remember how long the cause has held, or has been over."""
        if condition.holds is None:
            return
        if stamp_s - self.known_s > MAX_UNKNOWN_S:
            self.since_s = self.over_since_s = NAN
        self.known_s = stamp_s
        if condition.holds:
            self.over_since_s = NAN
            if math.isnan(self.since_s):
                began_s = condition.began_s
                self.since_s = stamp_s if math.isnan(began_s) else began_s
        else:
            self.since_s = NAN
            if math.isnan(self.over_since_s):
                self.over_since_s = stamp_s


#: What alerts about a student's attention are called; a profile may forbid them.
ATTENTION_KINDS = frozenset({AlertKind.LOOKING_AWAY, AlertKind.LEFT_RIGHT})


class AlertEngine:
    """Raises and clears the alerts of one camera. Holds no clock; ids are numbered from 1."""

    def __init__(
        self, config: AlertConfig | None = None, left_out: frozenset[AlertKind] = frozenset()
    ) -> None:
        """:param left_out: kinds that are never raised for a student"""
        self._left_out = left_out
        self._config = config or AlertConfig()
        self._texts = AlertTexts(self._config.language)
        self._subjects = AlertSubjects(self._config.lost_after_s)
        self._numbers = itertools.count(1)
        self._watches: dict[tuple[AlertKind, str], _Watch] = {}
        self._changes: list[Alert] = []
        self._stamp_s = -math.inf

    def reconfigure(self, config: AlertConfig) -> None:
        """Go on with other thresholds; what stands, stands. Language and `lost_after_s` stay."""
        self._config = replace(
            config, language=self._config.language, lost_after_s=self._config.lost_after_s
        )

    @property
    def active(self) -> tuple[Alert, ...]:
        """All alerts that stand, oldest first."""
        alerts = (watch.alert for watch in self._watches.values())
        return tuple(sorted((a for a in alerts if a is not None), key=lambda a: _number(a)))

    def update(
        self, students: Sequence[StudentState], class_state: ClassState | None, stamp_s: float
    ) -> AlertUpdate:
        """
        Judge one picture.

        :param class_state: None between two sums of the class
        :raises StampError: if `stamp_s` goes back in time
        """
        if stamp_s < self._stamp_s:
            raise StampError(stamp_s, self._stamp_s)
        self._stamp_s = stamp_s
        for student, key in zip(students, self._subjects.keys(students, stamp_s), strict=True):
            self._adopt(student, key, stamp_s)
            for condition in student_conditions(student, stamp_s):
                if condition.kind not in self._left_out:
                    self._judge_student(student, condition, key, stamp_s)
        if class_state is not None:
            active = frozenset(alert.kind for alert in self.active)
            for condition in class_conditions(class_state, self._config, active):
                self._judge_class(condition, stamp_s)
        self._forget(stamp_s)
        return AlertUpdate(changes=self.take_changes(), active=self.active)

    def take_changes(self) -> tuple[Alert, ...]:
        """Changes that no update has told of yet; whoever takes them has to tell of them."""
        changes, self._changes = tuple(self._changes), []
        return changes

    def acknowledge(self, alert_id: str, stamp_s: float) -> Alert | None:
        """
        Mark a standing alert as seen by the teacher; it is also among the next update's changes.

        :param stamp_s: when; the alert keeps the time since which its cause holds
        :return: None if no such alert stands; one acknowledged already is returned as it is
        """
        for watch in self._watches.values():
            alert = watch.alert
            if alert is None or alert.alert_id != alert_id:
                continue
            if alert.status is not AlertStatus.ACKNOWLEDGED:
                watch.alert = alert = replace(alert, status=AlertStatus.ACKNOWLEDGED)
                self._changes.append(alert)
            return alert
        return None

    def raise_external(
        self, kind: AlertKind, severity: Severity, text: str, stamp_s: float
    ) -> Alert:
        """
        Raise an alert that no picture shows, about the camera or the system; one of a kind stands.

        :return: the alert; where one of the kind stands already, that one with the new text
        """
        watch = self._watches.setdefault((kind, EXTERNAL_KEY), _Watch())
        standing = watch.alert
        if standing is not None and (standing.severity, standing.text) == (severity, text):
            return standing
        watch.alert = alert = Alert(
            alert_id=standing.alert_id if standing is not None else self._next_id(),
            kind=kind,
            severity=severity,
            status=AlertStatus.RAISED,
            since_s=standing.since_s if standing is not None else stamp_s,
            text=text,
        )
        watch.raised_s = stamp_s
        self._changes.append(alert)
        return alert

    def clear_external(self, kind: AlertKind, stamp_s: float) -> Alert | None:
        """Clear what `raise_external` raised; None if nothing of the kind stands."""
        watch = self._watches.pop((kind, EXTERNAL_KEY), None)
        return None if watch is None else self._clear(watch)

    def _next_id(self) -> str:
        return f'alert-{next(self._numbers):04d}'

    def _adopt(self, student: StudentState, key: str, stamp_s: float) -> None:
        """Take what was known of a seat over to the person who has been recognised there."""
        seat = seat_key(student)
        if key == seat:
            return
        for kind in AlertKind:
            watch = self._watches.get((kind, seat))
            if watch is None or watch.face_id != student.face_id:
                continue
            del self._watches[kind, seat]
            known = self._watches.get((kind, key))
            if known is not None and known.alert is not None:
                self._clear(watch)
                continue
            if known is not None:
                watch.raised_s = max(watch.raised_s, known.raised_s)
            if watch.alert is not None:
                watch.alert = replace(watch.alert, person_id=student.person_id)
            self._watches[kind, key] = watch

    def _judge_student(
        self, student: StudentState, condition: Condition, key: str, stamp_s: float
    ) -> None:
        watch = self._watches.setdefault((condition.kind, key), _Watch())
        watch.face_id = student.face_id
        if watch.alert is not None and watch.alert.face_id != student.face_id:
            watch.alert = replace(watch.alert, face_id=student.face_id)
        watch.follow(condition, stamp_s)
        if self._is_due(watch, condition.kind, stamp_s):
            subject = self._texts.subject(student.person_name, student.seat)
            alert = self._new_alert(
                condition,
                watch,
                self._texts.about_student(condition.kind, subject, condition.reason),
            )
            self._raise(
                watch,
                replace(
                    alert,
                    subject=student.person_name or student.seat,
                    face_id=student.face_id,
                    person_id=student.person_id,
                ),
                stamp_s,
            )
        self._clear_if_over(watch, stamp_s)

    def _judge_class(self, condition: Condition, stamp_s: float) -> None:
        watch = self._watches.setdefault((condition.kind, CLASS_KEY), _Watch())
        watch.follow(condition, stamp_s)
        if self._is_due(watch, condition.kind, stamp_s):
            text = self._texts.about_class(condition.kind, condition.value)
            self._raise(watch, self._new_alert(condition, watch, text), stamp_s)
        self._clear_if_over(watch, stamp_s)

    def _is_due(self, watch: _Watch, kind: AlertKind, stamp_s: float) -> bool:
        """Whether a cause holds now, has done so for long enough, and was not reported lately."""
        return (
            watch.alert is None
            and watch.known_s == stamp_s
            and stamp_s - watch.since_s >= self._config.raise_after_s(kind) - 1e-6
            and stamp_s - watch.raised_s >= self._config.repeat_after_s
        )

    def _new_alert(self, condition: Condition, watch: _Watch, text: str) -> Alert:
        return Alert(
            alert_id=self._next_id(),
            kind=condition.kind,
            severity=SEVERITIES[condition.kind],
            status=AlertStatus.RAISED,
            since_s=watch.since_s,
            text=text,
            value=condition.value,
        )

    def _raise(self, watch: _Watch, alert: Alert, stamp_s: float) -> None:
        watch.alert, watch.raised_s = alert, stamp_s
        self._changes.append(alert)

    def _clear_if_over(self, watch: _Watch, stamp_s: float) -> None:
        if stamp_s - watch.over_since_s >= self._config.clear_after_s - 1e-6:
            self._clear(watch)

    def _clear(self, watch: _Watch) -> Alert | None:
        if watch.alert is None:
            return None
        alert = replace(watch.alert, status=AlertStatus.CLEARED)
        watch.alert = None
        self._changes.append(alert)
        return alert

    def _forget(self, stamp_s: float) -> None:
        """End alerts about what has not been judged for long, and drop memories of no more use."""
        for place, watch in list(self._watches.items()):
            if place[1] == EXTERNAL_KEY or stamp_s - watch.known_s <= self._config.lost_after_s:
                continue
            self._clear(watch)
            if stamp_s - watch.raised_s >= self._config.repeat_after_s:
                del self._watches[place]


def _number(alert: Alert) -> int:
    return int(alert.alert_id.rsplit('-', 1)[1])
