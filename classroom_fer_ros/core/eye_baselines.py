"""
How far each person's eyes open, kept when the face is lost from sight.

Somebody who was recognised is known again wherever they sit; somebody without a name, who comes
up where a face was lost a while ago, is taken for the one who sat there. Holds no clock.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from classroom_fer_ros.core.arrays import BoxXyxy
from classroom_fer_ros.core.eye_openness import OpennessScale
from classroom_fer_ros.core.results import Face

#: What is known of a face without a name is kept for so long after it was lost.
SEAT_HOLD_S = 60.0
#: A seat reaches so far from where its face was last seen, in face heights.
SEAT_REACH = 1.0


@dataclass(slots=True, kw_only=True)
class _Track:
    scale: OpennessScale
    box_xyxy: BoxXyxy
    seen_s: float
    person_id: str = ''


class EyeBaselines:
    """Gives every face its person's scale."""

    def __init__(self, make: Callable[[], OpennessScale]) -> None:
        """:param make: makes the scale of somebody who was never seen"""
        self._make = make
        self._tracks: dict[str, _Track] = {}
        self._people: dict[str, OpennessScale] = {}

    def see(self, faces: Sequence[Face], stamp_s: float) -> list[OpennessScale]:
        """Scales of the faces of a picture, in their order; no two faces share one."""
        self._tracks = {
            face_id: track
            for face_id, track in self._tracks.items()
            if stamp_s - track.seen_s <= SEAT_HOLD_S
        }
        present = {face.face_id for face in faces}
        for face in faces:
            track = self._tracks.get(face.face_id) or self._begin(face, present, stamp_s)
            track.box_xyxy, track.seen_s = face.box_xyxy, stamp_s
            if face.person_id and face.person_id != track.person_id:
                self._recognise(track, face, present)
        return [self._tracks[face.face_id].scale for face in faces]

    def clear(self) -> None:
        """Forget everybody."""
        self._tracks.clear()
        self._people.clear()

    def _begin(self, face: Face, present: set[str], stamp_s: float) -> _Track:
        """A new track, that goes on with the scale of an unnamed one lost at this place."""
        lost = {
            face_id: track
            for face_id, track in self._tracks.items()
            if face_id not in present and not track.person_id
        }
        before = min(
            lost, key=lambda face_id: _distance(lost[face_id].box_xyxy, face.box_xyxy), default=''
        )
        is_near = before and _distance(lost[before].box_xyxy, face.box_xyxy) <= SEAT_REACH
        scale = self._tracks.pop(before).scale if is_near else self._make()
        track = _Track(scale=scale, box_xyxy=face.box_xyxy, seen_s=stamp_s)
        self._tracks[face.face_id] = track
        return track

    def _recognise(self, track: _Track, face: Face, present: set[str]) -> None:
        """Go on with the person's scale; who is new brings what was learned of the track."""
        if any(
            self._tracks[face_id].person_id == face.person_id
            for face_id in present & self._tracks.keys()
        ):
            return  # one person seen twice: one of the two is somebody else
        if track.person_id and face.person_id not in self._people:
            track.scale = self._make()  # what was learned is of the person it was taken for
        track.person_id = face.person_id
        track.scale = self._people.setdefault(face.person_id, track.scale)


def _distance(one: BoxXyxy, other: BoxXyxy) -> float:
    """Distance of two boxes' centres, in heights of the larger one."""
    away = math.hypot(
        (one[0] + one[2] - other[0] - other[2]) / 2, (one[1] + one[3] - other[1] - other[3]) / 2
    )
    return away / max(one[3] - one[1], other[3] - other[1], 1e-6)
