"""Overlap of boxes."""

import numpy as np
import pytest

from classroom_fer_ros.core.geometry import non_maximum_suppression, pairwise_overlap

UNIT = np.array([[0.0, 0.0, 10.0, 10.0]])


@pytest.mark.parametrize(
    ('other', 'iou', 'containment'),
    [
        pytest.param([0, 0, 10, 10], 1.0, 1.0, id='same'),
        pytest.param([20, 0, 30, 10], 0.0, 0.0, id='apart'),
        pytest.param([10, 0, 20, 10], 0.0, 0.0, id='touching'),
        pytest.param([5, 0, 15, 10], 1 / 3, 0.5, id='half'),
        pytest.param([0, 0, 5, 5], 0.25, 1.0, id='inside'),
        pytest.param([3, 3, 3, 3], 0.0, 0.0, id='without area'),
    ],
)
def test_overlap(other: list[float], iou: float, containment: float) -> None:
    found_iou, found_containment = pairwise_overlap(UNIT, np.array([other], float))
    assert found_iou[0, 0] == pytest.approx(iou)
    assert found_containment[0, 0] == pytest.approx(containment)


def test_no_boxes_overlap_nothing() -> None:
    iou, _ = pairwise_overlap(np.empty((0, 4)), UNIT)
    assert iou.shape == (0, 1)
    assert non_maximum_suppression(np.empty((0, 4)), np.empty(0), 0.5, 0.5) == []


def test_the_best_of_overlapping_boxes_stays() -> None:
    boxes = np.array([[0, 0, 10, 10], [1, 0, 11, 10], [30, 0, 40, 10]], float)
    assert non_maximum_suppression(boxes, np.array([0.7, 0.9, 0.8]), 0.35, 0.6) == [1, 2]
