"""The face mesh on a photograph that an installed package ships."""

import math

import cv2
import numpy as np
import pytest

from classroom_fer_ros.core.errors import ModelError
from classroom_fer_ros.core.mesh import (
    FaceMesh,
    RegionOfInterest,
    keypoints_from_landmarks,
    roi_from_landmarks,
)
from classroom_fer_ros.core.package_files import package_file

ROI = RegionOfInterest(225.0, 123.0, 165.0, 0.06)


@pytest.fixture(scope='module')
def photograph() -> np.ndarray:
    return cv2.imread(str(package_file('scikit-image', 'skimage/data/astronaut.png')))


@pytest.fixture(scope='module')
def mesh() -> FaceMesh:
    return FaceMesh()


def test_keypoints_lie_on_the_face(photograph: np.ndarray, mesh: FaceMesh) -> None:
    (landmarks,) = mesh(photograph, [ROI])
    right_eye, left_eye, nose, mouth_right, mouth_left = keypoints_from_landmarks(
        landmarks.points_xy
    )
    assert landmarks.quality > 0.99
    # Read off the photograph by eye.
    assert right_eye == pytest.approx([204, 101], abs=3)
    assert left_eye == pytest.approx([247, 103], abs=3)
    assert nose[1] < mouth_right[1]
    assert mouth_right[0] < nose[0] < mouth_left[0]


def test_no_region_no_mesh(photograph: np.ndarray, mesh: FaceMesh) -> None:
    assert mesh(photograph, []) == []


def test_a_wall_is_no_face(mesh: FaceMesh) -> None:
    (landmarks,) = mesh(np.full((240, 320, 3), 128, np.uint8), [ROI])
    assert landmarks.quality < 0.5


def test_order_is_kept_over_threads(photograph: np.ndarray, mesh: FaceMesh) -> None:
    rois = [RegionOfInterest(ROI.center_x + dx, ROI.center_y, ROI.side, 0.0) for dx in range(7)]
    together = mesh(photograph, rois)
    for roi, landmarks in zip(rois, together, strict=True):
        (alone,) = mesh(photograph, [roi])
        np.testing.assert_array_equal(alone.points_xyz, landmarks.points_xyz)


@pytest.mark.parametrize('angle_deg', [-40, 0, 25])
def test_the_mesh_turns_with_the_picture(
    photograph: np.ndarray, mesh: FaceMesh, angle_deg: float
) -> None:
    (upright,) = mesh(photograph, [ROI])
    turn = cv2.getRotationMatrix2D((ROI.center_x, ROI.center_y), -angle_deg, 1.0)
    turned_picture = cv2.warpAffine(photograph, turn, photograph.shape[1::-1])
    roi = RegionOfInterest(
        ROI.center_x, ROI.center_y, ROI.side, ROI.rotation_rad + math.radians(angle_deg)
    )
    (turned,) = mesh(turned_picture, [roi])
    expected = upright.points_xy @ turn[:, :2].T + turn[:, 2]
    assert np.linalg.norm(turned.points_xy - expected, axis=1).mean() < 1.5
    assert roi_from_landmarks(turned.points_xy).rotation_rad == pytest.approx(
        roi.rotation_rad, abs=0.05
    )


def test_a_missing_package_is_named() -> None:
    with pytest.raises(ModelError, match='no-such-package'):
        package_file('no-such-package', 'file')
    with pytest.raises(ModelError, match=r'nowhere\.tflite'):
        package_file('mediapipe', 'mediapipe/nowhere.tflite')
