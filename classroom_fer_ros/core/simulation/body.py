"""Neck and shoulders, drawn: photographs seldom show them upright and whole."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from classroom_fer_ros.core.arrays import FloatArray, ImageBgr
from classroom_fer_ros.core.simulation.drawing import filled, to_picture
from classroom_fer_ros.core.simulation.looks import Look

#: The drawn part, in face heights from the middle of the face: half its width, top, bottom.
HALF_WIDTH, TOP, BOTTOM = 1.28, 0.12, 1.90
SUPERSAMPLING = 2
NECK = ((0.0, 0.26), (0.15, 0.27), (0.25, 0.36), (0.265, 0.46), (0.29, 0.56), (0.46, 0.68))
SHOULDERS = (
    *((0.24, 0.60), (0.34, 0.565), (0.50, 0.63), (0.70, 0.70), (0.92, 0.78), (1.06, 0.92)),
    *((1.13, 1.15), (1.17, 1.50), (1.19, 1.90)),
)
#: The opening of the collar, an ellipse: half width, half height and where its middle lies.
COLLAR = (0.29, 0.15, 0.54)


def draw_body(look: Look, skin_bgr: FloatArray, size_px: float, seed: int) -> ImageBgr:
    """
    Draw neck and clothes.

    :param skin_bgr: shape (3,)
    :param size_px: height of the face
    :return: shape (height, width, 4), premultiplied colours and alpha
    """
    scale = size_px * SUPERSAMPLING
    shape = (round((BOTTOM - TOP) * scale), round(2 * HALF_WIDTH * scale))
    x = (np.arange(shape[1], dtype=np.float32) + 0.5)[None] / scale - HALF_WIDTH
    y = (np.arange(shape[0], dtype=np.float32) + 0.5)[:, None] / scale + TOP
    neck = _mirrored(shape, [*NECK, (0.46, 1.0)], scale)
    cloth = _mirrored(shape, SHOULDERS, scale)
    collar = np.clip((1.0 - _from_collar(x, y)) * 0.25 * scale, 0.0, 1.0)
    cloth = cloth * (1.0 - collar)
    colours = _skin(skin_bgr, x, y) * np.ones((*shape, 1), np.float32)
    colours += (_cloth(look, x, y, np.random.default_rng(seed), collar) - colours) * cloth[
        ..., None
    ]
    colours *= (1.0 + 0.16 * look.light * np.tanh(1.5 * x))[..., None]
    alpha = np.maximum(neck, cloth)[..., None] * 255.0
    layers = np.concatenate([np.clip(colours, 0, 255) * alpha / 255.0, alpha], axis=2)
    size_wh = (shape[1] // SUPERSAMPLING, shape[0] // SUPERSAMPLING)
    return np.asarray(cv2.resize(to_picture(layers), size_wh, interpolation=cv2.INTER_AREA))


def _mirrored(
    shape: tuple[int, int], half_outline: Sequence[tuple[float, float]], scale: float
) -> FloatArray:
    """Mirror a half outline to both sides and fill it, 0 to 1."""
    half = _smooth(np.array(half_outline, np.float64))
    outline = np.concatenate([half, half[::-1] * (-1.0, 1.0)])
    return filled(shape, (outline - (-HALF_WIDTH, TOP)) * scale).astype(np.float32) / 255.0


def _smooth(points: FloatArray) -> FloatArray:
    """Round the corners of an open line (Chaikin, 1974), keeping its ends."""
    for _ in range(3):
        cut = np.stack(
            [0.75 * points[:-1] + 0.25 * points[1:], 0.25 * points[:-1] + 0.75 * points[1:]], 1
        ).reshape(-1, 2)
        points = np.concatenate([points[:1], cut, points[-1:]])
    return points


def _from_collar(x: FloatArray, y: FloatArray) -> FloatArray:
    """Distance from the middle of the collar's opening: 1 at its edge."""
    half_width, half_height, middle = COLLAR
    return np.asarray(np.hypot(x / half_width, (y - middle) / half_height))


def _skin(skin_bgr: FloatArray, x: FloatArray, y: FloatArray) -> FloatArray:
    """A neck: round, and in the shadow of the chin."""
    round_shade = 1.0 - 0.25 * np.clip(np.abs(x) / 0.31, 0.0, 1.2) ** 2.5
    shadow = 0.78 + 0.20 * np.clip((y - 0.48) / 0.14, 0.0, 1.0)
    return np.asarray((round_shade * shadow)[..., None] * np.asarray(skin_bgr, np.float32))


def _cloth(
    look: Look, x: FloatArray, y: FloatArray, random: np.random.Generator, collar: FloatArray
) -> FloatArray:
    """Fabric with folds, darker at the sides, with a hem around the neck and sleeves."""
    rows, columns = y.shape[0], x.shape[1]
    folds = cv2.resize(
        random.normal(0.0, 1.0, (7, 10)).astype(np.float32),
        (columns, rows),
        interpolation=cv2.INTER_CUBIC,
    )
    weave = random.normal(0.0, 1.0, (rows, columns)).astype(np.float32)
    shoulder = 0.68 + 0.26 * np.abs(x) ** 1.5
    shade = (
        1.0 + 0.05 * folds + 0.02 * weave - 0.28 * np.clip((np.abs(x) - 0.72) / 0.48, 0, 1) ** 2
    )
    shade = shade + 0.10 * np.exp(-(((y - shoulder - 0.04) / 0.09) ** 2))
    sleeve = np.abs(x) - (0.80 - 0.05 * np.clip(y - 1.2, 0.0, 1.0))
    shade -= 0.16 * np.exp(-((sleeve / 0.022) ** 2)) * np.clip((y - 1.05) / 0.25, 0.0, 1.0)
    colours = shade[..., None] * np.array(look.clothes_bgr, np.float32)
    if look.has_stripes:
        band = np.clip(np.sin((y + 0.04 * x * x) * 34.0) * 4.0, 0.0, 1.0)[..., None]
        colours += (colours * 0.45 + 105.0 - colours) * 0.55 * band
    hem = np.clip(1.0 - np.abs(_from_collar(x, y) - 1.10) / 0.09, 0.0, 1.0)
    return np.asarray(colours * (1.0 - 0.22 * hem * (collar < 1.0))[..., None])
