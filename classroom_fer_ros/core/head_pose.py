"""
Head direction by a rigid fit of the mesh to the mean face shape.

Least-squares similarity transform (Umeyama, "Least-Squares Estimation of Transformation
Parameters Between Two Point Patterns", 1991) over landmarks that neither lids, lips nor jaw move.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
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
_RIGID = np.array(RIGID_LANDMARKS)
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
        self._rigid_shape = points[_RIGID]

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
        (rotation,) = self.rotations([points_xyz], intrinsics)
        return np.asarray(rotation)

    def rotations(
        self, meshes_xyz: Sequence[FloatArray], intrinsics: Intrinsics | None = None
    ) -> FloatArray:
        """
        Estimate the rotations of several heads at once, as `rotation` does.

        :param meshes_xyz: at least one
        :return: shape (n, 3, 3)
        """
        observed = np.stack([points[_RIGID] for points in meshes_xyz]).astype(np.float64)
        if intrinsics is not None:
            observed = seen_ahead(observed, intrinsics)
        _, rotations, _ = similarity_transform(self._rigid_shape, observed)
        return rotations


def seen_ahead(points_xyz: FloatArray, intrinsics: Intrinsics) -> FloatArray:
    """
    Points as the camera would see them if it were turned towards their middle.

    A pinhole camera stretches what is far from the middle of the picture, outwards more than
    across, which looks like a turn. This undoes it.

    :param points_xyz: shape (..., n, 3), image pixels; depths along the line of sight
    :return: same shape, pixels around the line of sight
    """
    rays = np.ones_like(points_xyz)
    rays[..., :2] = (points_xyz[..., :2] - (intrinsics.center_x, intrinsics.center_y)) / (
        intrinsics.focal_x,
        intrinsics.focal_y,
    )
    x, y, _ = np.moveaxis(rays.mean(axis=-2), -1, 0)
    one, none = np.ones_like(x), np.zeros_like(x)
    # First aside, then up or down: whoever sits upright in front of a level camera stays so.
    near, far = np.hypot(x, 1.0), np.sqrt(x * x + y * y + 1.0)
    aside = _matrices([[one, none, -x], [none, near, none], [x, none, one]], near)
    up = _matrices([[far, none, none], [none, near, -y], [none, y, near]], far)
    turned = rays @ np.swapaxes(up @ aside, -1, -2)
    placed = intrinsics.focal_x * turned[..., :2] / turned[..., 2:]
    shrunk = _spread(placed) / np.maximum(_spread(points_xyz[..., :2]), 1e-9)
    return np.concatenate([placed, points_xyz[..., 2:] * shrunk[..., None, None]], axis=-1)


def _matrices(rows: Sequence[Sequence[FloatArray]], divisor: FloatArray) -> FloatArray:
    """Matrices of shape (..., 3, 3) from their entries, all of shape (...)."""
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2) / divisor[..., None, None]


def _spread(points_xy: FloatArray) -> FloatArray:
    """Root mean square distance from the middle, shape (...), of points of shape (..., n, 2)."""
    centred = points_xy - points_xy.mean(axis=-2, keepdims=True)
    return np.asarray(np.sqrt((centred**2).sum(axis=-1).mean(axis=-1)))


def similarity_transform(
    source: FloatArray, target: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """
    Least-squares scale, rotation and shift with ``target ~ scale * source @ rotation.T + shift``.

    :param source: shape (n, d)
    :param target: shape (..., n, d)
    :return: scale of shape (...), rotation of shape (..., d, d) with determinant 1, shift of shape
        (..., d)
    """
    source_mean, target_mean = source.mean(axis=0), target.mean(axis=-2)
    centred = source - source_mean
    moved = target - target_mean[..., None, :]
    u, singular, vt = np.linalg.svd(np.swapaxes(moved, -1, -2) @ centred)
    signs = np.ones_like(singular)
    signs[..., -1] = np.sign(np.linalg.det(u) * np.linalg.det(vt))
    rotation = (u * signs[..., None, :]) @ vt
    scale = (singular * signs).sum(axis=-1) / (centred**2).sum()
    return scale, rotation, target_mean - scale[..., None] * (rotation @ source_mean)


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
