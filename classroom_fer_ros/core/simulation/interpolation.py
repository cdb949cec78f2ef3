"""
Piecewise linear interpolation of scattered points onto a grid.

`scipy.interpolate.LinearNDInterpolator` does the same, but prepares each triangle by LAPACK calls,
which take seconds where OpenBLAS has to share its cores.
"""

from __future__ import annotations

import cv2
import numpy as np
from scipy.spatial import Delaunay

from classroom_fer_ros.core.arrays import FloatArray

#: Pixels a cell in which triangles are drawn.
FINENESS = 8


def interpolate_on_grid(
    points_xy: FloatArray, values: FloatArray, shape: tuple[int, int]
) -> FloatArray:
    """
    Interpolate linearly within the Delaunay triangles of some points.

    :param points_xy: shape (n, 2), in cells of the grid, whose first node is (0, 0)
    :param values: shape (n, d)
    :param shape: rows and columns
    :return: shape (rows, columns, d), NaN outside the hull of the points
    """
    triangles = Delaunay(points_xy).simplices
    corners = points_xy[triangles]  # (t, 3, 2)
    ab, ac = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    areas = np.abs(ab[:, 0] * ac[:, 1] - ab[:, 1] * ac[:, 0])
    # Which triangle a node lies in, drawn finely: OpenCV fills every pixel that a border touches.
    # The larger one of two neighbours has it, since a sliver says little beyond its border.
    drawn = np.full((shape[0] * FINENESS, shape[1] * FINENESS), -1.0, np.float32)
    sixteenths = np.round(corners * (FINENESS * 16)).astype(np.int32)
    for i in np.argsort(areas, kind='stable'):
        cv2.fillConvexPoly(drawn, sixteenths[i], (float(i),), cv2.LINE_8, 4)
    number = drawn[::FINENESS, ::FINENESS]
    rows, columns = np.nonzero(number >= 0)
    chosen = number[rows, columns].astype(int)
    weights = _weights(corners[chosen], np.column_stack([columns, rows]))
    result = np.full((*shape, values.shape[1]), np.nan)
    # A node on a border may be a neighbour's: what is linear goes on a little way.
    result[rows, columns] = (weights[..., None] * values[triangles[chosen]]).sum(axis=1)
    return result


def _weights(triangles_xy: FloatArray, places_xy: FloatArray) -> FloatArray:
    """Barycentric coordinates of places, each in its own triangle, shape (k, 3)."""
    a, b, c = triangles_xy[:, 0], triangles_xy[:, 1], triangles_xy[:, 2]
    ab, ac, offset = b - a, c - a, places_xy - a
    area = ab[:, 0] * ac[:, 1] - ab[:, 1] * ac[:, 0]
    area = np.where(np.abs(area) < 1e-9, np.inf, area)  # a line: its first corner counts
    at_b = (offset[:, 0] * ac[:, 1] - offset[:, 1] * ac[:, 0]) / area
    at_c = (ab[:, 0] * offset[:, 1] - ab[:, 1] * offset[:, 0]) / area
    return np.stack([1.0 - at_b - at_c, at_b, at_c], axis=-1)
