"""
Head direction by a rigid fit of the mesh to the mean face shape.

Least-squares similarity transform (Umeyama, "Least-Squares Estimation of Transformation
Parameters Between Two Point Patterns", 1991) over landmarks that neither lids, lips nor jaw move.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from classroom_fer_ros.core.arrays import FloatArray
from classroom_fer_ros.core.errors import ModelError
from classroom_fer_ros.core.mesh import NUM_LANDMARKS
from classroom_fer_ros.core.spatial import Intrinsics

#: Forehead, temples, eye corners, bridge and wings of the nose, cheekbones.
RIGID_LANDMARKS = (
    *(10, 67, 297, 103, 332, 54, 284, 21, 251, 162, 389, 127, 356, 234, 454),
    *(33, 133, 362, 263, 168, 6, 197, 195, 5, 98, 327, 50, 280, 116, 345),
)
#: Turns camera axes (x right, y down, z away) into the axes of somebody who faces the camera
#: (x forward, y to their left, z up; REP-103).
CAMERA_TO_PERSON = np.array([[0.0, 0.0, -1.0], [1.0, 0.0, 0.0], [0.0, -1.0, 0.0]])


@dataclass(frozen=True, slots=True)
class HeadAngles:
    """
    Angles of a head that faces the camera at zero, in radians, after REP-103.

    Yaw > 0 towards the person's left, pitch > 0 down, roll > 0 towards their right shoulder.
    """

    yaw_rad: float
    pitch_rad: float
    roll_rad: float


class HeadPoseEstimator:
    """Fits the mean face shape to meshes."""

    def __init__(self, shape_path: Path) -> None:
        """:raises ModelError: if the file of the mean shape is missing or broken"""
        try:
            points = np.array(json.loads(shape_path.read_text())['points_xyz'], np.float64)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelError(
                f'{shape_path}: no mean face shape ({error}); make it again with '
                '`python -m classroom_fer_ros.training.face_shape`'
            ) from error
        if points.shape != (NUM_LANDMARKS, 3):
            raise ModelError(
                f'{shape_path}: has points of shape {points.shape}, not ({NUM_LANDMARKS}, 3)'
            )
        self._rigid_shape = points[list(RIGID_LANDMARKS)]

    def __call__(self, points_xyz: FloatArray, intrinsics: Intrinsics | None = None) -> HeadAngles:
        """
        Estimate the angles of one head.

        :param points_xyz: mesh, shape (468, 3), image pixels
        :param intrinsics: of the camera; without, the head is taken to be in the picture's middle
        """
        return angles_of(self.rotation(points_xyz, intrinsics))

    def rotation(self, points_xyz: FloatArray, intrinsics: Intrinsics | None = None) -> FloatArray:
        """
        Estimate the rotation of one head.

        :param points_xyz: mesh, shape (468, 3), image pixels
        :param intrinsics: as above
        :return: shape (3, 3), turns a face that looks into the camera, in camera axes
        """
        observed = points_xyz[list(RIGID_LANDMARKS)].astype(np.float64)
        if intrinsics is not None:
            observed = seen_ahead(observed, intrinsics)
        _, rotation, _ = similarity_transform(self._rigid_shape, observed)
        return rotation


def seen_ahead(points_xyz: FloatArray, intrinsics: Intrinsics) -> FloatArray:
    """
    Points as the camera would see them if it were turned towards their middle.

    A pinhole camera stretches what is far from the middle of the picture, outwards more than
    across, which looks like a turn. This undoes it.

    :param points_xyz: shape (n, 3), image pixels; depths along the line of sight
    :return: same shape, pixels around the line of sight
    """
    center = np.array([intrinsics.center_x, intrinsics.center_y])
    rays = np.column_stack(
        [
            (points_xyz[:, :2] - center) / (intrinsics.focal_x, intrinsics.focal_y),
            np.ones(len(points_xyz)),
        ]
    )
    x, y, _ = rays.mean(axis=0)
    # First aside, then up or down: whoever sits upright in front of a level camera stays so.
    near, far = math.hypot(x, 1.0), math.sqrt(x * x + y * y + 1.0)
    aside = np.array([[1.0, 0.0, -x], [0.0, near, 0.0], [x, 0.0, 1.0]]) / near
    up = np.array([[far, 0.0, 0.0], [0.0, near, -y], [0.0, y, near]]) / far
    turn = up @ aside
    turned = rays @ turn.T
    placed = intrinsics.focal_x * turned[:, :2] / turned[:, 2:]
    shrunk = _spread(placed) / max(_spread(points_xyz[:, :2]), 1e-9)
    return np.column_stack([placed, points_xyz[:, 2] * shrunk])


def _spread(points_xy: FloatArray) -> float:
    return float(np.sqrt(((points_xy - points_xy.mean(axis=0)) ** 2).sum(axis=1).mean()))


def similarity_transform(
    source: FloatArray, target: FloatArray
) -> tuple[float, FloatArray, FloatArray]:
    """
    Least-squares scale, rotation and shift with ``target ~ scale * source @ rotation.T + shift``.

    :param source: shape (n, d)
    :param target: shape (n, d)
    :return: scale, rotation of shape (d, d) with determinant 1, shift of shape (d,)
    """
    source_mean, target_mean = source.mean(axis=0), target.mean(axis=0)
    centred = source - source_mean
    u, singular, vt = np.linalg.svd((target - target_mean).T @ centred)
    signs = np.ones(len(singular))
    signs[-1] = np.sign(np.linalg.det(u) * np.linalg.det(vt))
    rotation = (u * signs) @ vt
    scale = float((singular * signs).sum() / (centred**2).sum())
    return scale, rotation, target_mean - scale * rotation @ source_mean


def angles_of(rotation: FloatArray) -> HeadAngles:
    """
    Yaw, pitch and roll of a rotation given in camera axes.

    :param rotation: shape (3, 3), turns a face that looks into the camera into the observed one
    """
    turned = CAMERA_TO_PERSON @ rotation @ CAMERA_TO_PERSON.T
    return HeadAngles(
        yaw_rad=math.atan2(turned[1, 0], turned[0, 0]),
        pitch_rad=math.asin(float(np.clip(-turned[2, 0], -1.0, 1.0))),
        roll_rad=math.atan2(turned[2, 1], turned[2, 2]),
    )
