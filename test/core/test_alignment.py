"""Aligned crops: the same face at the same place, whatever its size, place and rotation."""

from __future__ import annotations

import math
from pathlib import Path

import cv2
import numpy as np
import pytest

from classroom_fer_ros.core.alignment import CROP_SIZE, TEMPLATE_XY, align, template_to_image


def similarity(scale: float, degrees: float, shift: tuple[float, float]) -> np.ndarray:
    a, b = scale * math.cos(math.radians(degrees)), scale * math.sin(math.radians(degrees))
    return np.array([[a, -b, shift[0]], [b, a, shift[1]]])


def moved(points_xy: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    return points_xy @ matrix[:, :2].T + matrix[:, 2]


SIMILARITIES = [
    pytest.param(1.0, 0.0, (0.0, 0.0), id='as it is'),
    pytest.param(0.25, 0.0, (300.0, 200.0), id='small'),
    pytest.param(3.0, 0.0, (20.0, 10.0), id='large'),
    pytest.param(1.2, 35.0, (100.0, 50.0), id='tilted'),
    pytest.param(0.8, 180.0, (200.0, 200.0), id='upside down'),
]


@pytest.mark.parametrize(('scale', 'degrees', 'shift'), SIMILARITIES)
def test_similarities_are_found_exactly(
    scale: float, degrees: float, shift: tuple[float, float]
) -> None:
    matrix = similarity(scale, degrees, shift)
    found = template_to_image(moved(TEMPLATE_XY, matrix))
    np.testing.assert_allclose(found, matrix, atol=1e-9)


def test_the_least_squares_optimum() -> None:
    """No other similarity near the found one fits noisy keypoints better."""
    rng = np.random.default_rng(3)
    keypoints = moved(TEMPLATE_XY, similarity(1.5, 20.0, (40.0, 30.0))) + rng.normal(0, 4, (5, 2))
    found = template_to_image(keypoints)

    def error(matrix: np.ndarray) -> float:
        return float(((moved(TEMPLATE_XY, matrix) - keypoints) ** 2).sum())

    best = error(found)
    for _ in range(200):
        a, b, x, y = rng.normal(0, (0.02, 0.02, 1.0, 1.0))
        assert error(found + np.array([[a, -b, x], [b, a, y]])) >= best


@pytest.mark.parametrize(('scale', 'degrees', 'shift'), SIMILARITIES)
def test_crops_look_the_same(scale: float, degrees: float, shift: tuple[float, float]) -> None:
    """A pattern drawn into the picture by a similarity is cut out as it was."""
    pattern = np.zeros((CROP_SIZE, CROP_SIZE, 3), np.uint8)
    for (x, y), color in zip(TEMPLATE_XY, [(0, 0, 255), (0, 255, 0)] * 3, strict=False):
        cv2.circle(pattern, (round(x), round(y)), 9, color, cv2.FILLED)
    matrix = similarity(scale, degrees, shift)
    image = cv2.warpAffine(pattern, matrix, (640, 480), flags=cv2.INTER_LINEAR)
    crop = align(image, moved(TEMPLATE_XY, matrix))
    assert crop.image_bgr.shape == (CROP_SIZE, CROP_SIZE, 3)
    assert crop.image_bgr.dtype == np.uint8
    first, second = (cv2.GaussianBlur(x, (9, 9), 0).astype(int) for x in (crop.image_bgr, pattern))
    assert np.abs(first - second).mean() < 2


@pytest.mark.parametrize('scale', [2.1, 2.7, 4.0, 9.5])
def test_large_faces_are_averaged(scale: float) -> None:
    """Noise of single pixels fades by the square root of the pixels averaged."""
    noise = np.random.default_rng(0).normal(128, 40, (1100, 1100, 3))
    image = np.clip(noise, 0, 255).astype(np.uint8)
    keypoints = moved(TEMPLATE_XY, similarity(scale, 0.0, (5.0, 5.0)))
    crop = align(image, keypoints).image_bgr
    assert crop.std() < 1.3 * 40 / int(scale)
    assert abs(crop.mean() - 128) < 2


@pytest.mark.parametrize('scale', [1.0, 2.3, 5.0])
def test_nothing_moves_by_a_fraction_of_a_pixel(scale: float) -> None:
    """The middle of a soft spot on the nose comes to lie where the template has the nose."""
    keypoints = moved(TEMPLATE_XY, similarity(scale, 0.0, (13.0, 17.0)))
    nose_x, nose_y = keypoints[2]
    y, x = np.indices((640, 640))
    spot = 250 * np.exp(-((x - nose_x) ** 2 + (y - nose_y) ** 2) / (2 * (5 * scale) ** 2))
    image = np.repeat(np.rint(spot).astype(np.uint8)[..., None], 3, axis=2)
    crop = align(image, keypoints).image_bgr[..., 0].astype(float)
    y, x = np.indices(crop.shape)
    middle = np.array([(x * crop).sum(), (y * crop).sum()]) / crop.sum()
    np.testing.assert_allclose(middle, TEMPLATE_XY[2], atol=0.04)


@pytest.mark.parametrize('shift', [(-150.0, -80.0), (500.0, 300.0), (-5000.0, 0.0)])
def test_large_faces_at_the_border(shift: tuple[float, float]) -> None:
    """The part that lies in the picture is where it belongs, outside of it the border goes on."""
    image = np.full((480, 640, 3), 200, np.uint8)
    image[20:460, 20:620] = 90
    matrix = similarity(3.3, 10.0, shift)
    crop = align(image, moved(TEMPLATE_XY, matrix)).image_bgr
    rows, columns = np.indices((112, 112)).reshape(2, -1)
    x, y = moved(np.stack([columns, rows], axis=1), matrix).T
    is_inside = (x > 24) & (y > 24) & (x < 615) & (y < 455)
    is_outside = (x < -4) | (y < -4) | (x > 643) | (y > 483)
    levels = crop[..., 0].reshape(-1)
    assert (levels[is_inside] == 90).all()
    assert (levels[is_outside] == 200).all()


def test_a_small_face_covers_the_whole_crop() -> None:
    """Red at the right eye, blue at the left, green at the mouth, in a picture of 60 pixels."""
    matrix = similarity(0.3, 0.0, (10.0, 12.0))
    keypoints = moved(TEMPLATE_XY, matrix)
    image = np.zeros((60, 60, 3), np.uint8)
    for point, color in zip(keypoints[[0, 1, 3, 4]], [(0, 0, 255), (255, 0, 0)] * 2, strict=True):
        cv2.circle(image, tuple(round(v) for v in point), 2, color, cv2.FILLED)
    crop = align(image, keypoints).image_bgr
    right_eye, left_eye = (crop[round(y), round(x)] for x, y in TEMPLATE_XY[:2])
    assert right_eye[2] > 150 > right_eye[0]
    assert left_eye[0] > 150 > left_eye[2]


@pytest.mark.parametrize('scale', [1.0, 3.0])
def test_outside_of_the_picture_its_border_goes_on(scale: float) -> None:
    column = (np.arange(300) // 2 + 50).astype(np.uint8)
    image = np.broadcast_to(column[:, None, None], (300, 300, 3))
    matrix = similarity(scale, 0.0, (-56.0 * scale, 0.0))
    crop = align(image, moved(TEMPLATE_XY, matrix)).image_bgr.astype(int)
    rows = (np.arange(90) * scale) // 2 + 50
    assert np.abs(crop[:90, :50, 0] - rows[:90, None]).max() <= 2, 'left of the picture'
    assert np.abs(crop[:90, 60:90, 0] - rows[:90, None]).max() <= 2


def test_a_face_far_outside_shows_the_nearest_corner() -> None:
    image = np.full((100, 100, 3), 200, np.uint8)
    image[90:, 90:] = 70
    assert (align(image, TEMPLATE_XY + 5000.0).image_bgr == 70).all()


def test_the_map_leads_back_to_the_picture() -> None:
    keypoints = moved(TEMPLATE_XY, similarity(2.5, -15.0, (200.0, 150.0)))
    crop = align(np.zeros((480, 640, 3), np.uint8), keypoints)
    np.testing.assert_allclose(moved(TEMPLATE_XY, crop.to_image), keypoints, atol=1e-9)


def test_one_photograph_in_two_sizes(data_dir: Path) -> None:
    """A face of a real photograph gives nearly the same crop from the picture at half its size."""
    image = cv2.imread(str(sorted((data_dir / 'people').rglob('*.jpg'))[0]))
    keypoints = moved(TEMPLATE_XY, similarity(1.0, 0.0, (69.0, 69.0)))
    half = cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    # Pixel centres lie at whole numbers, so halving moves them by a quarter.
    small = align(half, (keypoints + 0.5) / 2 - 0.5).image_bgr.astype(int)
    assert np.abs(align(image, keypoints).image_bgr.astype(int) - small).mean() < 6
