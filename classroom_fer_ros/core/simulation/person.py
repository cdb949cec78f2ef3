"""
Portraits of one person with everything that moves in them, and the way from one to the next.

A person with several photographs changes between them over a few steps: the meshes are mixed, and
both pictures, warped to the mixed mesh, are cross-faded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import cv2
import numpy as np

from classroom_fer_ros.core.arrays import FloatArray
from classroom_fer_ros.core.simulation.drawing import warped
from classroom_fer_ros.core.simulation.features import Eyes, Mouth
from classroom_fer_ros.core.simulation.interpolation import interpolate_on_grid
from classroom_fer_ros.core.simulation.portrait import (
    ABOVE,
    BELOW,
    FACE_OVAL,
    SIDE,
    Portrait,
)
from classroom_fer_ros.core.simulation.turning import Relief

MORPH_STEPS = 6
#: The warp between two photographs is linear between the nodes of a grid this fine.
MORPH_GRID = 64
#: From this share on a face shows the expression of the photograph that it changes into.
SHOWN_SHARE = 0.8


@dataclass(frozen=True, slots=True)
class Face:
    """
    A portrait and what moves in it.

    :param outline_xyz: shape (n, 3), border of the head, face heights from the middle of the face
    """

    portrait: Portrait
    relief: Relief
    outline_xyz: FloatArray
    eyes: Eyes
    mouth: Mouth


class Person:
    """One or more portraits, mirrored or not, of somebody."""

    def __init__(self, portraits: Sequence[Portrait]) -> None:
        self._portraits = portraits
        self.face_at = lru_cache(maxsize=4 + MORPH_STEPS)(self._face_at)

    @property
    def has_moods(self) -> bool:
        """Whether there are several photographs, whose expressions are known."""
        return len(self._portraits) > 1

    def step_of(self, mood: float) -> int:
        """Which of the person's faces is nearest to a mood (see `StudentState.mood`)."""
        if len(self._portraits) == 1:
            return 0
        return round(mood * MORPH_STEPS) % (len(self._portraits) * MORPH_STEPS)

    def _face_at(self, step: int) -> Face:
        index, part = divmod(step, MORPH_STEPS)
        portrait = self._portraits[index]
        if part:
            other = self._portraits[(index + 1) % len(self._portraits)]
            portrait = morphed(portrait, other, part / MORPH_STEPS)
        return _prepare(portrait)


def morphed(one: Portrait, other: Portrait, share: float) -> Portrait:
    """
    A face on its way from one photograph to another.

    :param share: 0 is `one`, 1 is `other`
    """
    points = one.points_xyz + share * (other.points_xyz - one.points_xyz)
    layers = [_warped(portrait, points) for portrait in (one, other)]
    mixed = np.round(layers[0] + share * (layers[1] - layers[0])).astype(np.uint8)
    rotation = one.rest_rotation + share * (other.rest_rotation - one.rest_rotation)
    u, _, vt = np.linalg.svd(rotation)  # the nearest rotation to a mixture of two
    label = ''
    if max(share, 1.0 - share) >= SHOWN_SHARE:
        label = other.label if share > 0.5 else one.label
    return replace(
        one,
        texture_bgr=np.ascontiguousarray(mixed[..., :3]),
        alpha=np.ascontiguousarray(mixed[..., 3]),
        points_xyz=points,
        rest_rotation=u @ vt,
        label=label,
    )


def _warped(portrait: Portrait, points_xyz: FloatArray) -> FloatArray:
    """Colours and alpha of a portrait, warped to another mesh, shape (h, w, 4)."""
    height, width = portrait.alpha.shape
    center = np.array(portrait.center_xy)
    target, source = points_xyz[:, :2] + center, portrait.points_xyz[:, :2] + center
    corners = np.array([[x, y] for x in (0.0, width - 1.0) for y in (0.0, height - 1.0)])
    # Nodes lie where `cv2.resize` takes them to be.
    cells = MORPH_GRID / np.array([width, height])
    shift = interpolate_on_grid(
        (np.concatenate([target, 3 * corners - 2 * center, corners]) + 0.5) * cells - 0.5,
        np.concatenate([source - target, np.zeros((8, 2))]),
        (MORPH_GRID, MORPH_GRID),
    ).astype(np.float32)
    shift = np.asarray(cv2.resize(shift, (width, height), interpolation=cv2.INTER_LINEAR))
    grid = np.stack(np.meshgrid(np.arange(width), np.arange(height)), axis=-1).astype(np.float32)
    layers = np.dstack([portrait.texture_bgr, portrait.alpha])
    return np.asarray(warped(layers, grid + shift), np.float32)


def _prepare(portrait: Portrait) -> Face:
    points = portrait.points_xyz / portrait.face_px
    relief = Relief(points, points[list(FACE_OVAL)], (-SIDE, -ABOVE), (SIDE, BELOW))
    return Face(portrait, relief, _outline(portrait, relief), Eyes(portrait), Mouth(portrait))


def _outline(portrait: Portrait, relief: Relief) -> FloatArray:
    """Convex hull of the head with its depths, shape (n, 3)."""
    hull = cv2.convexHull(cv2.findNonZero(portrait.alpha)).reshape(-1, 2)
    flat = (hull - np.array(portrait.center_xy)) / portrait.face_px
    depth = relief.depth_at(flat[None, :, 0], flat[None, :, 1])[0]
    return np.column_stack([flat, depth])
