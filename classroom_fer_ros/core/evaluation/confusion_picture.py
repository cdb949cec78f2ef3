"""Confusion matrices as a picture: true labels down, answers across."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np

from classroom_fer_ros.core.arrays import ImageBgr
from classroom_fer_ros.core.errors import DataError
from classroom_fer_ros.core.evaluation.label_scores import LabelSetScore

CELL_PX = 72
LEFT_PX, TOP_PX = 110, 76
INK, PAPER = (40, 40, 40), (255, 255, 255)
#: Colour of a cell that all answers of its row are in, BGR.
FULL_BGR = np.array([150, 80, 20])
FONT = cv2.FONT_HERSHEY_SIMPLEX


def draw_confusions(scores: Mapping[str, LabelSetScore]) -> ImageBgr:
    """
    Draw the matrix of each set of labels, side by side; shades are shares of the row.

    :param scores: by title, at least one
    :return: shape (height, width, 3), uint8
    """
    panels = [_panel(title, score) for title, score in scores.items()]
    height = max(panel.shape[0] for panel in panels)
    padded = [
        cv2.copyMakeBorder(
            panel, 0, height - panel.shape[0], 0, 24, cv2.BORDER_CONSTANT, value=PAPER
        )
        for panel in panels
    ]
    return np.asarray(cv2.hconcat(padded), np.uint8)


def write_confusions(scores: Mapping[str, LabelSetScore], path: Path) -> None:
    """
    Write the picture as PNG; folders on the way are made.

    :raises DataError: if it cannot be written
    """
    encoded = cv2.imencode('.png', draw_confusions(scores))[1]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encoded.tobytes())
    except OSError as error:
        raise DataError(f'{path} cannot be written: {error.strerror}') from error


def _panel(title: str, score: LabelSetScore) -> ImageBgr:
    names = list(score.recall)
    side = CELL_PX * len(names)
    image = np.full((TOP_PX + side + 16, LEFT_PX + side, 3), PAPER, np.uint8)
    _write(image, f'{title}: {score.accuracy:.1%} of {score.count}', (8, 26), 0.65)
    for row, (name, counts) in enumerate(zip(names, score.confusion, strict=True)):
        _write(image, name, (8, TOP_PX + CELL_PX * row + CELL_PX // 2 + 5), 0.5)
        _write(image, name, (LEFT_PX + CELL_PX * row + 2, TOP_PX - 10), 0.42)
        for column, count in enumerate(counts):
            _cell(image, row, column, count, count / max(1, sum(counts)))
    return image


def _cell(image: ImageBgr, row: int, column: int, count: int, share: float) -> None:
    x, y = LEFT_PX + CELL_PX * column, TOP_PX + CELL_PX * row
    color = (np.array(PAPER) * (1.0 - share) + FULL_BGR * share).tolist()
    cv2.rectangle(image, (x, y), (x + CELL_PX - 2, y + CELL_PX - 2), color, cv2.FILLED)
    ink = PAPER if share > 0.5 else INK
    _write(image, str(count), (x + 8, y + 32), 0.5, ink)
    _write(image, f'{share:.0%}', (x + 8, y + 54), 0.4, ink)


def _write(
    image: ImageBgr,
    text: str,
    place_xy: tuple[int, int],
    size: float,
    color: tuple[int, int, int] = INK,
) -> None:
    cv2.putText(image, text, place_xy, FONT, size, color, 1, cv2.LINE_AA)
