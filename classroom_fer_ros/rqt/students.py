"""What is shown of each student, and who needs attention most. No Qt, no clock."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from classroom_fer_ros.core.arrays import BoxXyxy
from classroom_fer_ros.core.results import (
    NAN,
    Alert,
    AlertStatus,
    Direction,
    Expression,
    Face,
    Fatigue,
    FatigueState,
    HeadPose,
    Judgement,
    Motion,
    Severity,
)

#: A face that is not seen for so long begins anew.
FORGET_AFTER_S = 10.0
#: How much each state asks for attention; a standing alert asks for more than any of them.
FATIGUE_NEED = {FatigueState.ASLEEP: 30.0, FatigueState.TIRED: 20.0, FatigueState.DROWSY: 8.0}
AWAY_NEED, LEFT_RIGHT_NEED, UNKNOWN_NEED = 12.0, 10.0, 1.0
ALERT_NEED = {Severity.NOTICE: 100.0, Severity.WARNING: 200.0, Severity.URGENT: 300.0}
#: One that the teacher has seen asks for less.
ACKNOWLEDGED = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Student:
    """
    One face, as it is now.

    :param box_xyxy: as shares of the picture's width and height
    :param since_s: stamp since which the fatigue state and the direction are what they are
    :param severity: of the worst alert that stands; None without one
    """

    face_id: str
    person_id: str = ''
    person_name: str = ''
    box_xyxy: BoxXyxy = (0.0, 0.0, 0.0, 0.0)
    expression: str = ''
    is_sure: bool = False
    confidence: float = 0.0
    fatigue: FatigueState = FatigueState.UNKNOWN
    level: float = NAN
    reasons: tuple[str, ...] = ()
    direction: Direction = Direction.UNKNOWN
    motion: Motion = Motion.NONE
    yaw_rad: float = NAN
    pitch_rad: float = NAN
    away_since_s: float = NAN
    since_s: float = NAN
    severity: Severity | None = None
    is_acknowledged: bool = False

    @property
    def is_away(self) -> bool:
        """Whether the student has been looking away for a while."""
        return not math.isnan(self.away_since_s)

    @property
    def need(self) -> float:
        """How much the student needs attention, the higher the more."""
        need = FATIGUE_NEED.get(self.fatigue, 0.0)
        if self.is_away:
            need += AWAY_NEED
        if self.motion is Motion.LEFT_RIGHT:
            need += LEFT_RIGHT_NEED
        if self.fatigue is FatigueState.UNKNOWN or self.direction is Direction.UNKNOWN:
            need += UNKNOWN_NEED
        if self.severity is not None:
            share = ACKNOWLEDGED if self.is_acknowledged else 1.0
            need += share * ALERT_NEED[self.severity]
        return need


class Board:
    """Everybody in the newest picture, and since when they have been as they are."""

    def __init__(self) -> None:
        self._since: dict[str, tuple[tuple[object, ...], float, float]] = {}

    def clear(self) -> None:
        """Forget everybody."""
        self._since = {}

    def update(
        self,
        stamp_s: float,
        size_wh: tuple[int, int],
        faces: Sequence[Face],
        expressions: Sequence[Expression],
        fatigue: Sequence[Fatigue],
        poses: Sequence[HeadPose],
        alerts: Iterable[Alert],
    ) -> tuple[Student, ...]:
        """
        Take one picture in.

        :param expressions: in the order of the faces, as fatigue and poses
        :param alerts: those that stand
        :return: in the order of the faces
        """
        worst = _worst(alerts)
        students = []
        parts = zip(faces, expressions, fatigue, poses, strict=True)
        for face, expression, tiredness, pose in parts:
            since_s = self._since_when(face.face_id, tiredness, pose, stamp_s)
            alert = worst.get(face.face_id) or worst.get(face.person_id)
            students.append(_student(face, expression, tiredness, pose, size_wh, since_s, alert))
        self._forget(stamp_s)
        return tuple(students)

    def _since_when(self, face_id: str, fatigue: Fatigue, pose: HeadPose, stamp_s: float) -> float:
        is_away = not math.isnan(pose.looking_away_since_s)
        state = (fatigue.state, is_away, pose.motion is Motion.LEFT_RIGHT)
        known, since_s, _ = self._since.get(face_id, (None, stamp_s, 0.0))
        since_s = since_s if known == state and since_s <= stamp_s else stamp_s
        self._since[face_id] = (state, since_s, stamp_s)
        return pose.looking_away_since_s if is_away else since_s

    def _forget(self, stamp_s: float) -> None:
        self._since = {
            face_id: entry
            for face_id, entry in self._since.items()
            if abs(stamp_s - entry[2]) <= FORGET_AFTER_S
        }


def by_need(students: Iterable[Student]) -> list[Student]:
    """Who needs attention most first; those alike by name, so that rows stay where they are."""
    return sorted(students, key=lambda one: (-one.need, one.person_name or '~', one.face_id))


def _worst(alerts: Iterable[Alert]) -> dict[str, Alert]:
    """The worst alert by face and by person; one not yet seen counts as worse than one seen."""
    worst: dict[str, Alert] = {}
    for alert in alerts:
        for key in {alert.face_id, alert.person_id} - {''}:
            if key not in worst or _weight(alert) > _weight(worst[key]):
                worst[key] = alert
    return worst


def _weight(alert: Alert) -> tuple[bool, int]:
    return alert.status is not AlertStatus.ACKNOWLEDGED, alert.severity.value


def _student(
    face: Face,
    expression: Expression,
    fatigue: Fatigue,
    pose: HeadPose,
    size_wh: tuple[int, int],
    since_s: float,
    alert: Alert | None,
) -> Student:
    width, height = size_wh
    left, top, right, bottom = face.box_xyxy
    is_judged = expression.status is not Judgement.CANNOT_JUDGE
    return Student(
        face_id=face.face_id,
        person_id=face.person_id,
        person_name=face.person_name,
        box_xyxy=(left / width, top / height, right / width, bottom / height),
        expression=expression.label if is_judged else '',
        is_sure=expression.status is Judgement.JUDGED,
        confidence=expression.confidence,
        fatigue=fatigue.state,
        level=fatigue.level,
        reasons=fatigue.reasons,
        direction=pose.direction,
        motion=pose.motion,
        yaw_rad=pose.yaw_rad,
        pitch_rad=pose.pitch_rad,
        away_since_s=pose.looking_away_since_s,
        since_s=since_s,
        severity=alert.severity if alert else None,
        is_acknowledged=alert is not None and alert.status is AlertStatus.ACKNOWLEDGED,
    )
