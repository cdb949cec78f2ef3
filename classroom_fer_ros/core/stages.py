"""
Stages behind the tracker: each turns the faces of a picture into what it knows about them.

Every stage keeps its own memory of each face. `skip` stands in for `update` while the analysis is
switched off: the memory goes on, nothing is said. Stages hold no clock; after a source has started
again, `reset` them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from classroom_fer_ros.core.alignment import AlignedCrop
from classroom_fer_ros.core.arrays import ImageBgr
from classroom_fer_ros.core.camera_motion import CommonMotion
from classroom_fer_ros.core.expression import ExpressionClassifier, ExpressionConfig
from classroom_fer_ros.core.expression_smoothing import ExpressionSmoother, SmootherConfig
from classroom_fer_ros.core.expression_visibility import (
    VisibilityConfig,
    is_lit_well,
    is_placed_well,
)
from classroom_fer_ros.core.face_memory import FaceMemory
from classroom_fer_ros.core.head_motion import HeadMotionConfig, HeadMotionMonitor
from classroom_fer_ros.core.head_pose import HeadAngles, HeadPoseEstimator, angles_of
from classroom_fer_ros.core.model_files import models_dir
from classroom_fer_ros.core.model_registry import card_in_use
from classroom_fer_ros.core.results import (
    Behaviour,
    Expression,
    Face,
    HeadPose,
)
from classroom_fer_ros.core.spatial import Intrinsics
from classroom_fer_ros.core.turns import is_due, next_turns

#: Limit of uncertainty where neither the settings nor the model's card name one.
USUAL_MIN_CONFIDENCE = 0.4


class HeadPoseStage:
    """
    Where heads point and how they move.

    :ivar behaviours: what the monitors tell of the last picture
    """

    def __init__(self, config: HeadMotionConfig, hold_s: float) -> None:
        """:raises ModelError: if the face's shape is missing"""
        self._estimate = HeadPoseEstimator(models_dir() / 'face_shape.json')
        self._memory = FaceMemory(lambda: HeadMotionMonitor(config), hold_s)
        self._camera = CommonMotion()
        self.behaviours: tuple[Behaviour, ...] = ()

    def update(
        self, faces: Sequence[Face], stamp_s: float, intrinsics: Intrinsics | None = None
    ) -> tuple[HeadPose, ...]:
        """
        One entry a face; unknown where no mesh was fitted.

        :param intrinsics: of the camera; without, every head is taken to be in the middle
        """
        monitors = self._memory.see(faces, stamp_s)
        angles = self._angles(faces, intrinsics)
        camera_rad = self._camera.update(
            {name: (one.yaw_rad, one.pitch_rad) for name, one in angles.items()}, stamp_s
        )
        poses = tuple(
            monitor.update(
                face.face_id,
                angles[face.face_id].yaw_rad,
                angles[face.face_id].pitch_rad,
                angles[face.face_id].roll_rad,
                stamp_s,
                camera_rad,
            )
            if face.face_id in angles
            else HeadPose(face_id=face.face_id)
            for face, monitor in zip(faces, monitors, strict=True)
        )
        self.behaviours = tuple(
            behaviour
            for face, monitor in zip(faces, monitors, strict=True)
            if face.landmarks is not None
            for behaviour in monitor.behaviours
        )
        return poses

    def _angles(
        self, faces: Sequence[Face], intrinsics: Intrinsics | None
    ) -> dict[str, HeadAngles]:
        """By face_id, of every face with a mesh."""
        meshes = {
            face.face_id: face.landmarks.points_xyz for face in faces if face.landmarks is not None
        }
        if not meshes:
            return {}
        rotations = self._estimate.rotations(list(meshes.values()), intrinsics)
        return dict(zip(meshes, map(angles_of, rotations), strict=True))

    def skip(self, faces: Sequence[Face], stamp_s: float) -> tuple[HeadPose, ...]:
        self.behaviours = ()
        self._memory.see(faces, stamp_s)
        return tuple(HeadPose(face_id=face.face_id) for face in faces)

    def reset(self) -> None:
        """Forget every face."""
        self._memory.clear()
        self._camera.reset()


@dataclass(slots=True)
class _Shown:
    """What is shown of one face, and when it is due to be classified again."""

    smoother: ExpressionSmoother
    due_s: float = -math.inf
    expression: Expression = field(default_factory=lambda: Expression(face_id=''))


class ExpressionStage:
    """What faces show: classified now and then, in small batches, and smoothed."""

    def __init__(
        self,
        config: ExpressionConfig,
        smoothing: SmootherConfig,
        visibility: VisibilityConfig,
        *,
        interval_s: float,
        hold_s: float,
        provider: str = 'cpu',
    ) -> None:
        """
        :param interval_s: a face is classified this often
        :param provider: what computes, one of `model_card.PROVIDERS`
        :raises ModelError: if the model is missing, broken or not the one its card describes
        """
        self._classify = ExpressionClassifier(card_in_use(config.card), config, provider)
        self.model_name = self._classify.card.name
        self.provider = self._classify.provider
        self._smoothing = self._with_limit_of_card(smoothing)
        self._visibility, self._interval_s = visibility, interval_s
        self._memory = FaceMemory(lambda: _Shown(ExpressionSmoother(self._smoothing)), hold_s)

    def reconfigure(
        self, smoothing: SmootherConfig, visibility: VisibilityConfig, *, interval_s: float
    ) -> None:
        """Go on with other settings, as for the constructor; what is shown stays for now."""
        self._smoothing = self._with_limit_of_card(smoothing)
        self._visibility, self._interval_s = visibility, interval_s
        for shown in self._memory:
            shown.smoother.reconfigure(self._smoothing)

    def due(self, faces: Sequence[Face], stamp_s: float) -> list[Face]:
        """The faces whose crops `update` will look at."""
        shown = self._memory.see(faces, stamp_s)
        return [
            face
            for face, one in zip(faces, shown, strict=True)
            if is_due(one.due_s, stamp_s) and is_placed_well(face, self._visibility)
        ]

    def update(
        self, faces: Sequence[Face], crops: Mapping[str, AlignedCrop], stamp_s: float
    ) -> tuple[Expression, ...]:
        """
        One entry a face.

        :param crops: by face_id; a face that is due but has none keeps what it shows
        """
        due = [face for face in self.due(faces, stamp_s) if face.face_id in crops]
        self._classify_due(due, crops, stamp_s)
        return tuple(
            shown.expression
            if shown.expression.face_id and is_placed_well(face, self._visibility)
            else Expression(face_id=face.face_id)
            for face, shown in zip(faces, self._memory.see(faces, stamp_s), strict=True)
        )

    def _classify_due(
        self, due: Sequence[Face], crops: Mapping[str, AlignedCrop], stamp_s: float
    ) -> None:
        """Fold the classifier's answers into what is shown; a dark face shows nothing."""
        lit = [
            face for face in due if is_lit_well(crops[face.face_id].image_bgr, self._visibility)
        ]
        answers = self._classify(batch(lit, crops)) if lit else ()
        by_id = dict(zip((face.face_id for face in lit), answers, strict=True))
        entries = self._memory.see(due, stamp_s)
        turns = next_turns([shown.due_s for shown in entries], self._interval_s, stamp_s)
        for face, shown, due_s in zip(due, entries, turns, strict=True):
            shown.due_s = due_s
            if face.face_id in by_id:
                answer = by_id[face.face_id]
                shown.expression = shown.smoother.update(face.face_id, answer, stamp_s)
            else:
                shown.expression = Expression(face_id=face.face_id)

    def _with_limit_of_card(self, smoothing: SmootherConfig) -> SmootherConfig:
        """The settings with the card's limit of uncertainty, unless they name one."""
        limit = self._classify.uncertain_below
        if smoothing.min_confidence > 0.0:
            return smoothing
        return replace(
            smoothing, min_confidence=USUAL_MIN_CONFIDENCE if math.isnan(limit) else limit
        )

    def skip(self, faces: Sequence[Face], stamp_s: float) -> tuple[Expression, ...]:
        self._memory.see(faces, stamp_s)
        return tuple(Expression(face_id=face.face_id) for face in faces)

    def reset(self) -> None:
        """Forget every face."""
        self._memory.clear()


def batch(faces: Sequence[Face], crops: Mapping[str, AlignedCrop]) -> ImageBgr:
    """Crops of some faces, at least one, shape (n, 112, 112, 3), uint8, BGR."""
    return np.stack([crops[face.face_id].image_bgr for face in faces])
