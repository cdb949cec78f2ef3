"""
Which faces training could learn from: uncertain, disputed, changed, or of a new pose or light.

What a model already answers surely and alike adds little (Settles, "Active Learning Literature
Survey", 2009: uncertainty sampling and query by committee). Holds no clock.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import cv2
import numpy as np

from classroom_fer_ros.core.arrays import FloatArray, ImageBgr
from classroom_fer_ros.core.capture_config import CaptureConfig
from classroom_fer_ros.core.capture_record import Reason
from classroom_fer_ros.core.near_duplicates import SAME_PICTURE, thumbnails
from classroom_fer_ros.core.results import Expression, HeadPose, Judgement

#: So many kept views of a person are compared with; older ones are forgotten.
MAX_VIEWS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """
    What a crop looks like.

    :param luminance: mean, 0 to 255
    :param sharpness: variance of the Laplacian
    :param thumbnail: shape (256,), see `near_duplicates.thumbnails`
    """

    luminance: float
    sharpness: float
    thumbnail: FloatArray


def look_at(crop_bgr: ImageBgr) -> Look:
    """:param crop_bgr: aligned, shape (112, 112, 3), uint8"""
    gray = np.asarray(cv2.cvtColor(crop_bgr, cv2.COLOR_BGR2GRAY), np.uint8)
    return Look(
        luminance=float(gray.mean()),
        sharpness=float(cv2.Laplacian(gray, cv2.CV_64F).var()),
        thumbnail=thumbnails(gray[None])[0],
    )


@dataclass(frozen=True, slots=True)
class _View:
    """How somebody was seen when they were kept; angles are NaN where they were not known."""

    yaw_rad: float
    pitch_rad: float
    luminance: float
    thumbnail: FloatArray


@dataclass(slots=True)
class _Subject:
    """What is remembered of one person, or of one track of a stranger."""

    label: str = ''
    asked_s: float = -math.inf
    kept_s: float = -math.inf
    views: list[_View] = field(default_factory=list)


class CaptureSelector:
    """Decides face by face."""

    def __init__(self, config: CaptureConfig) -> None:
        self.config = config
        self._subjects: dict[str, _Subject] = {}

    def is_due(self, subject: str, stamp_s: float) -> bool:
        """Whether a face is to be asked now, which counts as asking."""
        known = self._subjects.setdefault(subject, _Subject())
        # A source that has started again has smaller stamps.
        if (
            0.0 <= stamp_s - known.asked_s < self.config.look_interval_s
            or 0.0 <= stamp_s - known.kept_s < self.config.min_interval_s
        ):
            return False
        known.asked_s = stamp_s
        return True

    def reason_for(
        self,
        subject: str,
        expression: Expression,
        pose: HeadPose,
        look: Look,
        answers: Mapping[str, FloatArray],
    ) -> Reason | None:
        """
        Why a face is worth keeping; None if it is not.

        :param answers: of every head and model, each of shape (7,)
        """
        known = self._subjects.setdefault(subject, _Subject())
        before, label = known.label, _judged_label(expression)
        known.label = label or before
        if any(view.thumbnail @ look.thumbnail >= SAME_PICTURE for view in known.views):
            return None  # kept already
        if len({int(answer.argmax()) for answer in answers.values()}) > 1:
            return Reason.DISAGREEING
        if self._is_uncertain(expression, answers):
            return Reason.UNCERTAIN
        if before and label and label != before:
            return Reason.CHANGED
        if self._is_new_pose(known, pose):
            return Reason.NEW_POSE
        if self._is_new_light(known, look):
            return Reason.NEW_LIGHT
        return None

    def note(self, subject: str, pose: HeadPose, look: Look, stamp_s: float) -> None:
        """Remember that a face was kept."""
        known = self._subjects.setdefault(subject, _Subject())
        known.kept_s = stamp_s
        known.views.append(_View(pose.yaw_rad, pose.pitch_rad, look.luminance, look.thumbnail))
        del known.views[:-MAX_VIEWS]

    def clear(self) -> None:
        """Forget everybody, as before another run."""
        self._subjects.clear()

    def _is_uncertain(self, expression: Expression, answers: Mapping[str, FloatArray]) -> bool:
        if expression.status is Judgement.UNCERTAIN:
            return True
        return any(
            np.subtract(*np.sort(answer)[:-3:-1]) < self.config.min_lead
            for answer in answers.values()
        )

    def _is_new_pose(self, known: _Subject, pose: HeadPose) -> bool:
        """The first view is new in any case."""
        limit = math.radians(self.config.new_pose_deg)
        if math.isnan(pose.yaw_rad):
            return not known.views
        return all(
            math.hypot(pose.yaw_rad - view.yaw_rad, pose.pitch_rad - view.pitch_rad) >= limit
            for view in known.views
            if not math.isnan(view.yaw_rad)
        )

    def _is_new_light(self, known: _Subject, look: Look) -> bool:
        return all(
            abs(look.luminance - view.luminance) >= self.config.new_light for view in known.views
        )


def _judged_label(expression: Expression) -> str:
    return expression.label if expression.status is Judgement.JUDGED else ''
