"""
Head poses as AFLW2000 and 300W-LP give them: a ``.mat`` beside every picture.

`Pose_Para` holds pitch, yaw and roll in radians (Zhu et al., "Face Alignment Across Large Poses: A
3D Solution", 2016). The angles make a rotation ``R_x(pitch) R_y(yaw) R_z(roll)`` of a face that
looks at the viewer, in axes x right, y up, z to the viewer. Yaw > 0 turns the nose to the left of
the picture (the person's right), pitch > 0 up, roll > 0 tilts the head to the right of the
picture: each the other way round than ours, and composed in another order.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from classroom_fer_ros.core.arrays import BoxXyxy, FloatArray
from classroom_fer_ros.core.errors import DataError

POSE_KEY = 'Pose_Para'
#: Landmarks in image pixels, one a column; the first that a file has is taken.
LANDMARK_KEYS = ('pt3d_68', 'pt2d')
#: Turns the data set's axes into those of a camera (x right, y down, z away), and back.
FLIP = np.diag([1.0, -1.0, -1.0])


@dataclass(frozen=True, slots=True, kw_only=True)
class AflwPose:
    """
    What one file says; angles in radians, of the data set's own convention.

    :param box_xyxy: around the labelled landmarks, None where the file has none
    """

    pitch_rad: float
    yaw_rad: float
    roll_rad: float
    box_xyxy: BoxXyxy | None = None

    @property
    def angles_rad(self) -> tuple[float, float, float]:
        """Pitch, yaw and roll."""
        return self.pitch_rad, self.yaw_rad, self.roll_rad


def read_aflw(path: Path) -> AflwPose:
    """
    Read one ``.mat`` (of a version below 7.3).

    :raises DataError: if it cannot be read or has no pose
    """
    from scipy.io import loadmat  # slow to import, and needed here only

    try:
        content = loadmat(str(path))
    except Exception as error:  # scipy raises whatever its parser trips over
        raise DataError(f'{path} is no .mat that can be read: {error}') from error
    if POSE_KEY not in content:
        raise DataError(f'{path}: has no {POSE_KEY}, the pose in AFLW2000 and 300W-LP')
    pose = np.asarray(content[POSE_KEY], np.float64).ravel()
    if len(pose) < 3 or not np.isfinite(pose[:3]).all():
        raise DataError(f'{path}: {POSE_KEY} must begin with pitch, yaw and roll')
    pitch, yaw, roll = (float(angle) for angle in pose[:3])
    return AflwPose(pitch_rad=pitch, yaw_rad=yaw, roll_rad=roll, box_xyxy=_box(content))


def aflw_rotation(pitch_rad: float, yaw_rad: float, roll_rad: float) -> FloatArray:
    """The rotation that the data set's angles mean, in camera axes, shape (3, 3)."""
    cos, sin = math.cos(pitch_rad), math.sin(pitch_rad)
    about_x = np.array([[1, 0, 0], [0, cos, sin], [0, -sin, cos]])
    cos, sin = math.cos(yaw_rad), math.sin(yaw_rad)
    about_y = np.array([[cos, 0, -sin], [0, 1, 0], [sin, 0, cos]])
    cos, sin = math.cos(roll_rad), math.sin(roll_rad)
    about_z = np.array([[cos, sin, 0], [-sin, cos, 0], [0, 0, 1]])
    return np.asarray(FLIP @ about_x @ about_y @ about_z @ FLIP)


def aflw_angles(rotation: FloatArray) -> tuple[float, float, float]:
    """
    Pitch, yaw and roll in the data set's convention; undoes `aflw_rotation` up to 90 deg of yaw.

    :param rotation: shape (3, 3), camera axes
    """
    turned = FLIP @ rotation @ FLIP
    return (
        math.atan2(turned[1, 2], turned[2, 2]),
        math.asin(float(np.clip(-turned[0, 2], -1.0, 1.0))),
        math.atan2(turned[0, 1], turned[0, 0]),
    )


def _box(content: dict[str, Any]) -> BoxXyxy | None:
    for key in LANDMARK_KEYS:
        points = np.asarray(content.get(key, np.empty((0, 0))), np.float64)
        if points.ndim != 2 or points.shape[0] < 2:
            continue
        seen = points[:2, (points[:2] > 0.0).all(axis=0)]  # -1 where a point is hidden
        if seen.shape[1] >= 2:
            (x_min, y_min), (x_max, y_max) = seen.min(axis=1), seen.max(axis=1)
            return float(x_min), float(y_min), float(x_max), float(y_max)
    return None
