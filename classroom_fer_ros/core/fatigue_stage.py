"""
Eyes, mouths and what follows from them, for all faces of a picture.

A stage as those of `core.stages`: the eyes of all faces that need a look go through the network in
one batch. Its patches are cut out of the aligned crops, so that it sees the same in one process
and behind a topic.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from classroom_fer_ros.core.alignment import AlignedCrop
from classroom_fer_ros.core.eye_baselines import EyeBaselines
from classroom_fer_ros.core.eye_openness import EyeMeasures, OpennessScale
from classroom_fer_ros.core.eye_state import EyeStateClassifier, crop_patches
from classroom_fer_ros.core.eyes import measure_openings
from classroom_fer_ros.core.face_memory import FaceMemory
from classroom_fer_ros.core.fatigue import EyeMouthObservation, FatigueConfig, FatigueMonitor
from classroom_fer_ros.core.model_registry import card_in_use
from classroom_fer_ros.core.results import NAN, Behaviour, Face, Fatigue, HeadPose

#: Eyes closer together are too small to be judged; a head turned farther hides one of them.
MIN_EYE_DISTANCE_PX = 24.0
MAX_VISIBLE_YAW_RAD = math.radians(40.0)
MAX_VISIBLE_PITCH_RAD = math.radians(35.0)

#: Gives aligned crops of some faces by face_id; those that cannot be had are missing.
CropsOf = Callable[[Sequence[Face]], Mapping[str, AlignedCrop]]


class FatigueStage:
    """
    Watches everybody's eyes and mouth.

    :ivar behaviours: what the monitors tell of the last picture
    :ivar model_name: network that looks at eyes, empty for none
    """

    def __init__(self, config: FatigueConfig, hold_s: float) -> None:
        """:raises ModelError: if the model is missing, broken or not the one its card describes"""
        self._config = config
        card = config.eye_card
        self._look = EyeStateClassifier(card_in_use(card)) if card else None
        self.model_name = self._look.card.name if self._look else ''
        self._memory = FaceMemory(lambda: FatigueMonitor(config), hold_s)
        self._baselines = EyeBaselines(lambda: OpennessScale(config.closed_ratio))
        self.behaviours: tuple[Behaviour, ...] = ()

    def update(
        self,
        faces: Sequence[Face],
        poses: Mapping[str, HeadPose],
        crops_of: CropsOf,
        stamp_s: float,
    ) -> tuple[Fatigue, ...]:
        """
        One entry a face.

        :param poses: by face_id; without one, nothing says that a head is turned
        :param crops_of: asked once, for the faces whose eyes must be looked at
        """
        monitors = self._see(faces, stamp_s)
        seen = [observe(face, poses.get(face.face_id)) for face in faces]
        if self._look is not None:
            self._look_at(self._look, faces, monitors, seen, crops_of)
        fatigue = tuple(
            monitor.update(face.face_id, one, stamp_s)
            for face, monitor, one in zip(faces, monitors, seen, strict=True)
        )
        self.behaviours = tuple(b for monitor in monitors for b in monitor.behaviours)
        return fatigue

    def skip(self, faces: Sequence[Face], stamp_s: float) -> tuple[Fatigue, ...]:
        self.behaviours = ()
        self._see(faces, stamp_s)
        return tuple(Fatigue(face_id=face.face_id) for face in faces)

    def reset(self) -> None:
        """Forget every face."""
        self._memory.clear()
        self._baselines.clear()

    def _see(self, faces: Sequence[Face], stamp_s: float) -> list[FatigueMonitor]:
        monitors = self._memory.see(faces, stamp_s)
        scales = self._baselines.see(faces, stamp_s)
        for monitor, scale in zip(monitors, scales, strict=True):
            monitor.scale = scale
        return monitors

    def _look_at(
        self,
        look: EyeStateClassifier,
        faces: Sequence[Face],
        monitors: Sequence[FatigueMonitor],
        seen: list[EyeMouthObservation],
        crops_of: CropsOf,
    ) -> None:
        """Fill in what the network says of the eyes that need a look."""
        places = [
            place
            for place, (monitor, one) in enumerate(zip(monitors, seen, strict=True))
            if one.is_visible and monitor.scale.needs_look(one.eyes)
        ]
        crops = crops_of([faces[place] for place in places]) if places else {}
        places = [place for place in places if faces[place].face_id in crops]
        patches = [
            crop_patches(crops[face.face_id], face.landmarks.points_xyz)
            for face in (faces[place] for place in places)
            if face.landmarks is not None  # or else it is not visible
        ]
        if not patches:
            return
        answers = look(np.concatenate(patches)).reshape(-1, 2)
        for place, (right, left) in zip(places, answers.tolist(), strict=True):
            eyes = replace(seen[place].eyes, left_open=left, right_open=right)
            seen[place] = replace(seen[place], eyes=eyes)


def observe(face: Face, pose: HeadPose | None) -> EyeMouthObservation:
    """Measure eyes and mouth on the mesh of this picture."""
    if face.landmarks is None:
        eyes = EyeMeasures(left_ratio=NAN, right_ratio=NAN)
        return EyeMouthObservation(eyes=eyes, mouth_ratio=NAN, is_visible=False)
    openings = measure_openings(face.landmarks.points_xyz)
    return EyeMouthObservation(
        eyes=EyeMeasures(left_ratio=openings.left_eye_ratio, right_ratio=openings.right_eye_ratio),
        mouth_ratio=openings.mouth_ratio,
        is_visible=_are_eyes_visible(face, pose or HeadPose(face_id=face.face_id)),
    )


def _are_eyes_visible(face: Face, pose: HeadPose) -> bool:
    """Whether lids and lips can be judged: large enough, and not turned too far."""
    eye_distance_px = float(np.linalg.norm(face.keypoints_xy[1] - face.keypoints_xy[0]))
    # With head pose switched off its angles are NaN, and nothing says that the head is turned.
    is_turned = abs(pose.yaw_rad) > MAX_VISIBLE_YAW_RAD or (
        abs(pose.pitch_rad) > MAX_VISIBLE_PITCH_RAD
    )
    return eye_distance_px >= MIN_EYE_DISTANCE_PX and not is_turned
