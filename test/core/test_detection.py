"""Detectors on real group photographs, and the regions that they look at."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from classroom_fer_ros.core.detection import DetectionConfig, FullRangeDetector, YuNetDetector
from classroom_fer_ros.core.errors import ConfigError, ModelError
from classroom_fer_ros.core.evaluation.detection import evaluate_detection
from classroom_fer_ros.core.package_files import package_file


@pytest.fixture(scope='module')
def detector() -> FullRangeDetector:
    return FullRangeDetector()


@pytest.fixture(scope='session')
def yunet_path(data_dir: Path) -> Path:
    path = data_dir.parent / 'models' / 'face_detection_yunet_2023mar.onnx'
    if not path.is_file():
        pytest.skip(f'no YuNet file at {path}')
    return path


def test_recall_of_the_default_detector(data_dir: Path, detector: FullRangeDetector) -> None:
    score = evaluate_detection(data_dir / 'groups', detector, 'full_range')
    assert score.faces == 43
    assert score.recall >= 0.90
    assert score.false_positives <= 3


def test_recall_of_yunet(data_dir: Path, yunet_path: Path) -> None:
    score = evaluate_detection(data_dir / 'groups', YuNetDetector(yunet_path), 'yunet')
    assert score.recall >= 0.95
    assert score.false_positives <= 3


def test_a_crowd_of_small_faces(data_dir: Path, detector: FullRangeDetector) -> None:
    image = cv2.imread(str(data_dir / 'groups' / 'crowd_51_faces.jpg'))
    assert 45 <= len(detector(image)) <= 55


def test_both_detectors_place_a_face_alike(detector: FullRangeDetector, yunet_path: Path) -> None:
    image = cv2.imread(str(package_file('scikit-image', 'skimage/data/astronaut.png')))
    (ours,) = detector(image)
    theirs = YuNetDetector(yunet_path)(image)[0]
    eye_px = np.linalg.norm(theirs.keypoints_xy[0] - theirs.keypoints_xy[1])
    distance = np.linalg.norm(ours.keypoints_xy[:4] - theirs.keypoints_xy[:4], axis=1)
    assert (distance < 0.35 * eye_px).all()


@pytest.mark.parametrize(
    'shape', [(0, 0, 3), (0, 40, 3), (1, 1, 3), (2, 900, 3)], ids=['empty', 'flat', 'dot', 'strip']
)
def test_degenerate_pictures_have_no_face(
    detector: FullRangeDetector, shape: tuple[int, int, int]
) -> None:
    assert detector(np.full(shape, 90, np.uint8)) == []


@pytest.mark.parametrize('size_wh', [(64, 48), (256, 256), (1280, 720), (1080, 1920)])
def test_regions_cover_the_picture(detector: FullRangeDetector, size_wh: tuple[int, int]) -> None:
    width, height = size_wh
    seen = np.zeros((height, width), bool)
    around, whole, *tiles = detector.regions(size_wh)
    longest = max(size_wh)
    assert around == (-longest, -longest, width + longest, height + longest)
    assert whole == (0, 0, width, height)
    for x_min, y_min, x_max, y_max in tiles:
        seen[y_min:y_max, x_min:x_max] = True
    assert not tiles or seen.all()
    assert all(0 <= r[0] < r[2] <= width and 0 <= r[1] < r[3] <= height for r in tiles)


@pytest.mark.parametrize('side', [96, 260], ids=['enlarged', 'shrunk'])
@pytest.mark.parametrize('tightness', [1.0, 1.6])
def test_a_face_that_fills_the_picture(
    detector: FullRangeDetector, tightness: float, side: int
) -> None:
    """Cut down to the face, it is found in the same place as in the whole photograph."""
    image = cv2.imread(str(package_file('scikit-image', 'skimage/data/astronaut.png')))
    (known,) = detector(image)
    x_min, y_min, x_max, y_max = known.box_xyxy
    half = (x_max - x_min) / 2 * tightness
    left, top = round((x_min + x_max) / 2 - half), round((y_min + y_max) / 2 - half)
    cut = image[top : top + round(2 * half), left : left + round(2 * half)]
    scale = side / cut.shape[0]
    (found,) = detector(cv2.resize(cut, (side, side)))
    expected = (known.keypoints_xy - [left, top]) * scale
    eye_px = np.linalg.norm(expected[0] - expected[1])
    distance = np.linalg.norm(found.keypoints_xy[:4] - expected[:4], axis=1)
    assert (distance < 0.2 * eye_px).all()


@pytest.mark.parametrize(
    ('name', 'value'),
    [
        ('detector', 'haar'),
        ('min_score', float('nan')),
        ('min_score', 1.5),
        ('tile_size', 10),
        ('tile_overlap', 0.9),
    ],
)
def test_bad_settings_are_named(name: str, value: object) -> None:
    with pytest.raises(ConfigError, match=name):
        DetectionConfig(**{name: value})


def test_a_broken_model_file_is_named(tmp_path: Path) -> None:
    broken = tmp_path / 'yunet.onnx'
    broken.write_bytes(b'not a network')
    with pytest.raises(ModelError, match=r'yunet\.onnx'):
        YuNetDetector(broken)
