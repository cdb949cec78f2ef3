"""What is remembered of one tracked face between pictures, apart from where it is."""

from __future__ import annotations

import math

from classroom_fer_ros.core.arrays import FloatArray
from classroom_fer_ros.core.expression_smoothing import ExpressionSmoother, SmootherConfig
from classroom_fer_ros.core.eyes import measure_openings
from classroom_fer_ros.core.fatigue import EyeMouthObservation, FatigueConfig, FatigueMonitor
from classroom_fer_ros.core.gallery import Match
from classroom_fer_ros.core.head_motion import HeadMotionConfig, HeadMotionMonitor
from classroom_fer_ros.core.head_pose import HeadAngles
from classroom_fer_ros.core.results import NAN, Expression, Face, Fatigue, HeadPose


class StudentMemory:
    """The monitors of one face. Holds no clock."""

    def __init__(
        self,
        face_id: str,
        smoother: SmootherConfig,
        fatigue: FatigueConfig,
        head_motion: HeadMotionConfig,
    ) -> None:
        self.face_id = face_id
        self.seen_s = -math.inf
        self.expression_due_s = -math.inf
        self.identity_due_s = -math.inf
        self.match: Match | None = None
        self.expression = Expression(face_id=face_id)
        self._smoother = ExpressionSmoother(smoother)
        self._fatigue = FatigueMonitor(fatigue)
        self._head_motion = HeadMotionMonitor(head_motion)

    def judge_expression(self, probabilities: FloatArray, stamp_s: float) -> None:
        """
        Fold one classifier output into the shown expression.

        :param probabilities: shape (7,), summing to 1
        """
        self.expression = self._smoother.update(self.face_id, probabilities, stamp_s)

    def judge_fatigue(self, face: Face, is_visible: bool, stamp_s: float) -> Fatigue:
        """Measure eyes and mouth on the mesh of this picture."""
        observation = EyeMouthObservation(
            left_eye_ratio=NAN, right_eye_ratio=NAN, mouth_ratio=NAN, is_visible=False
        )
        if face.landmarks is not None:
            openings = measure_openings(face.landmarks.points_xyz)
            observation = EyeMouthObservation(
                left_eye_ratio=openings.left_eye_ratio,
                right_eye_ratio=openings.right_eye_ratio,
                mouth_ratio=openings.mouth_ratio,
                is_visible=is_visible,
            )
        return self._fatigue.update(self.face_id, observation, stamp_s)

    def judge_head(self, angles: HeadAngles, stamp_s: float) -> HeadPose:
        """Follow the head's direction."""
        return self._head_motion.update(
            self.face_id, angles.yaw_rad, angles.pitch_rad, angles.roll_rad, stamp_s
        )
