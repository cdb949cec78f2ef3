"""How well a face is seen: whether it may be enrolled or looked up, and which views are better."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from classroom_fer_ros.core.alignment import AlignedCrop
from classroom_fer_ros.core.arrays import BoxXyxy, ImageBgr
from classroom_fer_ros.core.expression_visibility import keypoint_yaw_rad
from classroom_fer_ros.core.light import mean_luminance
from classroom_fer_ros.core.results import Face

#: Side of the picture whose sharpness is measured: small faces then count no less than large ones.
SHARPNESS_PX = 56
#: Of a face like this nothing more is to be gained.
BEST_HEIGHT_PX, BEST_SHARPNESS, BEST_LUMINANCE = 100.0, 0.3, 60.0
#: Share of a face's box that another one may cover before the crop shows both.
MAX_COVERED = 0.15


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewLimits:
    """
    What a view must reach.

    :param min_sharpness: as `sharpness` measures it
    """

    min_height_px: float
    max_yaw_deg: float
    min_luminance: float
    min_sharpness: float


# 80 photographs of eight people lie above 0.12 (median 0.56), pupils in a film of 720 lines above
# 0.06, those who look at the camera above 0.23. Blurred by a tenth of the distance of the eyes,
# the photographs lie below 0.04, by a twentieth at 0.03 to 0.2.
#: For enrolling: what is learned badly is taken for others for long.
ENROLMENT_LIMITS = ViewLimits(
    min_height_px=40.0, max_yaw_deg=40.0, min_luminance=25.0, min_sharpness=0.06
)
#: For looking up: a worse view costs one vote.
LOOK_UP_LIMITS = ViewLimits(
    min_height_px=28.0, max_yaw_deg=50.0, min_luminance=6.0, min_sharpness=0.03
)


def placing_problem(face: Face, others: Sequence[Face], limits: ViewLimits) -> str:
    """
    What is wrong with a face before its crop is looked at, in plain words; empty for nothing.

    :param others: the other faces of the picture
    """
    height_px = face.box_xyxy[3] - face.box_xyxy[1]
    if height_px < limits.min_height_px:
        return f'too small ({height_px:.0f} px high, {limits.min_height_px:.0f} are needed)'
    yaw_deg = math.degrees(abs(keypoint_yaw_rad(face.keypoints_xy)))
    if yaw_deg > limits.max_yaw_deg:
        return f'turned aside ({yaw_deg:.0f} degrees, at most {limits.max_yaw_deg:.0f})'
    if any(_covered(face.box_xyxy, other.box_xyxy) > MAX_COVERED for other in others):
        return 'two faces (another one covers it)'
    return ''


def crop_problem(crop: AlignedCrop, limits: ViewLimits) -> str:
    """What is wrong with an aligned crop, in plain words; empty for nothing."""
    # Light correction lifts the noise too: what counts is how dark it was.
    is_lifted = not math.isnan(crop.raw_luminance)
    luminance = crop.raw_luminance if is_lifted else mean_luminance(crop.image_bgr)
    if luminance < limits.min_luminance:
        return f'too dark (brightness {luminance:.0f}, {limits.min_luminance:.0f} is needed)'
    if sharpness(crop.image_bgr) < limits.min_sharpness:
        return 'blurred'
    return ''


def view_quality(face: Face, crop_bgr: ImageBgr) -> float:
    """
    How good a view is, in (0, 1]: large, towards the camera, sharp and bright.

    :param crop_bgr: aligned crop, shape (112, 112, 3), uint8
    """
    parts = (
        placing_quality(face),
        min(1.0, sharpness(crop_bgr) / BEST_SHARPNESS),
        min(1.0, mean_luminance(crop_bgr) / BEST_LUMINANCE),
    )
    return max(math.prod(parts), 1e-3)


def placing_quality(face: Face) -> float:
    """The part of `view_quality` that needs no crop: size and direction."""
    height_px = face.box_xyxy[3] - face.box_xyxy[1]
    return min(1.0, height_px / BEST_HEIGHT_PX) * math.cos(keypoint_yaw_rad(face.keypoints_xy))


def sharpness(crop_bgr: ImageBgr) -> float:
    """
    Variance of the Laplacian over that of the picture, which leaves light and contrast out.

    After Pech-Pacheco et al., "Diatom autofocusing in brightfield microscopy", 2000.

    :param crop_bgr: aligned crop, shape (112, 112, 3), uint8
    """
    gray = cv2.cvtColor(crop_bgr, cv2.COLOR_BGR2GRAY)
    small = cv2.resize(gray, (SHARPNESS_PX, SHARPNESS_PX), interpolation=cv2.INTER_AREA)
    border = SHARPNESS_PX // 8  # hair and background
    inner = small[border:-border, border:-border].astype(np.float32)
    laplacian = cv2.Laplacian(inner, cv2.CV_32F, ksize=1)[1:-1, 1:-1]
    return float(laplacian.var() / max(float(inner.var()), 1.0))


def _covered(box_xyxy: BoxXyxy, other_xyxy: BoxXyxy) -> float:
    """Share of a box that another covers."""
    width = min(box_xyxy[2], other_xyxy[2]) - max(box_xyxy[0], other_xyxy[0])
    height = min(box_xyxy[3], other_xyxy[3]) - max(box_xyxy[1], other_xyxy[1])
    area = (box_xyxy[2] - box_xyxy[0]) * (box_xyxy[3] - box_xyxy[1])
    return max(0.0, width) * max(0.0, height) / max(area, 1e-6)
