"""
The room: what several cameras see of one class, summed up as one class.

An identified person whom several cameras see counts once. Somebody who is not identified counts
once for every camera that sees them: nothing says that two faces are one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from classroom_fer_ros.core.alerts import AlertConfig, AlertEngine
from classroom_fer_ros.core.class_state import ClassStateConfig, ClassStateMonitor
from classroom_fer_ros.core.lesson import LessonUpdate
from classroom_fer_ros.core.results import Alert, Expression, Judgement
from classroom_fer_ros.core.settings import check
from classroom_fer_ros.core.student_state import StudentState
from classroom_fer_ros.core.texts import Texts


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomConfig:
    """The cameras of a room, and when one of them is left out."""

    cameras: str = field(
        default='',
        metadata={
            'description': "namespaces of a room's cameras, separated by commas; those without "
            "a slash in front are inside the room's"
        },
    )
    silent_after_s: float = field(
        default=5.0,
        metadata={
            'description': 'a camera whose newest picture is older than that of another one by '
            'more than this is left out of the room',
            'unit': 's',
            'range': (0.5, 3600.0),
        },
    )

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraView:
    """
    What one camera sees.

    :param expressions: one a student, in their order
    """

    students: Sequence[StudentState] = ()
    expressions: Sequence[Expression] = ()


class RoomMonitor:
    """
    Sums the newest views of several cameras up, and raises the alerts about the class.

    The newest stamp of any camera is the room's time: there is no clock here.
    """

    def __init__(
        self,
        cameras: Sequence[str],
        config: RoomConfig | None = None,
        alerts: AlertConfig | None = None,
        class_state: ClassStateConfig | None = None,
        has_attention: bool = True,
        texts: Texts | None = None,
    ) -> None:
        """
        :param cameras: names, in the order in which they are preferred
        :param has_attention: False leaves out everything about attention
        :param texts: words of the alerts, English without
        """
        self._cameras = tuple(cameras)
        self._silent_after_s = (config or RoomConfig()).silent_after_s
        self._alert_config, self._class_config = alerts, class_state
        self._has_attention, self._texts = has_attention, texts
        self._closed: set[str] = set()
        self.reset()

    @property
    def stamp_s(self) -> float:
        """The room's time; 0 before anything was seen."""
        return max(self._stamp_s, 0.0)

    def reset(self) -> None:
        """Forget everything, but which cameras are closed."""
        self._views: dict[str, tuple[float, Callable[[], CameraView]]] = {}
        self._begin()

    def _begin(self) -> None:
        self._began_s, self._stamp_s = math.inf, -math.inf
        self._class = ClassStateMonitor(self._class_config, self._has_attention)
        self._alerts = AlertEngine(self._alert_config, texts=self._texts)

    def update(
        self, camera: str, view: Callable[[], CameraView], stamp_s: float
    ) -> LessonUpdate | None:
        """
        Take in what one camera sees, and sum the room up if it is time to.

        Stamps of a camera that go back replace what was known of it; where those of all have gone
        back, trend and alerts begin anew.

        :param view: called when the room is summed up, again for every further sum
        :return: None between two sums
        """
        self._closed.discard(camera)
        self._views[camera] = stamp_s, view
        newest_s = max(seen_s for seen_s, _ in self._views.values())
        if newest_s < self._stamp_s:
            self._begin()
        self._stamp_s = newest_s
        self._began_s = min(self._began_s, newest_s)
        if not self._class.is_due(newest_s):
            return None
        students, expressions = merge([self._views[name][1]() for name in self.heard])
        state = self._class.update(students, expressions, newest_s)
        update = self._alerts.update((), state, newest_s)
        return LessonUpdate(class_state=state, changes=update.changes, active=update.active)

    def close(self, camera: str) -> None:
        """Leave a camera out that has been closed, until it sees something again."""
        self._closed.add(camera)
        self._views.pop(camera, None)
        if not self._views:
            self.reset()

    @property
    def heard(self) -> tuple[str, ...]:
        """Cameras that make up the room now."""
        return tuple(name for name in self._cameras if self._is_heard(name))

    @property
    def silent(self) -> tuple[str, ...]:
        """Cameras left out because they say nothing, those that are closed aside."""
        is_young = self._stamp_s - self._began_s <= self._silent_after_s
        coming = set(self._cameras) - set(self._views) if is_young else set()
        left_out = self._closed | coming | set(self.heard)
        return tuple(name for name in self._cameras if name not in left_out)

    @property
    def active(self) -> tuple[Alert, ...]:
        """All alerts that stand."""
        return self._alerts.active

    def reconfigure(self, alerts: AlertConfig) -> None:
        """Go on with other thresholds; what stands, stands."""
        self._alert_config = alerts
        self._alerts.reconfigure(alerts)

    def be_quiet(self, is_quiet: bool) -> float:
        """As that of a lesson, for the alerts about the room."""
        return self._alerts.be_quiet(is_quiet)

    def acknowledge(self, alert_id: str) -> Alert | None:
        """Mark a standing alert as seen by the teacher; None if there is no such alert."""
        return self._alerts.acknowledge(alert_id, self.stamp_s)

    def take_changes(self) -> tuple[Alert, ...]:
        """Changes between two sums; the next update lacks them."""
        return self._alerts.take_changes()

    def _is_heard(self, camera: str) -> bool:
        if camera not in self._views:
            return False
        return self._stamp_s - self._views[camera][0] <= self._silent_after_s


def merge(views: Sequence[CameraView]) -> tuple[list[StudentState], list[Expression]]:
    """
    Everybody in the room, one expression each; of several views of a person one that is judged.

    :param views: those in front are preferred
    """
    students: dict[tuple[int, str], StudentState] = {}
    expressions: dict[tuple[int, str], Expression] = {}
    for number, view in enumerate(views):
        for student, expression in zip(view.students, view.expressions, strict=True):
            is_known = bool(student.person_id)
            key = (-1, student.person_id) if is_known else (number, student.face_id)
            # max takes the first of equals
            students[key] = max(students.get(key, student), student, key=lambda one: one.is_judged)
            expressions[key] = max(
                expressions.get(key, expression),
                expression,
                key=lambda one: one.status is Judgement.JUDGED,
            )
    return list(students.values()), list(expressions.values())
