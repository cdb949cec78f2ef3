"""Scores of similarities, and pairs read from files."""

from pathlib import Path

import numpy as np
import pytest

from classroom_fer_ros.core.errors import DataError
from classroom_fer_ros.core.evaluation.identification import (
    accuracy_over_folds,
    best_threshold,
    fold_of,
    load_pairs,
    score_pairs,
    threshold_at_far,
)
from classroom_fer_ros.core.tight_crops import TightCrops, load_tight_crops

HEADER = 'person_a,number_a,person_b,number_b,same\n'


@pytest.fixture
def faces() -> TightCrops:
    return TightCrops(
        jpeg=np.empty(0, np.uint8),
        offsets=np.zeros(4, np.int64),
        person=np.array(['Ana', 'Ana', 'Bo']),
        number=np.array([1, 2, 1], np.int16),
    )


def test_folds_are_lfws_where_there_are_several() -> None:
    assert np.bincount(fold_of(1200)).tolist() == [600, 600]
    assert np.bincount(fold_of(6000)).tolist() == [600] * 10
    assert fold_of(1200)[599:601].tolist() == [0, 1]
    assert np.bincount(fold_of(600)).tolist() == [60] * 10


def test_clear_similarities_score_one() -> None:
    is_same = np.arange(40) % 3 == 0
    score = score_pairs(np.where(is_same, 0.8, 0.1), is_same)
    assert (score.accuracy, score.auc) == (1.0, 1.0)
    assert set(score.tar_at_far.values()) == {1.0}
    assert score.threshold == pytest.approx(0.1)


def test_chance_scores_a_half() -> None:
    generator = np.random.default_rng(0)
    score = score_pairs(generator.normal(size=6000), np.arange(6000) % 2 == 0)
    assert score.auc == pytest.approx(0.5, abs=0.02)
    assert score.accuracy == pytest.approx(0.5, abs=0.03)
    assert score.tar_at_far[1e-2] == pytest.approx(0.01, abs=0.01)


def test_a_fold_does_not_choose_its_own_threshold() -> None:
    # Each fold is separable by itself, at thresholds that fail on the other.
    is_same = np.arange(1200) % 2 == 0
    similarity = np.where(is_same, 1.0, 0.0) + np.where(np.arange(1200) < 600, 0.0, 10.0)
    assert accuracy_over_folds(similarity, is_same) == 0.5


def test_the_best_threshold_lies_in_the_middle_of_the_gap() -> None:
    similarity = np.array([0.1, 0.9, 0.2, 0.7])
    is_same = np.array([False, True, False, True])
    assert best_threshold(similarity, is_same) == pytest.approx(0.45)


@pytest.mark.parametrize(('far', 'accepted'), [(1e-2, 3), (1e-3, 0), (0.5, 150)])
def test_no_more_strangers_are_accepted_than_allowed(far: float, accepted: int) -> None:
    similarity = np.linspace(-1, 1, 300)
    threshold = threshold_at_far(similarity, np.zeros(300, bool), far)
    assert (similarity > threshold).sum() == accepted


def test_pairs_are_looked_up(tmp_path: Path, faces: TightCrops) -> None:
    path = tmp_path / 'pairs.csv'
    path.write_text(HEADER + 'Ana,1,Ana,2,1\nAna,2,Bo,1,0\n')
    pairs = load_pairs(path, faces)
    assert pairs.first.tolist() == [0, 1]
    assert pairs.second.tolist() == [1, 2]
    assert pairs.is_same.tolist() == [True, False]
    similarity = pairs.similarity(np.array([[1, 0], [1, 0], [0, 1]], np.float32))
    assert similarity.tolist() == [1.0, 0.0]


@pytest.mark.parametrize(
    'text',
    [
        '',
        HEADER,
        'a,b\n1,2\n',
        HEADER + 'Ana,1,Ana,2,1\n',
        HEADER + 'Ana,1,Ana,3,1\nAna,2,Bo,1,0\n',
        HEADER + 'Ana,1,Ana,2,yes\nAna,2,Bo,1,0\n',
        HEADER + 'Ana,one,Ana,2,1\nAna,2,Bo,1,0\n',
        HEADER + 'Ana,1\nAna,2,Bo,1,0\n',
    ],
)
def test_malformed_pairs_are_named(tmp_path: Path, faces: TightCrops, text: str) -> None:
    path = tmp_path / 'odd.csv'
    path.write_text(text)
    with pytest.raises(DataError, match=r'odd\.csv'):
        load_pairs(path, faces)


def test_missing_pairs_are_named(tmp_path: Path, faces: TightCrops) -> None:
    with pytest.raises(DataError, match=r'missing\.csv'):
        load_pairs(tmp_path / 'missing.csv', faces)


def test_lfws_pairs_are_all_found(data_dir: Path) -> None:
    faces = load_tight_crops(data_dir / 'lfw_validation.npz')
    pairs = load_pairs(data_dir / 'lfw_validation_pairs.csv', faces)
    assert (faces.person[pairs.first] == faces.person[pairs.second]).tolist() == (
        pairs.is_same.tolist()
    )
    assert pairs.is_same.sum() == 600
