"""Whom an alert is about, when tracks come and go: the person, or else the seat."""

from __future__ import annotations

from collections.abc import Sequence

from classroom_fer_ros.core.student_state import StudentState


def seat_key(student: StudentState) -> str:
    """Key of an unknown person: the seat, or the track where there is no seat."""
    return f'seat:{student.seat}' if student.seat else f'face:{student.face_id}'


class AlertSubjects:
    """
    Remembers who was where. Holds no clock.

    A face that was recognised once stays that person. An unrecognised face at the seat of somebody
    who has just been lost is taken for them: alerts of a lost track go on at its seat.
    """

    def __init__(self, lost_after_s: float) -> None:
        self._lost_after_s = lost_after_s
        self._person_of_face: dict[str, str] = {}
        self._last_at_seat: dict[str, tuple[str, float]] = {}

    def keys(self, students: Sequence[StudentState], stamp_s: float) -> list[str]:
        """Key of every student of one picture, in their order, no two alike."""
        faces = {student.face_id for student in students}
        self._person_of_face = {
            face_id: person_id
            for face_id, person_id in self._person_of_face.items()
            if face_id in faces
        }
        for student in students:
            if student.person_id:
                self._person_of_face[student.face_id] = student.person_id
        people = set(self._person_of_face.values())
        keys: list[str] = []
        for student in students:
            key = self._key(student, people, stamp_s)
            if key in keys:  # one person seen twice: one of the two is somebody else
                key = seat_key(student)
            if key in keys:
                key = f'face:{student.face_id}'
            keys.append(key)
        return keys

    def forget(self, person_id: str) -> None:
        """Take nobody for a person any more."""
        faces = self._person_of_face.items()
        self._person_of_face = {face: one for face, one in faces if one != person_id}
        seats = self._last_at_seat.items()
        self._last_at_seat = {seat: last for seat, last in seats if last[0] != person_id}

    def _key(self, student: StudentState, people: set[str], stamp_s: float) -> str:
        person_id = self._person_of_face.get(student.face_id, '')
        seat = seat_key(student)
        if not person_id:
            last, seen_s = self._last_at_seat.get(seat, ('', 0.0))
            if last and last not in people and stamp_s - seen_s <= self._lost_after_s:
                person_id = last
        if not person_id:
            return seat
        self._last_at_seat[seat] = (person_id, stamp_s)
        return person_id
