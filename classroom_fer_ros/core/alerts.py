"""
Alerts: raised once something has held for long enough, cleared once it is over, not repeated soon.

An alert belongs to a person, or to a seat where the person is not known, and outlives a lost
track. What cannot be judged changes nothing, until it has not been judged for a while. In quiet
times nothing is raised about people and the class, and what holds then does not count later.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from classroom_fer_ros.core.alert_config import AlertConfig
from classroom_fer_ros.core.alert_rules import Condition, class_conditions, student_conditions
from classroom_fer_ros.core.alert_subjects import AlertSubjects, seat_key
from classroom_fer_ros.core.alert_texts import AlertTexts
from classroom_fer_ros.core.alert_watch import Watch
from classroom_fer_ros.core.errors import StampError
from classroom_fer_ros.core.quiet_times import QuietTimes
from classroom_fer_ros.core.results import Alert, AlertKind, AlertStatus, ClassState
from classroom_fer_ros.core.student_state import StudentState
from classroom_fer_ros.core.texts import Texts

__all__ = ['AlertConfig', 'AlertEngine', 'AlertUpdate', 'StudentState']

CLASS_KEY = 'class'
EXTERNAL_KEY = 'external'
#: What is wrong with the camera or the system is told in other words at most this often.
RETOLD_AFTER_S = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertUpdate:
    """
    What one picture did to the alerts.

    :param changes: alerts raised, cleared or acknowledged since the update before
    :param active: all that stand, oldest first
    """

    changes: tuple[Alert, ...] = ()
    active: tuple[Alert, ...] = ()


#: What alerts about a student's attention are called; a profile may forbid them.
ATTENTION_KINDS = frozenset({AlertKind.LOOKING_AWAY, AlertKind.LEFT_RIGHT})


class AlertEngine:
    """Raises and clears the alerts of one camera. Holds no clock; ids are numbered from 1."""

    def __init__(
        self,
        config: AlertConfig | None = None,
        left_out: frozenset[AlertKind] = frozenset(),
        texts: Texts | None = None,
    ) -> None:
        """
        :param left_out: kinds that are never raised for a student
        :param texts: words of the alerts, English without
        """
        self._left_out = left_out
        self._config = config or AlertConfig()
        self._texts = AlertTexts(texts)
        self._quiet = QuietTimes(self._config.quiet.times)
        self._quiet_until_s = -math.inf
        self._subjects = AlertSubjects(self._config.lost_after_s)
        self._numbers = itertools.count(1)
        self._watches: dict[tuple[AlertKind, str], Watch] = {}
        self._changes: list[Alert] = []
        self._stamp_s = -math.inf

    def reconfigure(self, config: AlertConfig) -> None:
        """Go on with other rules; what stands, stands. `lost_after_s` stays."""
        self._config = replace(config, lost_after_s=self._config.lost_after_s)
        self._quiet.reconfigure(config.quiet.times)

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
        if self._quiet.is_quiet(stamp_s):
            self._quiet_until_s = stamp_s
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

    def forget_person(self, person_id: str) -> None:
        """Clear what is known of a person; what is said of it from now on names nobody."""
        self._subjects.forget(person_id)
        self._changes = [self._texts.without(one, person_id) for one in self._changes]
        for place, watch in list(self._watches.items()):
            is_about = watch.alert is not None and watch.alert.person_id == person_id
            if watch.alert is not None and is_about:
                watch.alert = self._texts.without(watch.alert, person_id)
                self._clear(watch)
            if is_about or place[1] == person_id:
                del self._watches[place]

    def report(self, kind: AlertKind, problem: str, stamp_s: float) -> None:
        """
        Tell now and then how the camera or the system is, which no picture shows.

        Quiet times do not hold for it. Its rule holds: a camera that comes and goes is told of
        once in a while.

        :param problem: in plain words; empty while all is well
        :param stamp_s: any clock's, as long as it is always the same one
        """
        watch = self._watches.setdefault((kind, EXTERNAL_KEY), Watch())
        condition = Condition(kind=kind, holds=bool(problem))
        watch.follow(condition, stamp_s, max_unknown_s=math.inf)
        if problem:
            text = self._texts.about_problem(kind, problem)
            if watch.is_due(self._config.rule(kind), stamp_s):
                self._raise(watch, self._new_alert(condition, watch, text), stamp_s)
            elif watch.alert is not None and text != watch.alert.text:
                self._retell(watch, text, stamp_s)
        self._clear_if_over(watch, kind, stamp_s)

    def _retell(self, watch: Watch, text: str, stamp_s: float) -> None:
        """Give a standing alert other words, as long as they do not change all the time."""
        if watch.alert is not None and stamp_s - watch.told_s >= RETOLD_AFTER_S - 1e-6:
            watch.alert, watch.told_s = replace(watch.alert, text=text), stamp_s
            self._changes.append(watch.alert)

    def be_quiet(self, is_quiet: bool) -> float:
        """
        Raise nothing about people and the class for a while, or do so again.

        :return: for how long, in minutes; 0 where the quiet is over
        """
        if not is_quiet:
            self._quiet.end()
            return 0.0
        self._quiet.begin(60.0 * self._config.quiet.minutes)
        return self._config.quiet.minutes

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
        watch = self._watches.setdefault((condition.kind, key), Watch())
        watch.face_id = student.face_id
        if watch.alert is not None and watch.alert.face_id != student.face_id:
            watch.alert = replace(watch.alert, face_id=student.face_id)
        watch.follow(condition, stamp_s)
        if self._is_due(watch, condition.kind, stamp_s):
            who = self._texts.who(student.person_name, student.seat)
            text = self._texts.about_student(condition.kind, who, condition.reason)
            alert = self._new_alert(condition, watch, text)
            self._raise(
                watch,
                replace(
                    alert,
                    subject=self._texts.subject(student.person_name, student.seat),
                    face_id=student.face_id,
                    person_id=student.person_id,
                ),
                stamp_s,
            )
        self._clear_if_over(watch, condition.kind, stamp_s)

    def _judge_class(self, condition: Condition, stamp_s: float) -> None:
        watch = self._watches.setdefault((condition.kind, CLASS_KEY), Watch())
        watch.follow(condition, stamp_s)
        if self._is_due(watch, condition.kind, stamp_s):
            text = self._texts.about_class(condition.kind, condition.value)
            self._raise(watch, self._new_alert(condition, watch, text), stamp_s)
        self._clear_if_over(watch, condition.kind, stamp_s)

    def _is_due(self, watch: Watch, kind: AlertKind, stamp_s: float) -> bool:
        is_quiet = self._quiet_until_s == stamp_s
        return not is_quiet and watch.is_due(self._config.rule(kind), stamp_s, self._quiet_until_s)

    def _new_alert(self, condition: Condition, watch: Watch, text: str) -> Alert:
        return Alert(
            alert_id=self._next_id(),
            kind=condition.kind,
            severity=self._config.rule(condition.kind).level,
            status=AlertStatus.RAISED,
            since_s=watch.since_s,
            text=text,
            value=condition.value,
        )

    def _raise(self, watch: Watch, alert: Alert, stamp_s: float) -> None:
        watch.alert = alert
        watch.raised_s = watch.told_s = stamp_s
        self._changes.append(alert)

    def _clear_if_over(self, watch: Watch, kind: AlertKind, stamp_s: float) -> None:
        if watch.is_over(self._config.rule(kind), stamp_s):
            self._clear(watch)

    def _clear(self, watch: Watch) -> Alert | None:
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
            if stamp_s - watch.raised_s >= self._config.rule(place[0]).repeat_after_s:
                del self._watches[place]


def _number(alert: Alert) -> int:
    return int(alert.alert_id.rsplit('-', 1)[1])
