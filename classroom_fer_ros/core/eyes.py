"""
Eye and mouth opening of one face, measured on its mesh.

Eye aspect ratio after Soukupova and Cech, "Real-Time Eye Blink Detection using Facial Landmarks",
2016. Distances are taken in three dimensions, so that a turned head does not narrow the eye.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from classroom_fer_ros.core.arrays import FloatArray

# Outer corner, two points of the upper lid, inner corner, two of the lower lid (mesh indices).
RIGHT_EYE = (33, 160, 158, 133, 153, 144)
LEFT_EYE = (263, 387, 385, 362, 380, 373)
# Inner lips: right and left corner, then upper and lower edge at three places.
MOUTH_CORNERS = (78, 308)
MOUTH_EDGES = ((82, 87), (13, 14), (312, 317))
EYE_CENTER_CORNERS = ((33, 133), (263, 362))


@dataclass(frozen=True, slots=True, kw_only=True)
class Openings:
    """
    How far eyes and mouth are open, without units.

    :param eye_distance_px: distance of the eyes' centres in the picture, in pixels
    """

    left_eye_ratio: float
    right_eye_ratio: float
    mouth_ratio: float
    eye_distance_px: float


def measure_openings(points_xyz: FloatArray) -> Openings:
    """
    Measure eyes and mouth.

    :param points_xyz: mesh, shape (468, 3), image pixels
    """
    corners = points_xyz[list(MOUTH_CORNERS)]
    gaps = [_distance(points_xyz[upper], points_xyz[lower]) for upper, lower in MOUTH_EDGES]
    right, left = (points_xyz[list(pair), :2].mean(axis=0) for pair in EYE_CENTER_CORNERS)
    return Openings(
        left_eye_ratio=_eye_aspect_ratio(points_xyz[list(LEFT_EYE)]),
        right_eye_ratio=_eye_aspect_ratio(points_xyz[list(RIGHT_EYE)]),
        mouth_ratio=sum(gaps) / len(gaps) / max(_distance(corners[0], corners[1]), 1e-6),
        eye_distance_px=_distance(right, left),
    )


def _eye_aspect_ratio(points: FloatArray) -> float:
    """Height of an eye over its width, from its six points, shape (6, 3)."""
    outer, upper_outer, upper_inner, inner, lower_inner, lower_outer = points
    height = _distance(upper_outer, lower_outer) + _distance(upper_inner, lower_inner)
    return height / max(2.0 * _distance(outer, inner), 1e-6)


def _distance(one: FloatArray, other: FloatArray) -> float:
    return math.sqrt(float(np.sum((one - other) ** 2)))
