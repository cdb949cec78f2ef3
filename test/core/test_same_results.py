"""What was made faster gives exactly what its plain formula does."""

from __future__ import annotations

import numpy as np
import pytest

from classroom_fer_ros.core.detection import TO_TWO
from classroom_fer_ros.core.eyes import (
    EYE_CENTER_CORNERS,
    LEFT_EYE,
    MOUTH_CORNERS,
    MOUTH_EDGES,
    RIGHT_EYE,
    measure_openings,
)
from classroom_fer_ros.core.light import SAMPLING_STEP, mean_luminance
from classroom_fer_ros.core.mesh import ROI_SCALE, TO_UNIT, roi_from_landmarks
from classroom_fer_ros.core.results import Landmarks
from classroom_fer_ros.core.tracking import box_of

LEVELS = np.arange(256, dtype=np.uint8)


@pytest.fixture(params=range(20))
def points_xyz(request: pytest.FixtureRequest) -> np.ndarray:
    """Points where a picture's may lie."""
    random = np.random.default_rng(request.param)
    points = random.normal(random.uniform(0, 2000, 3), random.uniform(5, 200, 3), (468, 3))
    return points.astype(np.float32)


def test_box(points_xyz: np.ndarray) -> None:
    low, high = points_xyz[:, :2].min(axis=0), points_xyz[:, :2].max(axis=0)
    assert box_of(Landmarks(points_xyz=points_xyz, quality=1.0)) == (*low, *high)


def test_region_of_interest(points_xyz: np.ndarray) -> None:
    roi = roi_from_landmarks(points_xyz[:, :2])
    cos, sin = np.cos(roi.rotation_rad), np.sin(roi.rotation_rad)
    levelled = points_xyz[:, :2] @ np.array([[cos, -sin], [sin, cos]], np.float32)
    assert roi.side == float(np.ptp(levelled, axis=0).max()) * ROI_SCALE


def test_openings(points_xyz: np.ndarray) -> None:
    def distance(one: int, other: int) -> float:
        return float(np.sqrt(float(np.sum((points_xyz[one] - points_xyz[other]) ** 2))))

    def eye_ratio(eye: tuple[int, ...]) -> float:
        outer, upper_outer, upper_inner, inner, lower_inner, lower_outer = eye
        height = distance(upper_outer, lower_outer) + distance(upper_inner, lower_inner)
        return height / (2.0 * distance(outer, inner))

    openings = measure_openings(points_xyz)
    assert openings.left_eye_ratio == eye_ratio(LEFT_EYE)
    assert openings.right_eye_ratio == eye_ratio(RIGHT_EYE)
    gaps = [distance(*edge) for edge in MOUTH_EDGES]
    assert openings.mouth_ratio == sum(gaps) / 3 / distance(*MOUTH_CORNERS)
    right, left = (points_xyz[list(pair), :2].mean(axis=0) for pair in EYE_CENTER_CORNERS)
    assert openings.eye_distance_px == float(np.sqrt(float(np.sum((right - left) ** 2))))


@pytest.mark.parametrize('size_wh', [(1280, 720), (37, 5), (8, 9)])
def test_mean_luminance(size_wh: tuple[int, int]) -> None:
    image = np.random.default_rng(1).integers(0, 256, (*size_wh[::-1], 3), np.uint8)
    sampled = image[::SAMPLING_STEP, ::SAMPLING_STEP].reshape(-1, 3)
    blue, green, red = sampled.mean(axis=0)
    assert mean_luminance(image) == 0.114 * blue + 0.587 * green + 0.299 * red


def test_inputs_of_the_networks() -> None:
    unit, two = LEVELS.astype(np.float32), LEVELS.astype(np.float32)
    unit *= 1 / 255
    two *= 2.0 / 255.0
    written = np.empty_like(unit)
    assert np.array_equal(np.multiply(LEVELS, TO_UNIT, out=written), unit)
    assert np.array_equal(np.multiply(LEVELS, TO_TWO, out=written), two)
