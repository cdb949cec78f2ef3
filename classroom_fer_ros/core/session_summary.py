"""What a session came to: who was seen how long, what they showed, which alerts were raised."""

from __future__ import annotations

from dataclasses import dataclass, field

from classroom_fer_ros.core.results import (
    Alert,
    AlertStatus,
    FatigueState,
    FrameResult,
    Judgement,
)

#: Between two pictures farther apart, nobody was watched.
MAX_GAP_S = 1.0


@dataclass(slots=True, kw_only=True)
class StudentSummary:
    """
    One face over a session.

    :param expression_s: seconds that each expression was shown
    :param worst: most tired state that was reached
    """

    face_id: str
    person_id: str = ''
    name: str = ''
    seen_s: float = 0.0
    expression_s: dict[str, float] = field(default_factory=dict)
    blink_count: int = 0
    yawn_count: int = 0
    worst: FatigueState = FatigueState.UNKNOWN

    @property
    def main_expression(self) -> str:
        """The expression shown longest, empty if none could be judged."""
        return max(self.expression_s, key=self.expression_s.__getitem__, default='')


class SessionSummary:
    """
    Adds up the results of one session. Holds no clock.

    :ivar students: by face_id, in the order in which they appeared
    :ivar alerts: every alert that was raised, in order
    """

    def __init__(self) -> None:
        self.pictures = 0
        self.students: dict[str, StudentSummary] = {}
        self.alerts: list[Alert] = []
        self._first_ns: int | None = None
        self._last_ns = 0

    @property
    def duration_s(self) -> float:
        """From the first picture to the last, in the pictures' own time."""
        return 0.0 if self._first_ns is None else (self._last_ns - self._first_ns) * 1e-9

    def add(self, result: FrameResult) -> None:
        """Fold in the result of the next picture."""
        if self._first_ns is None:
            self._first_ns = self._last_ns = result.stamp_ns
        elapsed_s = (result.stamp_ns - self._last_ns) * 1e-9
        elapsed_s = elapsed_s if 0.0 < elapsed_s <= MAX_GAP_S else 0.0
        self._last_ns = max(self._last_ns, result.stamp_ns)
        self.pictures += 1
        self.alerts += [a for a in result.alert_changes if a.status is AlertStatus.RAISED]
        for face in result.faces:
            student = self.students.setdefault(face.face_id, StudentSummary(face_id=face.face_id))
            if face.person_id:
                student.person_id, student.name = face.person_id, face.person_name
            student.seen_s += elapsed_s
        for expression in result.expressions:
            if expression.status is Judgement.JUDGED:
                shown_s = self.students[expression.face_id].expression_s
                shown_s[expression.label] = shown_s.get(expression.label, 0.0) + elapsed_s
        for fatigue in result.fatigue:
            student = self.students[fatigue.face_id]
            student.blink_count, student.yawn_count = fatigue.blink_count, fatigue.yawn_count
            student.worst = max(student.worst, fatigue.state, key=lambda state: state.value)

    def erase_person(self, person_id: str) -> str:
        """Forget a person's name, as of `PersonRecords`; what was added up stays, of nobody."""
        for student in self.students.values():
            if student.person_id == person_id:
                student.person_id = student.name = ''
        self.alerts = [alert for alert in self.alerts if alert.person_id != person_id]
        return ''
