"""Reading and aligning tight face crops."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from classroom_fer_ros.core.alignment import CROP_SIZE, TEMPLATE_XY
from classroom_fer_ros.core.errors import DataError
from classroom_fer_ros.core.mesh import (
    FaceMesh,
    RegionOfInterest,
    keypoints_from_landmarks,
)
from classroom_fer_ros.core.package_files import package_file
from classroom_fer_ros.core.tight_crops import TightCrops, align_tight_crop, load_tight_crops


@pytest.fixture(scope='module')
def mesh() -> FaceMesh:
    return FaceMesh(1)


@pytest.fixture(scope='module')
def tight_crop() -> np.ndarray:
    photograph = cv2.imread(str(package_file('scikit-image', 'skimage/data/astronaut.png')))
    return cv2.resize(photograph[72:167, 178:273], (90, 90), interpolation=cv2.INTER_AREA)


def write_crops(path: Path, pictures: list[np.ndarray], **changed: np.ndarray) -> Path:
    encoded = [cv2.imencode('.jpg', picture)[1] for picture in pictures]
    layout = {
        'jpeg': np.concatenate(encoded) if encoded else np.empty(0, np.uint8),
        'offsets': np.cumsum([0, *map(len, encoded)]),
        'person': np.array(['Someone'] * len(pictures), '<U7'),
        'number': np.arange(1, len(pictures) + 1, dtype=np.int16),
    }
    np.savez(path, **{**layout, **changed})
    return path


@pytest.mark.parametrize('angle_deg', [0, 12])
def test_keypoints_come_to_lie_on_the_template(
    tight_crop: np.ndarray, mesh: FaceMesh, angle_deg: float
) -> None:
    turn = cv2.getRotationMatrix2D((45, 45), angle_deg, 1.0)
    turned = cv2.warpAffine(tight_crop, turn, (90, 90), borderMode=cv2.BORDER_REPLICATE)
    crop, quality = align_tight_crop(turned, mesh)
    assert crop.shape == (CROP_SIZE, CROP_SIZE, 3)
    assert quality > 0.99
    (landmarks,) = mesh(crop, [RegionOfInterest(56.0, 56.0, 1.4 * CROP_SIZE, 0.0)])
    found = keypoints_from_landmarks(landmarks.points_xy)
    assert np.linalg.norm(found - TEMPLATE_XY, axis=1).mean() < 5.0


def test_what_shows_no_face_is_aligned_as_most_faces_lie(mesh: FaceMesh) -> None:
    picture = np.full((90, 90, 3), 128, np.uint8)
    picture[34] = 255  # about where eyes lie in a tight crop: 0.38 of its height
    crop, quality = align_tight_crop(picture, mesh)
    assert quality < 0.5
    assert abs(int(crop[:, 56, 0].argmax()) - TEMPLATE_XY[0, 1]) < 2.0


def test_pictures_are_read_back(tmp_path: Path, tight_crop: np.ndarray) -> None:
    faces = load_tight_crops(write_crops(tmp_path / 'two.npz', [tight_crop, tight_crop[:, ::-1]]))
    assert len(faces) == 2
    assert np.abs(faces.image(1).astype(int) - tight_crop[:, ::-1]).mean() < 6
    assert len(load_tight_crops(write_crops(tmp_path / 'none.npz', []))) == 0


@pytest.mark.parametrize(
    'changed',
    [
        {'number': np.ones(2, np.int16)},
        {'offsets': np.zeros(1, np.int64)},
        {'offsets': np.array([0, 10**6])},
        {'offsets': np.array([5, 0])},
    ],
)
def test_another_layout_is_refused(
    tmp_path: Path, tight_crop: np.ndarray, changed: dict[str, np.ndarray]
) -> None:
    path = write_crops(tmp_path / 'odd.npz', [tight_crop], **changed)
    with pytest.raises(DataError, match=r'odd\.npz'):
        load_tight_crops(path)


def test_broken_files_are_named(tmp_path: Path, tight_crop: np.ndarray) -> None:
    path = write_crops(tmp_path / 'whole.npz', [tight_crop])
    (tmp_path / 'cut.npz').write_bytes(path.read_bytes()[:300])
    for name in ('cut.npz', 'missing.npz'):
        with pytest.raises(DataError, match=name):
            load_tight_crops(tmp_path / name)


def test_a_broken_picture_is_named() -> None:
    faces = TightCrops(
        jpeg=np.arange(20, dtype=np.uint8),
        offsets=np.array([0, 20, 20]),
        person=np.array(['Ana', 'Bo']),
        number=np.array([1, 7], np.int16),
    )
    for index, name in enumerate(('Ana', 'Bo')):
        with pytest.raises(DataError, match=name):
            faces.image(index)
