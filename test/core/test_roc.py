"""The curve of accepted pairs, and its picture."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from classroom_fer_ros.core.errors import DataError
from classroom_fer_ros.core.evaluation.roc import BOTTOM, LEFT, RIGHT, TOP, roc_curve, write_roc


def test_the_curve_goes_from_nothing_to_everything() -> None:
    curve = roc_curve(np.array([0.9, 0.2, 0.8, 0.1]), np.array([True, True, False, False]))
    assert curve.far.tolist() == [0.0, 0.0, 0.5, 0.5, 1.0]
    assert curve.tar.tolist() == [0.0, 0.5, 0.5, 1.0, 1.0]


def test_equal_similarities_are_one_step() -> None:
    curve = roc_curve(np.full(10, 0.5), np.arange(10) < 5)
    assert curve.far.tolist() == [0.0, 1.0]
    assert curve.tar.tolist() == [0.0, 1.0]


def test_the_picture_shows_the_curve(tmp_path: Path) -> None:
    clear = roc_curve(np.arange(40.0), np.arange(40) >= 20)
    path = tmp_path / 'new' / 'roc.png'
    write_roc(path, {'clear': clear})
    picture = cv2.imread(str(path)).astype(int)
    is_line = np.ptp(picture, axis=2) > 60  # axes and grid are gray
    rows, columns = np.nonzero(is_line[: BOTTOM - 60])
    assert abs(int(np.median(rows)) - TOP) <= 2
    assert columns.min() <= LEFT + 2
    assert columns.max() >= RIGHT - 2


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / 'file').write_text('')
    with pytest.raises(DataError, match=r'roc\.png'):
        write_roc(tmp_path / 'file' / 'roc.png', {})
