"""Whether a face is seen well enough for its expression: large, towards the camera, not dark."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from classroom_fer_ros.core.arrays import FloatArray, ImageBgr
from classroom_fer_ros.core.light import mean_luminance
from classroom_fer_ros.core.results import Face
from classroom_fer_ros.core.settings import check

#: Nose tip's distance from the line through the middle of eyes and mouth, in eye distances, over
#: the tangent of the yaw: fitted to the yaw of whole meshes in four films (434 faces, within 53
#: degrees to either side; 2.4 degrees apart in the mean).
NOSE_OFFSET_BY_TANGENT = 0.70


@dataclass(frozen=True, slots=True, kw_only=True)
class VisibilityConfig:
    """Faces beyond these limits cannot be judged."""

    min_expression_px: float = field(
        default=24.0,
        metadata={
            'description': 'faces of less height show no expression that can be judged',
            'unit': 'px',
            'range': (8.0, 1000.0),
            'is_live': True,
        },
    )
    max_expression_yaw_deg: float = field(
        default=45.0,
        metadata={
            'description': 'faces turned farther to a side show none that can be judged',
            'unit': 'deg',
            'range': (0.0, 90.0),
            'is_live': True,
        },
    )
    # FER2013's validation pictures, darkened with some noise of a sensor: accuracy holds down to a
    # mean of 32 (81 of 83 %), is 78 % at 15 and 65 % at 8.
    min_expression_luminance: float = field(
        default=12.0,
        metadata={
            'description': 'faces darker on average show none that can be judged',
            'unit': 'gray levels',
            'range': (0.0, 255.0),
            'is_live': True,
        },
    )

    def __post_init__(self) -> None:
        check(self)


def is_placed_well(face: Face, config: VisibilityConfig) -> bool:
    """Whether a face is large enough and looks about towards the camera."""
    height_px = face.box_xyxy[3] - face.box_xyxy[1]
    is_turned = abs(keypoint_yaw_rad(face.keypoints_xy)) > math.radians(
        config.max_expression_yaw_deg
    )
    return height_px >= config.min_expression_px and not is_turned


def is_lit_well(crop_bgr: ImageBgr, config: VisibilityConfig) -> bool:
    """
    Whether a face is bright enough.

    :param crop_bgr: aligned crop, shape (112, 112, 3), uint8
    """
    return mean_luminance(crop_bgr) >= config.min_expression_luminance


def keypoint_yaw_rad(keypoints_xy: FloatArray) -> float:
    """
    Turn of a head to a side, from where its nose lies between eyes and mouth.

    :param keypoints_xy: shape (5, 2), as of `Face`
    :return: > 0 towards the person's left, in radians; a right angle where eyes or mouth fall
        together
    """
    right_eye, left_eye, nose, right_corner, left_corner = np.asarray(keypoints_xy, np.float64)
    eyes, mouth = (right_eye + left_eye) / 2, (right_corner + left_corner) / 2
    across, down = left_eye - right_eye, mouth - eyes
    eye_px, length_px = float(np.hypot(*across)), float(np.hypot(*down))
    if eye_px == 0.0 or length_px == 0.0:
        return math.pi / 2
    # The line's normal, towards the person's left as the eyes are.
    normal = np.array([down[1], -down[0]]) / length_px
    side = math.copysign(1.0, float(normal @ across))
    return math.atan(side * float((nose - eyes) @ normal) / eye_px / NOSE_OFFSET_BY_TANGENT)
