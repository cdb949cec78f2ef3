"""What one picture says about one student, as the rules about people and classes need it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from classroom_fer_ros.core.results import Direction, Face, Fatigue, FatigueState, HeadPose


@dataclass(frozen=True, slots=True, kw_only=True)
class StudentState:
    """
    One student in one picture.

    :param person_id: empty where the person is not known
    :param seat: where in the picture they sit, in words; stands in for an unknown person
    """

    face_id: str
    person_id: str = ''
    person_name: str = ''
    seat: str = ''
    fatigue: Fatigue
    head_pose: HeadPose

    @property
    def is_judged(self) -> bool:
        """Whether the student was seen well enough for every question asked."""
        is_fatigue_known = self.fatigue.state is not FatigueState.UNKNOWN
        return is_fatigue_known and self.head_pose.direction is not Direction.UNKNOWN


def students_of(
    faces: Sequence[Face],
    fatigue: Mapping[str, Fatigue],
    poses: Mapping[str, HeadPose],
    seats: Mapping[str, str],
) -> list[StudentState]:
    """
    Everybody in one picture, in the order of the faces.

    :param fatigue: by face_id, as the others; unknown where there is none
    """
    return [
        StudentState(
            face_id=face.face_id,
            person_id=face.person_id,
            person_name=face.person_name,
            seat=seats.get(face.face_id, ''),
            fatigue=fatigue.get(face.face_id) or Fatigue(face_id=face.face_id),
            head_pose=poses.get(face.face_id) or HeadPose(face_id=face.face_id),
        )
        for face in faces
    ]
