"""Where a head is in front of the camera, estimated from the size of its face mesh."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from classroom_fer_ros.core.arrays import FloatArray
from classroom_fer_ros.core.mesh import LEFT_EYE_OUTER, RIGHT_EYE_OUTER
from classroom_fer_ros.core.results import Face

#: Distance of the outer eye corners of adults, in metres (mean of men and women: Farkas,
#: "Anthropometry of the Head and Face", 1994). Children's are up to a tenth smaller.
OUTER_EYE_DISTANCE_M = 0.089
#: Field of view of a usual webcam or phone camera, across the picture's longer side.
USUAL_FIELD_OF_VIEW_RAD = math.radians(65.0)
#: Turns the camera's optical axes (x right, y down, z away) into those of somebody who faces it
#: (x forward, y to their left, z up; REP-103), as x, y, z, w.
FACING_CAMERA_XYZW = (0.5, 0.5, -0.5, 0.5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Intrinsics:
    """Pinhole model of a camera, in pixels (`sensor_msgs/CameraInfo`: K)."""

    focal_x: float
    focal_y: float
    center_x: float
    center_y: float

    @classmethod
    def usual(cls, size_wh: tuple[int, int]) -> Intrinsics:
        """What an uncalibrated camera most likely has."""
        width, height = size_wh
        focal = 0.5 * max(width, height) / math.tan(0.5 * USUAL_FIELD_OF_VIEW_RAD)
        return cls(focal_x=focal, focal_y=focal, center_x=width / 2, center_y=height / 2)


def head_position(face: Face, intrinsics: Intrinsics) -> FloatArray | None:
    """
    Place of a head.

    The eyes' distance is taken in the mesh's three dimensions, so that a turned head seems no
    farther away.

    :return: shape (3,), metres in the camera's optical frame (x right, y down, z away; REP-103),
        or None without landmarks
    """
    if face.landmarks is None:
        return None
    points = face.landmarks.points_xyz
    apart_px = float(np.linalg.norm(points[LEFT_EYE_OUTER] - points[RIGHT_EYE_OUTER]))
    if apart_px < 1.0:
        return None
    depth = intrinsics.focal_x * OUTER_EYE_DISTANCE_M / apart_px
    x, y = points[:, :2].mean(axis=0)
    return np.array(
        [
            (x - intrinsics.center_x) / intrinsics.focal_x * depth,
            (y - intrinsics.center_y) / intrinsics.focal_y * depth,
            depth,
        ]
    )


def gaze_direction(yaw_rad: float, pitch_rad: float) -> FloatArray:
    """
    Where a head points.

    :param yaw_rad: > 0 towards the person's left
    :param pitch_rad: > 0 down
    :return: unit vector, shape (3,), in the camera's optical frame
    """
    return np.array(
        [
            math.sin(yaw_rad) * math.cos(pitch_rad),
            math.sin(pitch_rad),
            -math.cos(yaw_rad) * math.cos(pitch_rad),
        ]
    )


def head_orientation(yaw_rad: float, pitch_rad: float, roll_rad: float) -> FloatArray:
    """
    Orientation of a head whose axes are x forward, y to the person's left, z up (REP-103).

    :param yaw_rad: > 0 towards the person's left
    :param pitch_rad: > 0 down
    :param roll_rad: > 0 towards the person's right shoulder
    :return: unit quaternion x, y, z, w, shape (4,), in the camera's optical frame
    """
    turned = np.array(FACING_CAMERA_XYZW)
    for axis, angle_rad in ((2, yaw_rad), (1, pitch_rad), (0, roll_rad)):
        turned = quaternion_product(turned, _about_axis(axis, angle_rad))
    return turned


def quaternion_product(first: FloatArray, second: FloatArray) -> FloatArray:
    """
    Hamilton product: the rotation of ``second`` about the axes that ``first`` has turned.

    :param first: x, y, z, w, shape (4,)
    :param second: x, y, z, w, shape (4,)
    """
    vector = first[3] * second[:3] + second[3] * first[:3] + np.cross(first[:3], second[:3])
    return np.append(vector, first[3] * second[3] - first[:3] @ second[:3])


def _about_axis(axis: int, angle_rad: float) -> FloatArray:
    """Quaternion of a turn about x (0), y (1) or z (2)."""
    quaternion = np.zeros(4)
    quaternion[axis] = math.sin(0.5 * angle_rad)
    quaternion[3] = math.cos(0.5 * angle_rad)
    return quaternion
