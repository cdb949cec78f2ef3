"""Places of heads in space."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from classroom_fer_ros.core.head_pose import CAMERA_TO_PERSON, angles_of
from classroom_fer_ros.core.mesh import LEFT_EYE_OUTER, RIGHT_EYE_OUTER
from classroom_fer_ros.core.results import Face, Landmarks
from classroom_fer_ros.core.spatial import (
    OUTER_EYE_DISTANCE_M,
    Intrinsics,
    gaze_direction,
    head_orientation,
    head_position,
    quaternion_product,
)

CAMERA = Intrinsics(focal_x=1000, focal_y=1000, center_x=640, center_y=360)


def face_at(x: float, y: float, eyes_px: float, turn_rad: float = 0.0) -> Face:
    points = np.full((468, 3), 0.0)
    points[:, :2] = x, y
    half = 0.5 * eyes_px * np.array([np.cos(turn_rad), 0.0, np.sin(turn_rad)])
    points[RIGHT_EYE_OUTER] -= half
    points[LEFT_EYE_OUTER] += half
    return Face(
        face_id='001',
        box_xyxy=(0, 0, 1, 1),
        score=1.0,
        keypoints_xy=np.zeros((5, 2)),
        landmarks=Landmarks(points_xyz=points, quality=1.0),
    )


@pytest.mark.parametrize('turn_rad', [0.0, 0.7])
def test_place(turn_rad: float) -> None:
    face = face_at(640 + 200, 360 - 100, 1000 * OUTER_EYE_DISTANCE_M / 2.0, turn_rad)
    assert head_position(face, CAMERA) == pytest.approx([0.4, -0.2, 2.0])


def test_without_landmarks_no_place() -> None:
    face = Face(face_id='1', box_xyxy=(0, 0, 1, 1), score=1.0, keypoints_xy=np.zeros((5, 2)))
    assert head_position(face, CAMERA) is None
    assert head_position(face_at(10, 10, 0.0), CAMERA) is None


def test_usual_camera() -> None:
    usual = Intrinsics.usual((1280, 720))
    assert (usual.center_x, usual.center_y) == (640, 360)
    assert 900 < usual.focal_x < 1100


@pytest.mark.parametrize(
    ('yaw_rad', 'pitch_rad', 'expected'),
    [
        pytest.param(0, 0, [0, 0, -1], id='into the camera'),
        pytest.param(np.pi / 2, 0, [1, 0, 0], id='own left is right in the picture'),
        pytest.param(0, np.pi / 2, [0, 1, 0], id='down'),
    ],
)
def test_gaze(yaw_rad: float, pitch_rad: float, expected: list[float]) -> None:
    assert gaze_direction(yaw_rad, pitch_rad) == pytest.approx(expected, abs=1e-9)


ANGLES = [
    pytest.param((0.0, 0.0, 0.0), id='into the camera'),
    pytest.param((0.6, 0.0, 0.0), id='yaw'),
    pytest.param((0.0, -0.4, 0.0), id='pitch'),
    pytest.param((0.0, 0.0, 0.3), id='roll'),
    pytest.param((-1.1, 0.5, -0.7), id='all three'),
]


@pytest.mark.parametrize('angles', ANGLES)
def test_a_head_s_forward_axis_is_where_it_points(angles: tuple[float, float, float]) -> None:
    orientation = Rotation.from_quat(head_orientation(*angles))
    assert orientation.apply([1, 0, 0]) == pytest.approx(gaze_direction(*angles[:2]))


@pytest.mark.parametrize('angles', ANGLES)
def test_orientation_is_the_fitted_rotation(angles: tuple[float, float, float]) -> None:
    axes = Rotation.from_quat(head_orientation(*angles)).as_matrix()
    found = angles_of(axes @ CAMERA_TO_PERSON)
    assert (found.yaw_rad, found.pitch_rad, found.roll_rad) == pytest.approx(angles)


def test_the_axes_of_somebody_who_faces_the_camera() -> None:
    forward, left, up = Rotation.from_quat(head_orientation(0, 0, 0)).as_matrix().T
    assert forward == pytest.approx([0, 0, -1])
    assert left == pytest.approx([1, 0, 0])
    assert up == pytest.approx([0, -1, 0])


def test_product_is_that_of_rotations() -> None:
    first, second = Rotation.random(2, random_state=1)
    product = quaternion_product(first.as_quat(), second.as_quat())
    expected = (first * second).as_matrix()
    assert Rotation.from_quat(product).as_matrix() == pytest.approx(expected)
