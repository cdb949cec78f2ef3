"""The class over a lesson: who sits where, how the class is doing, which alerts stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from classroom_fer_ros.core.alerts import ATTENTION_KINDS, AlertConfig, AlertEngine
from classroom_fer_ros.core.class_state import ClassStateConfig, ClassStateMonitor
from classroom_fer_ros.core.results import (
    Alert,
    AlertKind,
    ClassState,
    Expression,
    Face,
    Fatigue,
    HeadPose,
)
from classroom_fer_ros.core.seats import SeatMap
from classroom_fer_ros.core.student_state import students_of
from classroom_fer_ros.core.texts import Texts


@dataclass(frozen=True, slots=True, kw_only=True)
class LessonUpdate:
    """
    What one picture changed.

    :param class_state: None between two sums of the class
    :param changes: alerts raised, cleared or acknowledged
    :param active: all that stand now
    """

    class_state: ClassState | None
    changes: tuple[Alert, ...]
    active: tuple[Alert, ...]


class Lesson:
    """From open to close of one camera. Holds no clock."""

    def __init__(
        self,
        alerts: AlertConfig,
        class_state: ClassStateConfig,
        has_attention: bool = True,
        texts: Texts | None = None,
    ) -> None:
        """
        :param has_attention: False leaves out everything about attention
        :param texts: words of the alerts, English without
        """
        self._alert_config, self._class_config = alerts, class_state
        self._has_attention, self._texts = has_attention, texts
        self.reset()

    def reset(self) -> None:
        """Begin a new lesson: seats and alerts are forgotten."""
        left_out = frozenset() if self._has_attention else ATTENTION_KINDS
        self._alerts = AlertEngine(self._alert_config, left_out, self._texts)
        self._class = ClassStateMonitor(self._class_config, self._has_attention)
        self._seats = SeatMap()
        self._stamp_s = 0.0

    def update(
        self,
        faces: Sequence[Face],
        expressions: Sequence[Expression],
        fatigue: Mapping[str, Fatigue],
        poses: Mapping[str, HeadPose],
        size_wh: tuple[int, int],
        stamp_s: float,
    ) -> LessonUpdate:
        """
        Judge one picture.

        :param fatigue: by face_id; unknown where there is none
        :param poses: by face_id; unknown where there is none
        :raises StampError: if `stamp_s` goes back in time
        """
        self._stamp_s = stamp_s
        seats = self._seats.update(faces, size_wh)
        students = students_of(faces, fatigue, poses, seats)
        class_state = self._class.update(students, expressions, stamp_s)
        update = self._alerts.update(students, class_state, stamp_s)
        return LessonUpdate(class_state=class_state, changes=update.changes, active=update.active)

    def reconfigure(self, alerts: AlertConfig) -> None:
        """Go on with other thresholds; what stands, stands."""
        self._alert_config = alerts
        self._alerts.reconfigure(alerts)

    def report_camera(self, problem: str, stamp_s: float) -> None:
        """
        Tell now and then how the camera is.

        :param problem: why no pictures come, in plain words; empty while all is well
        :param stamp_s: by the clock, as no picture may come
        """
        self._alerts.report(AlertKind.CAMERA, problem, stamp_s)

    def report_system(self, problem: str, stamp_s: float) -> None:
        """
        Tell now and then how the software is.

        :param problem: in plain words; empty while all is well
        :param stamp_s: by the clock
        """
        self._alerts.report(AlertKind.SYSTEM, problem, stamp_s)

    def be_quiet(self, is_quiet: bool) -> float:
        """
        Raise no alert about people and the class for a while, or do so again.

        :return: for how long, in minutes; 0 where the quiet is over
        """
        return self._alerts.be_quiet(is_quiet)

    def take_changes(self) -> tuple[Alert, ...]:
        """Changes between two pictures, of the camera for one; the next update lacks them."""
        return self._alerts.take_changes()

    def forget_person(self, person_id: str) -> None:
        """Clear what is known of a person; alerts about them name nobody from now on."""
        self._alerts.forget_person(person_id)

    @property
    def active(self) -> tuple[Alert, ...]:
        """All alerts that stand."""
        return self._alerts.active

    def acknowledge(self, alert_id: str) -> Alert | None:
        """Mark a standing alert as seen by the teacher; None if there is no such alert."""
        return self._alerts.acknowledge(alert_id, self._stamp_s)
