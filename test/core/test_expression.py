"""The expression classifier: preprocessing, batches, probabilities over the seven."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from classroom_fer_ros.core.errors import ConfigError, ModelError
from classroom_fer_ros.core.expression import (
    ExpressionClassifier,
    ExpressionConfig,
    gray_face,
    network_input,
    served_probabilities,
)
from classroom_fer_ros.core.labels import EXPRESSION_LABELS, NUM_EXPRESSIONS
from tiny_models import LABELS, WHITE_LOGIT, faces_showing, write_expression_model


@pytest.fixture
def classifier(tmp_path: Path) -> ExpressionClassifier:
    return ExpressionClassifier(write_expression_model(tmp_path))


def crop_showing(index: int) -> np.ndarray:
    """An aligned crop that shrinks to a picture whose pixel (0, index) is white."""
    crop = np.zeros((112, 112, 3), np.uint8)
    side = 112 / 48
    crop[:2, int(index * side) : int((index + 1) * side) + 1] = 255
    return crop


def test_no_faces(classifier: ExpressionClassifier) -> None:
    assert classifier(np.empty((0, 112, 112, 3), np.uint8)).shape == (0, NUM_EXPRESSIONS)


@pytest.mark.parametrize('count', [1, 7, 30])
def test_batches(classifier: ExpressionClassifier, count: int) -> None:
    indices = [i % NUM_EXPRESSIONS for i in range(count)]
    probabilities = classifier(np.stack([crop_showing(i) for i in indices]))
    assert probabilities.shape == (count, NUM_EXPRESSIONS)
    assert probabilities.dtype == np.float32
    np.testing.assert_array_equal(probabilities.argmax(axis=1), indices)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, rtol=1e-5)
    alone = np.concatenate([classifier(crop_showing(i)[None]) for i in indices])
    np.testing.assert_allclose(probabilities, alone, atol=1e-6)


def test_logits_keep_what_is_never_served(classifier: ExpressionClassifier) -> None:
    logits = classifier.logits(faces_showing(7, 0))
    np.testing.assert_allclose(logits, WHITE_LOGIT * np.eye(8)[[7, 0]], atol=1e-5)
    served = classifier.classify_gray(faces_showing(7))
    np.testing.assert_allclose(served, np.full((1, 7), 1 / 7), rtol=1e-5)


def test_softmax_by_hand_and_without_overflow() -> None:
    logits = np.array([[0, np.log(3), *[-np.inf] * 5, 50.0]], np.float32)
    np.testing.assert_allclose(
        served_probabilities(logits), [[0.25, 0.75, 0, 0, 0, 0, 0]], rtol=1e-6
    )
    huge = served_probabilities(np.array([[1e4, *[0.0] * 6]], np.float32))
    np.testing.assert_array_equal(huge, [[1, 0, 0, 0, 0, 0, 0]])


def test_the_network_sees_gray_within_zero_and_one() -> None:
    images = np.array([[[0, 51], [102, 255]]], np.uint8)
    fed = network_input(images)
    assert (fed.shape, fed.dtype) == ((1, 1, 2, 2), np.float32)
    np.testing.assert_allclose(fed[0, 0], [[0.0, 0.2], [0.4, 1.0]], rtol=1e-6)
    gray = gray_face(np.full((112, 112, 3), (255, 0, 0), np.uint8))
    assert gray.shape == (48, 48)
    assert (gray == 29).all(), "blue's weight in luma is 0.114"


def test_shrinking_averages() -> None:
    """A checkerboard of single pixels becomes even gray instead of stripes."""
    board = (np.indices((112, 112)).sum(axis=0) % 2 * 255).astype(np.uint8)
    gray = gray_face(cv2.cvtColor(board, cv2.COLOR_GRAY2BGR))
    assert 80 < gray.min() <= gray.max() < 175


@pytest.mark.parametrize(
    'labels',
    [
        pytest.param(tuple(reversed(EXPRESSION_LABELS)), id='other order'),
        pytest.param(LABELS[:6], id='too few'),
        pytest.param((), id='none'),
    ],
)
def test_other_labels_are_refused(tmp_path: Path, labels: tuple[str, ...]) -> None:
    with pytest.raises(ModelError, match='labels begin with'):
        ExpressionClassifier(write_expression_model(tmp_path, labels))


def test_seven_labels_are_enough(tmp_path: Path) -> None:
    classifier = ExpressionClassifier(write_expression_model(tmp_path, EXPRESSION_LABELS))
    assert classifier.classify_gray(faces_showing(3)).argmax() == 3


HEADS = {'ferplus': LABELS, 'fer2013': EXPRESSION_LABELS}


@pytest.mark.parametrize('served', ['ferplus', 'fer2013'])
def test_the_served_head_answers_and_the_other_can_be_asked(tmp_path: Path, served: str) -> None:
    card = write_expression_model(tmp_path, heads=HEADS, served_head=served)
    classifier = ExpressionClassifier(card)
    images = faces_showing(2) + faces_showing(5, head=1)
    assert (classifier.heads, classifier.served_head) == (HEADS, served)
    answers = {head: int(classifier.classify_gray(images, head).argmax()) for head in HEADS}
    assert answers == {'ferplus': 2, 'fer2013': 5}
    assert classifier.classify_gray(images).argmax() == answers[served]
    assert classifier.logits(images, 'ferplus').shape == (1, 8)
    with pytest.raises(ModelError, match=r'no head affectnet, only fer2013, ferplus'):
        classifier.logits(images, 'affectnet')


def test_each_head_has_its_temperature(tmp_path: Path) -> None:
    settings = {'temperature_ferplus': 5.0, 'uncertain_below': 0.45}
    card = write_expression_model(tmp_path, heads=HEADS, settings=settings)
    classifier = ExpressionClassifier(card)
    cool, plain = (
        classifier.classify_gray(faces_showing(3, head=row), head)[0, 3]
        for row, head in enumerate(HEADS)
    )
    assert plain == pytest.approx(np.exp(10) / (np.exp(10) + 6), rel=1e-5)
    assert cool == pytest.approx(np.exp(2) / (np.exp(2) + 6), rel=1e-5)
    assert classifier.uncertain_below == 0.45


@pytest.mark.parametrize(
    ('changes', 'words'),
    [
        pytest.param(
            {'heads': {'ferplus': LABELS}},
            r'names the heads ferplus, but the outputs of the network are ferplus, fer2013',
            id='a head is missing',
        ),
        pytest.param(
            {'heads': {'votes': LABELS, 'fer2013': EXPRESSION_LABELS}},
            'names the heads votes, fer2013',
            id='another name',
        ),
        pytest.param(
            {'heads': HEADS | {'fer2013': LABELS}},
            '8 labels of the head fer2013, but the network has 7',
            id='a label too many',
        ),
        pytest.param(
            {'heads': HEADS | {'fer2013': EXPRESSION_LABELS[::-1]}},
            'labels begin with',
            id='another order',
        ),
        pytest.param({'heads': {}}, 'names the heads|outputs of the network', id='no heads'),
        pytest.param({'served_head': 'affectnet'}, 'serves the head affectnet', id='not served'),
        pytest.param(
            {'settings': {'temperature_fer2013': 0.0}},
            'temperature_fer2013 is 0.0',
            id='no temperature',
        ),
        pytest.param(
            {'settings': {'temperature_ferplus': float('nan')}},
            'temperature_ferplus is nan',
            id='temperature NaN',
        ),
        pytest.param({'settings': {'uncertain_below': 1.5}}, 'uncertain_below is 1.5', id='limit'),
    ],
)
def test_cards_that_do_not_fit_their_network(
    tmp_path: Path, changes: dict[str, Any], words: str
) -> None:
    card = write_expression_model(tmp_path, heads=HEADS)
    values = json.loads(card.read_text())
    card.write_text(json.dumps(values | changes))
    with pytest.raises(ModelError, match=words) as caught:
        ExpressionClassifier(card)
    assert 'tiny.json' in str(caught.value)


def test_the_order_of_the_labels_is_the_interface() -> None:
    served = ' '.join(EXPRESSION_LABELS)
    assert served == 'angry disgusted scared happy sad surprised neutral'


@pytest.mark.parametrize(
    ('name', 'value'),
    [('card', ''), ('num_threads', 0), ('num_threads', 65), ('num_threads', float('nan'))],
)
def test_bad_settings_are_named(name: str, value: Any) -> None:
    with pytest.raises(ConfigError, match=name):
        ExpressionConfig(**{name: value})
