"""Temperature, calibration error and the threshold of being unsure."""

from __future__ import annotations

import math

import numpy as np
import pytest

from classroom_fer_ros.core.errors import DataError
from classroom_fer_ros.core.evaluation.calibration import (
    coverage,
    expected_calibration_error,
    fit_temperature,
    uncertain_threshold,
)


def softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def honest_answers(count: int = 20000) -> tuple[np.ndarray, np.ndarray]:
    """Logits whose softmax is the distribution that the labels are drawn from."""
    random = np.random.default_rng(3)
    logits = random.normal(0, 2, (count, 7))
    drawn = (softmax(logits).cumsum(axis=1) < random.random((count, 1))).sum(axis=1)
    return logits, drawn.clip(0, 6)


@pytest.mark.parametrize('boast', [0.5, 1.0, 1.7, 3.0])
def test_temperature_takes_back_what_was_boasted(boast: float) -> None:
    logits, labels = honest_answers()
    temperature = fit_temperature(logits * boast, labels)
    assert temperature == pytest.approx(boast, rel=0.03)
    scaled = softmax(logits * boast / temperature)
    assert expected_calibration_error(scaled, labels) < 0.015


def test_temperature_leaves_out_what_has_no_label() -> None:
    logits, labels = honest_answers(2000)
    more = np.concatenate([logits * 2, np.full((500, 7), 1e3) * np.eye(7)[0]])
    assert fit_temperature(more, np.append(labels, np.full(500, -1))) == fit_temperature(
        logits * 2, labels
    )


def test_overconfidence_is_the_calibration_error() -> None:
    answers = np.tile([0.9, 0.1], (10, 1))
    labels = np.array([0] * 6 + [1] * 4)
    assert expected_calibration_error(answers, labels) == pytest.approx(0.3)


def test_bins_are_apart() -> None:
    """Too sure here and too modest there do not cancel."""
    answers = np.array([[0.9, 0.1]] * 10 + [[0.6, 0.4]] * 10)
    labels = np.array([0] * 7 + [1] * 3 + [0] * 8 + [1] * 2)
    assert expected_calibration_error(answers, labels) == pytest.approx(0.2)
    assert expected_calibration_error(answers, labels, bins=1) == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize(
    ('accuracy', 'threshold'),
    [
        pytest.param(0.5, 0.0, id='all together reach it'),
        pytest.param(0.75, 0.7, id='the least sure are left out'),
        pytest.param(1.0, 0.9, id='only the surest'),
    ],
)
def test_threshold(accuracy: float, threshold: float) -> None:
    confidences = np.array([0.95, 0.9, 0.8, 0.7, 0.6, 0.6])
    labels = np.array([0, 0, 1, 0, 1, 0])
    answers = np.stack([confidences, 1 - confidences], axis=1)
    assert uncertain_threshold(answers, labels, accuracy) == threshold
    assert coverage(answers, labels, threshold)[1] >= accuracy


def test_equal_confidences_stay_together() -> None:
    answers = np.tile([0.8, 0.2], (4, 1))
    labels = np.array([0, 0, 1, 1])
    assert uncertain_threshold(answers, labels, 0.9) == 1.0


def test_coverage() -> None:
    answers = np.array([[0.9, 0.1], [0.8, 0.2], [0.6, 0.4], [0.55, 0.45]])
    labels = np.array([0, 1, 0, -1])
    assert coverage(answers, labels, 0.7) == (pytest.approx(2 / 3), 0.5)
    left, right = coverage(answers, labels, 0.95)
    assert left == 0.0
    assert math.isnan(right)


@pytest.mark.parametrize(
    ('answers', 'labels', 'words'),
    [
        pytest.param(np.empty((0, 7)), np.empty(0, int), 'no answer', id='empty'),
        pytest.param(np.ones((2, 7)), np.array([-1, -1]), 'no answer', id='no labels'),
        pytest.param(np.ones((2, 7)), np.array([1]), 'labels for', id='lengths'),
        pytest.param(np.ones(7), np.array([1]), 'labels for', id='one row'),
        pytest.param(np.ones((1, 7)), np.array([7]), 'label 7 of 7', id='label out of range'),
        pytest.param(np.full((1, 7), np.nan), np.array([0]), 'not a number', id='NaN'),
    ],
)
def test_malformed(answers: np.ndarray, labels: np.ndarray, words: str) -> None:
    for measure in (
        fit_temperature,
        expected_calibration_error,
        lambda a, b: uncertain_threshold(a, b, 0.9),
    ):
        with pytest.raises(DataError, match=words):
            measure(answers, labels)


@pytest.mark.parametrize('accuracy', [0.0, 1.1, math.nan])
def test_accuracy_out_of_range(accuracy: float) -> None:
    with pytest.raises(DataError, match='cannot be reached'):
        uncertain_threshold(np.ones((1, 7)), np.array([0]), accuracy)
