"""Head angles: signs, sizes, and a real head that turns."""

import json
import math
from pathlib import Path

import cv2
import numpy as np
import pytest

from classroom_fer_ros.core.detection import FullRangeDetector
from classroom_fer_ros.core.errors import ModelError
from classroom_fer_ros.core.head_pose import (
    HeadPoseEstimator,
    angles_of,
    seen_ahead,
    similarity_transform,
)
from classroom_fer_ros.core.mesh import FaceMesh
from classroom_fer_ros.core.spatial import Intrinsics
from classroom_fer_ros.core.tracking import FaceTracker
from films import read_film

SHAPE = Path(__file__).parents[2] / 'models' / 'face_shape.json'


def rotation(x: float, y: float, z: float) -> np.ndarray:
    """Rotation about the camera's axes (right, down, away), degrees."""
    matrices = [
        cv2.Rodrigues(np.radians(angle) * np.eye(3)[axis])[0]
        for axis, angle in enumerate((x, y, z))
    ]
    return matrices[1] @ matrices[0] @ matrices[2]


@pytest.mark.parametrize(
    ('about', 'yaw', 'pitch', 'roll'),
    [
        pytest.param((0, 0, 0), 0, 0, 0, id='ahead'),
        pytest.param((0, -25, 0), 25, 0, 0, id='towards own left, right in the picture'),
        pytest.param((20, 0, 0), 0, 20, 0, id='down'),
        pytest.param((0, 0, -15), 0, 0, 15, id='towards own right shoulder'),
        pytest.param((-10, 40, 0), -40, -10, 0, id='up and to own right'),
    ],
)
def test_signs(about: tuple[float, ...], yaw: float, pitch: float, roll: float) -> None:
    angles = angles_of(rotation(*about))
    found = np.degrees([angles.yaw_rad, angles.pitch_rad, angles.roll_rad])
    assert found == pytest.approx([yaw, pitch, roll], abs=1e-6)


def test_the_mean_shape_turned_is_read_back() -> None:
    points = np.array(json.loads(SHAPE.read_text())['points_xyz'])
    estimate = HeadPoseEstimator(SHAPE)
    for yaw in (-50, -10, 30):
        angles = estimate(120.0 * points @ rotation(5, -yaw, 3).T + [300, 200, 0])
        assert math.degrees(angles.yaw_rad) == pytest.approx(yaw, abs=1.0)


def test_similarity_transform_inverts() -> None:
    source = np.random.default_rng(1).normal(size=(20, 3))
    turn = rotation(10, 20, 30)
    scale, found, shift = similarity_transform(source, 2.5 * source @ turn.T + [1, 2, 3])
    assert scale == pytest.approx(2.5)
    np.testing.assert_allclose(found, turn, atol=1e-9)
    np.testing.assert_allclose(shift, [1, 2, 3], atol=1e-9)


def test_a_real_head_looks_to_both_sides(data_dir: Path) -> None:
    tracker = FaceTracker(FullRangeDetector(), FaceMesh())
    estimate = HeadPoseEstimator(SHAPE)
    yaw_deg = []
    for frame in read_film(data_dir / 'video' / 'face_turning_a.mp4', last=240):
        (face,) = tracker.update(frame.image_bgr, frame.stamp_s)
        yaw_deg.append(math.degrees(estimate(face.landmarks.points_xyz).yaw_rad))
    # By eye: to the right in the picture at 5.8 s, to the left at 0.8 s, ahead at the start.
    assert yaw_deg[174] > 10
    assert yaw_deg[24] < -10
    assert abs(yaw_deg[0]) < 5


def test_a_broken_shape_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r'none\.json'):
        HeadPoseEstimator(tmp_path / 'none.json')
    (tmp_path / 'short.json').write_text('{"points_xyz": [[0, 0, 0]]}')
    with pytest.raises(ModelError, match=r'short\.json'):
        HeadPoseEstimator(tmp_path / 'short.json')


LENS = Intrinsics.usual((1280, 720))


def seen_from_aside(yaw: float, aside: float, up: float) -> np.ndarray:
    """
    Mesh of the mean face as a pinhole camera sees it, so many degrees beside its axis.

    Its angles are relative to the line of sight.
    """
    points = np.array(json.loads(SHAPE.read_text())['points_xyz'])
    height_m = 0.18 / np.ptp(points[:, 1])
    head = height_m * (points - points.mean(axis=0)) @ rotation(5, -yaw, 0).T
    placed = (head + np.array([0.0, 0.0, 2.5])) @ rotation(up, aside, 0).T
    xy = LENS.focal_x * placed[:, :2] / placed[:, 2:] + [LENS.center_x, LENS.center_y]
    spread = np.sqrt(((xy - xy.mean(axis=0)) ** 2).sum() / ((head[:, :2]) ** 2).sum())
    return np.column_stack([xy, head[:, 2] * spread])


@pytest.mark.parametrize('yaw', [-30, 0, 30])
@pytest.mark.parametrize(('aside', 'up'), [(28, 0), (-28, 14), (20, -15)])
def test_the_lens_is_taken_into_account(yaw: float, aside: float, up: float) -> None:
    estimate = HeadPoseEstimator(SHAPE)

    def off(points: np.ndarray, lens: Intrinsics | None) -> float:
        """How far the rotation is from that of the same head in the middle, degrees."""
        ahead = estimate.rotation(seen_from_aside(yaw, 0, 0), LENS)
        turned = estimate.rotation(points, lens) @ ahead.T
        return math.degrees(float(np.linalg.norm(cv2.Rodrigues(turned)[0])))

    points = seen_from_aside(yaw, aside, up)
    assert off(points, LENS) < 1.0
    assert off(points, LENS) < off(points, None)


def test_points_in_the_middle_stay() -> None:
    points = seen_from_aside(10, 0, 0)
    middle = [LENS.center_x, LENS.center_y, 0.0]
    np.testing.assert_allclose(seen_ahead(points, LENS), points - middle, atol=0.5)
