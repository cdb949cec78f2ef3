"""Expressions on photographs, the whole way from detection to the answer."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from classroom_fer_ros.core.errors import DataError, ModelError
from classroom_fer_ros.core.evaluation.photographs import (
    PortraitFinder,
    evaluate_photographs,
    list_photographs,
)
from classroom_fer_ros.core.labels import EXPRESSION_LABELS
from classroom_fer_ros.core.model_files import models_dir
from classroom_fer_ros.core.package_files import package_file
from tiny_models import LABELS, write_expression_model

PORTRAIT = 'skimage/data/astronaut.png'
FACE = np.s_[60:260, 125:325]


@pytest.fixture(scope='module')
def portrait() -> np.ndarray:
    """A smiling woman to the waist."""
    return cv2.imread(str(package_file('scikit-image', PORTRAIT)))


@pytest.fixture(scope='module')
def finder():
    finder = PortraitFinder()
    yield finder
    finder.close()


def photograph(folder: Path, label: str, image: np.ndarray, name: str = 'a.png') -> None:
    (folder / label).mkdir(exist_ok=True)
    cv2.imwrite(str(folder / label / name), image)


def test_photographs_of_a_face_and_of_none(tmp_path: Path, portrait: np.ndarray) -> None:
    photograph(tmp_path, 'happy', portrait)
    photograph(tmp_path, 'happy', portrait[FACE], 'tight.png')
    photograph(tmp_path, 'sad', np.full((120, 90, 3), 127, np.uint8))
    (tmp_path / 'happy' / 'notes.txt').write_text('not a picture')
    score = evaluate_photographs(tmp_path, models_dir() / 'expression.json')
    assert (score.count, score.not_found) == (3, 1)
    assert score.not_found_by_label['sad'] == 1
    assert score.labels.recall['happy'] == 1.0
    assert score.labels.recall['sad'] == 0.0, 'who is not found is answered wrongly'
    assert score.mean_recall == 0.5
    assert score.accuracy == pytest.approx(2 / 3)
    values = score.to_json()
    assert json.loads(json.dumps(values, allow_nan=False)) == values
    assert {'mean_recall', 'accuracy', 'recall', 'not_found', 'count', 'model'} <= set(values)


def test_another_head_can_be_asked(tmp_path: Path, portrait: np.ndarray) -> None:
    photograph(tmp_path, 'happy', portrait)
    card = write_expression_model(
        tmp_path, heads={'ferplus': LABELS, 'fer2013': EXPRESSION_LABELS}, served_head='fer2013'
    )
    assert evaluate_photographs(tmp_path, card).head == 'fer2013'
    assert evaluate_photographs(tmp_path, card, 'ferplus').head == 'ferplus'
    with pytest.raises(ModelError, match='no head votes'):
        evaluate_photographs(tmp_path, card, 'votes')


@pytest.mark.parametrize('side', [60, 200, 640])
def test_a_tight_portrait_is_found_at_any_size(
    finder: PortraitFinder, portrait: np.ndarray, side: int
) -> None:
    """It gives about the same picture as the face in the whole photograph."""
    expected, _ = finder(portrait)
    tight = cv2.resize(portrait[FACE], (side, side), interpolation=cv2.INTER_AREA)
    found, is_detected = finder(tight)
    assert is_detected
    assert np.abs(found.astype(int) - expected.astype(int)).mean() < 12


def test_the_largest_face_counts(finder: PortraitFinder, portrait: np.ndarray) -> None:
    small = cv2.resize(portrait[40:300, 90:350], (90, 90), interpolation=cv2.INTER_AREA)
    both = np.full((512, 700, 3), 90, np.uint8)
    both[:, :512] = portrait
    # A mirrored, brighter copy, which comes first for whoever takes the first.
    both[30:120, 560:650] = cv2.add(small[:, ::-1], 60)
    expected, _ = finder(portrait)
    found, _ = finder(both)
    assert np.abs(found.astype(int) - expected.astype(int)).mean() < 12


def test_real_tight_portraits_are_found(finder: PortraitFinder, data_dir: Path) -> None:
    photographs = list_photographs(data_dir / 'expression_photos')
    assert len(photographs) == 664
    assert {label for _, label in photographs} == set(range(7))
    some = photographs[::22]
    found = [finder(cv2.imread(str(path)))[0] is not None for path, _ in some]
    assert sum(found) >= 0.9 * len(some)


def test_folders_that_are_no_labels(tmp_path: Path) -> None:
    with pytest.raises(DataError, match='no photograph'):
        list_photographs(tmp_path)
    (tmp_path / 'happiness').mkdir()
    with pytest.raises(DataError, match='folder happiness is no label, must be one of angry'):
        list_photographs(tmp_path)
    with pytest.raises(DataError, match='cannot be read'):
        list_photographs(tmp_path / 'none')


def test_a_broken_photograph_is_named(tmp_path: Path) -> None:
    (tmp_path / 'sad').mkdir()
    (tmp_path / 'sad' / 'broken.jpg').write_bytes(b'no picture')
    with pytest.raises(DataError, match=r'broken\.jpg is no picture'):
        evaluate_photographs(tmp_path, models_dir() / 'expression.json')
