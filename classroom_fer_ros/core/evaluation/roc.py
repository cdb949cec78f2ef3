"""Receiver operating characteristic: its points, and a picture of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from classroom_fer_ros.core.arrays import FloatArray, ImageBgr
from classroom_fer_ros.core.errors import DataError

BoolArray = npt.NDArray[np.bool_]

#: Size of the picture and of the frame that the curve is in, in pixels.
SIZE_WH = (720, 560)
LEFT, TOP, RIGHT, BOTTOM = 80, 30, 690, 490
#: Decades of the axis of false accepts: less is not told apart by some hundred pairs.
DECADES = (1e-3, 1e-2, 1e-1, 1.0)
TAR_LINES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
INK, GRID = (40, 40, 40), (215, 215, 215)
COLOURS = ((180, 80, 20), (40, 110, 220), (60, 150, 60), (150, 60, 150))


@dataclass(frozen=True, slots=True)
class Roc:
    """
    Shares accepted at every threshold, from the strictest on.

    :param far: shape (n,), share of pairs of two people accepted, never decreasing from 0 to 1
    :param tar: shape (n,), share of pairs of one person accepted
    """

    far: FloatArray
    tar: FloatArray


def roc_curve(similarity: FloatArray, is_same: BoolArray) -> Roc:
    """
    Points of the curve; pairs of equal similarity are accepted together.

    :param similarity: shape (n,)
    :param is_same: shape (n,), with pairs of both kinds
    """
    order = np.argsort(-similarity, kind='stable')
    ranked, same = similarity[order], is_same[order]
    is_last = np.append(np.diff(ranked) != 0, True)  # of its similarity
    accepted, wrong = np.cumsum(same)[is_last], np.cumsum(~same)[is_last]
    return Roc(
        far=np.append(0.0, wrong / wrong[-1]),
        tar=np.append(0.0, accepted / accepted[-1]),
    )


def write_roc(path: Path, curves: Mapping[str, Roc]) -> None:
    """
    Draw curves over the share of false accepts on a logarithmic axis.

    :param path: a PNG file; its folder is made
    :param curves: by the name that the key shows
    :raises DataError: if the file cannot be written
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _, encoded = cv2.imencode('.png', draw_roc(curves))
        path.write_bytes(encoded.tobytes())
    except OSError as error:
        raise DataError(f'{path} cannot be written: {error}') from error


def draw_roc(curves: Mapping[str, Roc]) -> ImageBgr:
    """The picture of `write_roc`, shape (560, 720, 3), uint8."""
    image = np.full((*SIZE_WH[::-1], 3), 255, np.uint8)
    _draw_axes(image)
    for index, (name, curve) in enumerate(curves.items()):
        colour = COLOURS[index % len(COLOURS)]
        # A step keeps the height it has: between two pairs nothing is known.
        points = np.stack([np.repeat(curve.far, 2)[1:], np.repeat(curve.tar, 2)[:-1]], axis=1)
        line = np.array([_pixel(far, tar) for far, tar in points], np.int32)
        cv2.polylines(image, [line], False, colour, 2, cv2.LINE_AA)
        _write(image, name, (LEFT + 330, BOTTOM - 20 - 24 * index), colour)
    return image


def _draw_axes(image: ImageBgr) -> None:
    for far in DECADES:
        x, _ = _pixel(far, 0.0)
        cv2.line(image, (x, TOP), (x, BOTTOM), GRID, 1)
        _write(image, f'{far:g}', (x - 18, BOTTOM + 22))
    for tar in TAR_LINES:
        _, y = _pixel(DECADES[0], tar)
        cv2.line(image, (LEFT, y), (RIGHT, y), GRID, 1)
        _write(image, f'{tar:.1f}', (LEFT - 40, y + 5))
    cv2.rectangle(image, (LEFT, TOP), (RIGHT, BOTTOM), INK, 1)
    _write(image, 'pairs of two people accepted', (LEFT + 180, BOTTOM + 50))
    _write(image, 'pairs of one person accepted', (LEFT, TOP - 10))


def _pixel(far: float, tar: float) -> tuple[int, int]:
    decades = np.log10(max(far, DECADES[0]) / DECADES[0]) / np.log10(DECADES[-1] / DECADES[0])
    return round(LEFT + float(decades) * (RIGHT - LEFT)), round(BOTTOM - tar * (BOTTOM - TOP))


def _write(
    image: ImageBgr, text: str, place_xy: tuple[int, int], colour: tuple[int, int, int] = INK
) -> None:
    cv2.putText(image, text, place_xy, cv2.FONT_HERSHEY_SIMPLEX, 0.5, colour, 1, cv2.LINE_AA)
