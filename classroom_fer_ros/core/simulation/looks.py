"""What makes each student another person to the eye: hair, skin, shape, light, clothes. Seeded."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from classroom_fer_ros.core.arrays import FloatArray, ImageBgr
from classroom_fer_ros.core.simulation.drawing import blurred, filled, to_picture
from classroom_fer_ros.core.simulation.portrait import ABOVE, FACE_OVAL, SIDE, Portrait
from classroom_fer_ros.core.simulation.turning import HeadShape

Bgr = tuple[float, float, float]

CHIN_LANDMARK = 152
#: Fewer pixels of hair than this say nothing about its colour.
MIN_HAIR_PIXELS = 50

#: Mean colours of hair, blue, green, red; None leaves it as photographed.
HAIR_BGR: tuple[Bgr | None, ...] = (
    None,
    (34, 42, 56),
    (40, 60, 92),
    (30, 32, 36),
    (42, 66, 116),
    (92, 132, 160),
    (62, 84, 116),
)
#: What skin is multiplied by.
SKIN_GAINS: tuple[Bgr, ...] = (
    (1.0, 1.0, 1.0),
    (0.93, 0.96, 1.0),
    (0.80, 0.88, 0.94),
    (0.66, 0.74, 0.84),
    (0.52, 0.59, 0.70),
    (1.02, 1.02, 1.0),
)
CLOTHES_BGR: tuple[Bgr, ...] = (
    (120, 72, 46),
    (60, 60, 150),
    (88, 122, 70),
    (150, 150, 158),
    (70, 130, 190),
    (128, 84, 128),
    (62, 58, 56),
    (160, 140, 92),
    (205, 205, 208),
    (96, 64, 160),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """
    How one student differs from the photograph.

    :param light: where the light comes from, -1 left in the picture to 1 right
    :param is_recoloured: other hair and skin (not for own photographs, who are somebody already)
    """

    is_mirrored: bool
    shape: HeadShape
    hair_bgr: Bgr | None
    skin_gain: Bgr
    light: float
    brightness: float
    contrast: float
    size: float
    clothes_bgr: Bgr
    has_stripes: bool
    is_recoloured: bool


def looks_of_class(students: int, seed: int, is_recoloured: bool) -> list[Look]:
    """Looks for a class; colours are dealt out like cards, so that neighbours differ."""
    random = np.random.default_rng((seed, 11))
    hair = _dealt(random, len(HAIR_BGR), students)
    skin = _dealt(random, len(SKIN_GAINS), students)
    clothes = _dealt(random, len(CLOTHES_BGR), students)
    mirrored = _dealt(random, 2, students)
    return [
        Look(
            is_mirrored=bool(mirrored[i]),
            shape=HeadShape(*random.uniform((0.93, 0.97, 0.90), (1.07, 1.05, 1.10))),
            hair_bgr=HAIR_BGR[hair[i]],
            skin_gain=SKIN_GAINS[skin[i]],
            light=float(random.uniform(-1.0, 1.0)),
            brightness=float(random.uniform(0.93, 1.06)),
            contrast=float(random.uniform(0.92, 1.08)),
            size=float(random.uniform(0.95, 1.04)),
            clothes_bgr=CLOTHES_BGR[clothes[i]],
            has_stripes=bool(random.random() < 0.3),
            is_recoloured=is_recoloured,
        )
        for i in range(students)
    ]


def _dealt(random: np.random.Generator, kinds: int, count: int) -> list[int]:
    rounds = -(-count // kinds)
    cards = np.concatenate([random.permutation(kinds) for _ in range(rounds)])
    return [int(card) for card in cards[:count]]


def painted(portrait: Portrait, look: Look) -> ImageBgr:
    """
    The portrait's texture as this student has it.

    :return: shape (height, width, 4), colours premultiplied by the alpha in the fourth channel
    """
    colours = portrait.texture_bgr.astype(np.float32)
    if look.is_recoloured:
        hair = _hair_weight(portrait)[..., None]
        colours = _with_skin(colours, look.skin_gain, hair, 0.02 * portrait.face_px)
        if look.hair_bgr is not None:
            colours += (_tinted(portrait.texture_bgr, look.hair_bgr, hair) - colours) * hair
    colours = (colours - 128.0) * look.contrast + 128.0
    colours *= look.brightness * _light(portrait, look.light)[None, :, None]
    alpha = portrait.alpha[..., None].astype(np.float32)
    premultiplied = np.clip(colours, 0, 255) * (alpha / 255.0)
    return to_picture(np.concatenate([premultiplied, alpha], axis=2))


def skin_colour(portrait: Portrait, texture: ImageBgr) -> FloatArray:
    """Median colour of the cheeks beside the mouth, shape (3,), blue, green, red."""
    middle = np.array([SIDE, ABOVE]) * portrait.face_px
    radius = max(1, round(0.02 * portrait.face_px))
    samples = []
    for index in (192, 416, 207, 427):
        x, y = np.round(portrait.points_xyz[index, :2] + middle).astype(int)
        samples.append(texture[y - radius : y + radius, x - radius : x + radius, :3])
    return np.asarray(np.median(np.concatenate(samples).reshape(-1, 3), axis=0))


def _hair_weight(portrait: Portrait) -> FloatArray:
    """How surely each pixel is hair, shape (height, width), 0 to 1: by place, then by colour."""
    face_px = portrait.face_px
    middle = np.array([SIDE, ABOVE]) * face_px
    points = portrait.points_xyz[:, :2] + middle
    # The mesh's forehead reaches under a fringe: the face proper begins just above the brows.
    brow_y = float(points[[105, 334], 1].min()) - 0.06 * face_px
    oval = middle + 0.96 * (points[list(FACE_OVAL)] - middle)
    oval[:, 1] = np.maximum(oval[:, 1], brow_y)
    face = filled(portrait.alpha.shape, oval)
    lab = cv2.cvtColor(portrait.texture_bgr, cv2.COLOR_BGR2LAB).astype(np.float32)
    around = middle + 1.12 * (points[list(FACE_OVAL)] - middle)
    outside = 255 - filled(portrait.alpha.shape, around)
    rows = np.arange(outside.shape[0])[:, None]
    hair = lab[(portrait.alpha > 200) & (outside > 0) & (rows < middle[1])]
    skin = lab[(face > 0) & (rows > middle[1])]
    if len(hair) < MIN_HAIR_PIXELS:
        return np.zeros(face.shape, np.float32)
    weight = 1.0 / (1.0 + np.exp(-np.clip(_fit(lab, hair) - _fit(lab, skin) - 0.5, -20, 20)))
    weight = weight * (face == 0) * (portrait.alpha > 0) * (rows < points[CHIN_LANDMARK, 1])
    weight = cv2.medianBlur((weight * 255).astype(np.uint8), 5).astype(np.float32) / 255
    return blurred(weight, 0.010 * face_px)


def _fit(lab: FloatArray, samples: FloatArray) -> FloatArray:
    """Logarithm of how likely each pixel's colour is under the samples' normal distribution."""
    mean = samples.mean(axis=0)
    covariance = np.cov(samples.T) + 9.0 * np.eye(3)
    offset = lab - mean
    distance = np.einsum('hwi,ij,hwj->hw', offset, np.linalg.inv(covariance), offset)
    return np.asarray(-0.5 * (distance + np.log(np.linalg.det(covariance))))


def _with_skin(colours: FloatArray, gain: Bgr, hair: FloatArray, soft_px: float) -> FloatArray:
    """Tan everything but hair, teeth and the white of the eyes (bright and without colour)."""
    saturation = (colours.max(axis=2) - colours.min(axis=2)) / np.maximum(colours.max(axis=2), 1)
    weight = np.clip((saturation - 0.12) / 0.2, 0.6, 1.0)
    weight = blurred(weight.astype(np.float32), soft_px)[..., None] * (1 - hair)
    return np.asarray(colours * (1.0 + (np.array(gain, np.float32) - 1.0) * weight))


def _tinted(texture_bgr: ImageBgr, hair_bgr: Bgr, hair: FloatArray) -> FloatArray:
    gray = cv2.cvtColor(texture_bgr, cv2.COLOR_BGR2GRAY).astype(np.float32)
    mean = float((gray * hair[..., 0]).sum() / max(float(hair.sum()), 1.0))
    return np.asarray(((gray / max(mean, 1.0)) ** 0.8)[..., None] * np.array(hair_bgr, np.float32))


def _light(portrait: Portrait, light: float) -> FloatArray:
    """Brightness of each column: a lamp at one side."""
    across = np.linspace(-1.0, 1.0, portrait.alpha.shape[1], dtype=np.float32)
    return np.asarray(1.0 + 0.17 * light * np.tanh(2.0 * across), np.float32)
