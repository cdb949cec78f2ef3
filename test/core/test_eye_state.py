"""Eyes, open and closed: how patches are cut, what the network makes of real ones."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from classroom_fer_ros import evaluate
from classroom_fer_ros.core.arrays import ImageBgr
from classroom_fer_ros.core.detection import DetectionConfig
from classroom_fer_ros.core.errors import DataError, ModelError
from classroom_fer_ros.core.evaluation.eyes import evaluate_eyes
from classroom_fer_ros.core.eye_state import (
    EYE_STATE_CARD,
    LEFT_EYE_CORNERS,
    PATCH_SIZE,
    RIGHT_EYE_CORNERS,
    EyeStateClassifier,
    eye_patches,
)
from classroom_fer_ros.core.mesh import FaceMesh, roi_from_detection, roi_from_landmarks
from classroom_fer_ros.core.model_files import models_dir
from classroom_fer_ros.core.pipeline import make_detector


@pytest.fixture(scope='module')
def classifier() -> EyeStateClassifier:
    return EyeStateClassifier(models_dir() / EYE_STATE_CARD)


def film_pictures(path: Path, count: int) -> list[ImageBgr]:
    capture = cv2.VideoCapture(str(path))
    pictures = [np.asarray(capture.read()[1], np.uint8) for _ in range(count)]
    capture.release()
    return pictures


def test_a_blink_of_a_real_film_is_seen(data_dir: Path, classifier: EyeStateClassifier) -> None:
    """The lids are down in the last four of these pictures and up until shortly before."""
    pictures = film_pictures(data_dir / 'video' / 'face_talking_a.mp4', 226)
    mesh = FaceMesh(num_threads=1)
    roi = roi_from_detection(make_detector(DetectionConfig())(pictures[0])[0])
    is_open = []
    for picture in pictures:
        (landmarks,) = mesh(picture, [roi])
        roi = roi_from_landmarks(landmarks.points_xy)
        gray = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8)
        is_open.append(classifier(eye_patches(gray, landmarks.points_xy)).max())
    assert np.mean(np.array(is_open[:215]) > 0.5) > 0.95
    assert max(is_open[-4:]) < 0.1


@pytest.mark.parametrize('turn_deg', [0.0, 20.0, -35.0])
@pytest.mark.parametrize('width_px', [12.0, 40.0, 160.0])
def test_patches_are_level_and_of_one_size(turn_deg: float, width_px: float) -> None:
    """Two dots at the corners of an eye come to lie at the same places."""
    image = np.zeros((480, 640), np.uint8)
    points = np.zeros((468, 2))
    turn = np.radians(turn_deg)
    across = np.array([np.cos(turn), np.sin(turn)]) * width_px / 2
    for corners, center in ((RIGHT_EYE_CORNERS, (200, 240)), (LEFT_EYE_CORNERS, (440, 240))):
        for index, sign in zip(corners, (-1, 1), strict=True):
            points[index] = np.array(center) + sign * across
            x, y = points[index].round().astype(int)
            cv2.circle(image, (int(x), int(y)), max(1, int(width_px / 16)), 255, -1)
    patches = eye_patches(image, points)
    assert patches.shape == (2, PATCH_SIZE, PATCH_SIZE)
    for patch in patches:
        halves = patch[:, : PATCH_SIZE // 2], patch[:, PATCH_SIZE // 2 :]
        for half, expected_x in zip(halves, (2.4, 9.6), strict=True):
            y, x = np.unravel_index(half.argmax(), half.shape)
            assert abs(x - expected_x) <= 1.6
            assert abs(y - 12.48) <= 1.6


@pytest.mark.parametrize('at', [(-50.0, -50.0), (2000.0, 100.0)], ids=['above', 'right'])
def test_eyes_beyond_the_border_do_no_harm(
    at: tuple[float, float], classifier: EyeStateClassifier
) -> None:
    patches = eye_patches(np.full((120, 160), 128, np.uint8), np.tile(at, (468, 1)))
    assert classifier(patches).shape == (2,)


def test_no_eyes_give_no_answers(classifier: EyeStateClassifier) -> None:
    assert classifier(np.empty((0, PATCH_SIZE, PATCH_SIZE), np.uint8)).shape == (0,)


def test_the_shipped_model_is_as_good_as_its_card_says(data_dir: Path) -> None:
    score = evaluate_eyes(data_dir / 'eye_patches_val.npz', models_dir() / EYE_STATE_CARD)
    assert score.accuracy >= 0.97
    card = json.loads((models_dir() / EYE_STATE_CARD).read_text())
    assert score.card_figures() == card['accuracy']


def test_json_has_the_documented_keys(data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluate.main(['eyes', str(data_dir / 'eye_patches_val.npz'), '--json']) == 0
    found = json.loads(capsys.readouterr().out)
    assert {'accuracy', 'milliseconds_per_eye', 'parameters', 'model', 'count'} <= found.keys()


@pytest.mark.parametrize(
    ('arrays', 'problem'),
    [
        ({}, 'has no `images`'),
        ({'images': np.zeros((2, 24, 24), np.uint8)}, 'is_open'),
        ({'images': np.zeros((2, 20, 24), np.uint8), 'is_open': np.zeros(2)}, '24, 24'),
        ({'images': np.zeros((2, 24, 24), np.uint8), 'is_open': np.zeros(3)}, 'is_open'),
        ({'images': np.zeros((2, 24, 24), np.uint8), 'is_open': np.array([0, 2])}, '0 or 1'),
        ({'images': np.zeros((0, 24, 24), np.uint8), 'is_open': np.zeros(0)}, 'no `images`'),
    ],
)
def test_broken_files_are_named(
    tmp_path: Path, arrays: dict[str, np.ndarray], problem: str
) -> None:
    path = tmp_path / 'eyes.npz'
    np.savez(path, **arrays)
    with pytest.raises(DataError, match=problem) as caught:
        evaluate_eyes(path, models_dir() / EYE_STATE_CARD)
    assert 'eyes.npz' in str(caught.value)


def test_another_model_is_refused() -> None:
    with pytest.raises(ModelError, match='expression'):
        EyeStateClassifier(models_dir() / 'expression.json')
