"""Eye and mouth openings on a mesh that is opened and closed by hand, and on real pictures."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from classroom_fer_ros.core.detection import FullRangeDetector
from classroom_fer_ros.core.eyes import LEFT_EYE, MOUTH_CORNERS, MOUTH_EDGES, RIGHT_EYE
from classroom_fer_ros.core.eyes import measure_openings as measure
from classroom_fer_ros.core.mesh import FaceMesh
from classroom_fer_ros.core.tracking import FaceTracker
from films import read_film


def mesh_of(eye_height: float, mouth_height: float) -> np.ndarray:
    """Eyes 40 px wide and 100 px apart, a mouth 60 px wide."""
    points = np.zeros((468, 3), np.float32)
    for indices, center, side in ((RIGHT_EYE, 100, -1), (LEFT_EYE, 200, 1)):
        outer, upper_outer, upper_inner, inner, lower_inner, lower_outer = indices
        points[outer], points[inner] = (center + 20 * side, 0, 0), (center - 20 * side, 0, 0)
        for index in (upper_outer, upper_inner):
            points[index] = (center, -eye_height / 2, 0)
        for index in (lower_inner, lower_outer):
            points[index] = (center, eye_height / 2, 0)
    points[list(MOUTH_CORNERS)] = [(120, 100, 0), (180, 100, 0)]
    for upper, lower in MOUTH_EDGES:
        points[upper], points[lower] = (150, 100 - mouth_height, 0), (150, 100, 0)
    return points


def test_ratios() -> None:
    openings = measure(mesh_of(eye_height=12, mouth_height=30))
    assert openings.left_eye_ratio == pytest.approx(12 / 40)
    assert openings.right_eye_ratio == pytest.approx(12 / 40)
    assert openings.mouth_ratio == pytest.approx(0.5)
    assert openings.eye_distance_px == pytest.approx(100)


def test_closed_is_zero() -> None:
    openings = measure(mesh_of(eye_height=0, mouth_height=0))
    assert openings.left_eye_ratio == openings.right_eye_ratio == openings.mouth_ratio == 0


def test_turning_does_not_narrow_the_eye() -> None:
    points = mesh_of(eye_height=12, mouth_height=0)
    turn = cv2.Rodrigues(np.array([0.0, 0.6, 0.0]))[0]
    assert measure(points @ turn.T).left_eye_ratio == pytest.approx(12 / 40, rel=1e-4)


def test_a_collapsed_mesh_gives_numbers() -> None:
    openings = measure(np.zeros((468, 3), np.float32))
    assert np.isfinite([openings.left_eye_ratio, openings.mouth_ratio]).all()


def test_a_real_yawn_opens_the_mouth(data_dir: Path) -> None:
    tracker = FaceTracker(FullRangeDetector(), FaceMesh())
    ratios = []
    for frame in read_film(data_dir / 'video' / 'driver_yawning_1.avi', last=190):
        faces = tracker.update(frame.image_bgr, frame.stamp_s)
        ratios.append(measure(faces[0].landmarks.points_xyz).mouth_ratio)
    # By eye: mouth shut in the first three seconds, wide open from 4.5 s.
    assert max(ratios[:90]) < 0.15
    assert min(ratios[150:180]) > 0.3
