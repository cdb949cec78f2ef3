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
# Every distance that is measured, from the first to the second point: at one eye the two of the
# lids and that of the corners, then the other eye, the mouth's edges and its corners.
_EYES = [
    pair
    for outer, upper_outer, upper_inner, inner, lower_inner, lower_outer in (LEFT_EYE, RIGHT_EYE)
    for pair in ((upper_outer, lower_outer), (upper_inner, lower_inner), (outer, inner))
]
_FROM, _TO = np.array([*_EYES, *MOUTH_EDGES, MOUTH_CORNERS]).T


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
    squares = np.sum((points_xyz[_FROM] - points_xyz[_TO]) ** 2, axis=1)
    # All at once: a call of NumPy for each costs ten times as much.
    distances = [math.sqrt(square) for square in squares.tolist()]
    *gaps, mouth_width = distances[6:]
    right, left = ((points_xyz[a, :2] + points_xyz[b, :2]) / 2 for a, b in EYE_CENTER_CORNERS)
    return Openings(
        left_eye_ratio=_eye_aspect_ratio(*distances[:3]),
        right_eye_ratio=_eye_aspect_ratio(*distances[3:6]),
        mouth_ratio=sum(gaps) / len(gaps) / max(mouth_width, 1e-6),
        eye_distance_px=math.sqrt(float(np.sum((right - left) ** 2))),
    )


def _eye_aspect_ratio(outer_height: float, inner_height: float, width: float) -> float:
    """Height of an eye over its width."""
    return (outer_height + inner_height) / max(2.0 * width, 1e-6)
