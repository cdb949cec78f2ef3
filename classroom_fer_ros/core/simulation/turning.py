"""
Turning a head: where each pixel of a turned head comes from in the portrait.

The head is a relief over the portrait's canvas. For a rotation the inverse map is found by a
fixed-point iteration on a coarse grid, which `cv2.remap` needs only after enlarging.
"""

from __future__ import annotations

import math

import cv2
import numpy as np

from classroom_fer_ros.core.arrays import FloatArray
from classroom_fer_ros.core.head_pose import CAMERA_TO_PERSON, HeadAngles
from classroom_fer_ros.core.simulation.drawing import blurred
from classroom_fer_ros.core.simulation.interpolation import interpolate_on_grid

GRID = 48
ROUNDS = 5
#: The iteration takes part of each step: it converges on slopes up to 1/tan(30 deg) and beyond.
STEP = 0.8
#: How steeply hair falls back behind the face, and how far, in face heights.
HAIR_SLOPE, HAIR_DEPTH = 0.55, 0.42
MAX_SLOPE = 1.5
#: Where the neck turns the head: from the middle of the face, in face heights (down, back).
PIVOT_DOWN, PIVOT_BACK = 0.30, 0.32


def rotation_of(angles: HeadAngles) -> FloatArray:
    """Rotation in camera axes, shape (3, 3), of these angles; undoes `head_pose.angles_of`."""
    cos, sin = math.cos(angles.yaw_rad), math.sin(angles.yaw_rad)
    yaw = np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])
    cos, sin = math.cos(angles.pitch_rad), math.sin(angles.pitch_rad)
    pitch = np.array([[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]])
    cos, sin = math.cos(angles.roll_rad), math.sin(angles.roll_rad)
    roll = np.array([[1, 0, 0], [0, cos, -sin], [0, sin, cos]])
    return np.asarray(CAMERA_TO_PERSON.T @ yaw @ pitch @ roll @ CAMERA_TO_PERSON)


class Relief:
    """
    Depth of a head over its canvas, all in face heights from the middle of the face.

    :param low_xy: upper left corner of the canvas
    :param high_xy: lower right corner of the canvas
    """

    def __init__(
        self,
        points_xyz: FloatArray,
        oval_xyz: FloatArray,
        low_xy: tuple[float, float],
        high_xy: tuple[float, float],
    ) -> None:
        self._low = np.array(low_xy)
        self._cells = (GRID - 1) / (np.array(high_xy) - self._low)
        support = np.concatenate([points_xyz, *_rings(oval_xyz)])
        cells = (support[:, :2] - self._low) * self._cells
        depth = interpolate_on_grid(cells, support[:, 2:], (GRID, GRID))[..., 0]
        depth = np.where(np.isnan(depth), HAIR_DEPTH, depth).astype(np.float32)
        self._depth = _gentle(depth, float(1.0 / self._cells[0]))

    def depth_at(self, x: FloatArray, y: FloatArray) -> FloatArray:
        """Depth at any places of the canvas, same shape."""
        return np.asarray(
            cv2.remap(
                self._depth,
                np.asarray((x - self._low[0]) * self._cells[0], np.float32),
                np.asarray((y - self._low[1]) * self._cells[1], np.float32),
                cv2.INTER_LINEAR,
                borderMode=cv2.BORDER_REPLICATE,
            )
        )

    def origins(self, rotation: FloatArray, shape: HeadShape, nodes_xy: FloatArray) -> FloatArray:
        """
        Where places of the turned head come from.

        :param rotation: shape (3, 3), camera axes, relative to the photograph
        :param nodes_xy: shape (rows, columns, 2), face heights from the middle of the face
        :return: same shape, face heights on the portrait's canvas
        """
        pivot = np.array([0.0, PIVOT_DOWN, PIVOT_BACK], np.float32)
        rotation = rotation.astype(np.float32)
        wanted = nodes_xy.reshape(-1, 2).T - pivot[:2, None]  # (2, n)
        (a, b), (c, d) = rotation[:2, :2]
        # In closed form: LAPACK may take milliseconds where OpenBLAS has to share its cores.
        inverse = np.array([[d, -b], [-c, a]], np.float32) / (a * d - b * c)
        flat = inverse @ wanted + pivot[:2, None]
        slant = inverse @ rotation[:2, 2]
        x, y = shape.to_portrait(flat[0], flat[1])
        depth = np.full_like(x, -0.05)
        for _ in range(ROUNDS):
            found = self.depth_at(x[None], y[None])[0] - pivot[2]
            depth += STEP * (found - depth)
            x, y = shape.to_portrait(flat[0] - slant[0] * depth, flat[1] - slant[1] * depth)
        return np.stack([x, y], axis=-1).reshape(nodes_xy.shape).astype(np.float32)


class HeadShape:
    """How one student's head differs from the photograph's: wider, longer, another jaw."""

    def __init__(self, width: float = 1.0, height: float = 1.0, jaw: float = 1.0) -> None:
        self._width, self._height, self._jaw = width, height, jaw

    def to_portrait(self, x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
        """From the student's head to the photograph's canvas."""
        y = y / self._height
        return x / (self._width * self._jaw_at(y)), y

    def to_student(self, points_xyz: FloatArray) -> FloatArray:
        """From the photograph's canvas to the student's head, shape (n, 3)."""
        scale = np.ones_like(points_xyz)
        scale[:, 0] = self._width * self._jaw_at(points_xyz[:, 1])
        scale[:, 1] = self._height
        return np.asarray(points_xyz * scale)

    def _jaw_at(self, y: FloatArray) -> FloatArray:
        share = np.clip(y / 0.4 + 0.2, 0.0, 1.0)
        return np.asarray(1.0 + (self._jaw - 1.0) * share * share * (3.0 - 2.0 * share))


def turned(points_xyz: FloatArray, rotation: FloatArray) -> FloatArray:
    """Points of a head after turning it about its neck, shape (n, 3), face heights."""
    pivot = np.array([0.0, PIVOT_DOWN, PIVOT_BACK])
    return np.asarray((points_xyz - pivot) @ rotation.T + pivot)


def _rings(oval_xyz: FloatArray) -> list[FloatArray]:
    """Points around the face that carry hair and ears, further back the further out they are."""
    middle = oval_xyz[:, :2].mean(axis=0)
    rings = []
    for factor in (1.15, 1.4, 1.8, 2.6, 4.0):
        ring = oval_xyz.copy()
        ring[:, :2] = middle + (oval_xyz[:, :2] - middle) * factor
        further = np.linalg.norm(ring[:, :2] - oval_xyz[:, :2], axis=1)
        ring[:, 2] = np.minimum(oval_xyz[:, 2] + HAIR_SLOPE * further, HAIR_DEPTH)
        rings.append(ring)
    return rings


def _gentle(depth: FloatArray, cell: float) -> FloatArray:
    """Smooth a relief until its slopes let the iteration converge."""
    depth = blurred(depth, 0.6)
    for _ in range(40):
        slope = np.hypot(*np.gradient(depth, cell))
        steep = (slope > MAX_SLOPE).astype(np.float32)
        if not steep.any():
            break
        smooth = blurred(depth, 1.0)
        near = cv2.dilate(steep, np.ones((3, 3), np.uint8))
        depth = depth + near * (smooth - depth)
    return np.asarray(depth, np.float32)
