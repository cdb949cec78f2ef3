"""Evaluation of an expression model: FER+'s rule, each layout of labels, and broken files."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from classroom_fer_ros.core.errors import DataError, ModelError
from classroom_fer_ros.core.evaluation.confusion_picture import (
    CELL_PX,
    LEFT_PX,
    TOP_PX,
    write_confusions,
)
from classroom_fer_ros.core.evaluation.expression import evaluate_expression, ferplus_majority
from classroom_fer_ros.core.labels import EXPRESSION_LABELS
from tiny_models import LABELS, faces_showing, write_expression_model

#: FER+'s columns.
COLUMNS = (
    *('neutral', 'happiness', 'surprise', 'sadness', 'anger'),
    *('disgust', 'fear', 'contempt', 'unknown', 'not_a_face'),
)


def votes(**counts: int) -> np.ndarray:
    return np.array([counts.get(name, 0) for name in COLUMNS], np.uint8)


@pytest.fixture
def card(tmp_path: Path) -> Path:
    return write_expression_model(tmp_path)


@pytest.mark.parametrize(
    ('ballot', 'expected'),
    [
        pytest.param(votes(anger=10), 'angry', id='anger'),
        pytest.param(votes(disgust=10), 'disgusted', id='disgust'),
        pytest.param(votes(fear=10), 'scared', id='fear'),
        pytest.param(votes(happiness=10), 'happy', id='happiness'),
        pytest.param(votes(sadness=10), 'sad', id='sadness'),
        pytest.param(votes(surprise=10), 'surprised', id='surprise'),
        pytest.param(votes(neutral=10), 'neutral', id='neutral'),
        pytest.param(votes(contempt=10), 'contempt', id='contempt'),
        pytest.param(votes(unknown=10), '', id='unknown wins'),
        pytest.param(votes(not_a_face=10), '', id='not a face'),
        pytest.param(votes(happiness=5, sadness=5), '', id='half is no majority'),
        pytest.param(votes(happiness=6, sadness=4), 'happy', id='just a majority'),
        pytest.param(votes(happiness=4, sadness=3, fear=3), '', id='only the most'),
        pytest.param(
            votes(happiness=5, sadness=3, fear=1, anger=1), 'happy', id='singles dropped first'
        ),
        pytest.param(votes(happiness=5, unknown=5), '', id='unknown counts as a vote'),
        pytest.param(votes(happiness=1, sadness=1), '', id='singles only'),
        pytest.param(votes(), '', id='no vote'),
        pytest.param(votes(happiness=200, sadness=100), 'happy', id='beyond a byte when doubled'),
    ],
)
def test_the_majority_rule(ballot: np.ndarray, expected: str) -> None:
    names = (*EXPRESSION_LABELS, 'contempt', '')
    assert names[ferplus_majority(ballot[None])[0]] == expected


def test_no_ballots() -> None:
    assert ferplus_majority(np.empty((0, 10), np.uint8)).shape == (0,)


def test_votes_are_scored_with_contempt_and_without_near_duplicates(
    tmp_path: Path, card: Path
) -> None:
    path = tmp_path / 'faces.npz'
    np.savez(
        path,
        images=faces_showing(3, 3, 7, 0, 4),
        votes=np.stack(
            [
                votes(happiness=10),
                votes(sadness=10),  # the model says happy
                votes(contempt=10),
                votes(anger=10),
                votes(unknown=10),  # no label: takes no part
            ]
        ),
        near_duplicate_of_train=np.array([False, True, False, False, False]),
    )
    score = evaluate_expression(path, card)
    assert score.ferplus is not None
    assert score.ferplus.count == 4
    assert score.ferplus.accuracy == pytest.approx(0.75)
    assert score.ferplus.accuracy_without_near_duplicates == pytest.approx(1.0)
    recall = score.ferplus.recall
    assert (recall['happy'], recall['sad'], recall['contempt']) == (1.0, 0.0, 1.0)
    assert np.isnan(recall['scared'])
    # F1: angry 1, happy 2/3, sad 0, contempt 1
    assert score.ferplus.macro_f1 == pytest.approx((1 + 2 / 3 + 0 + 1) / 4)
    assert score.card_figures()['ferplus_accuracy_without_near_duplicates'] == 1.0
    happy, sad = EXPRESSION_LABELS.index('happy'), EXPRESSION_LABELS.index('sad')
    confusion = np.array(score.ferplus.confusion)
    assert confusion.shape == (8, 8)
    assert (confusion.sum(), confusion[happy, happy], confusion[sad, happy]) == (4, 1, 1)
    assert score.milliseconds_per_face > 0
    assert score.parameters == 48 * 48 * 8


@pytest.mark.parametrize('key', ['fer2013', 'labels'])
def test_labels_are_scored_over_the_seven(tmp_path: Path, card: Path, key: str) -> None:
    images = faces_showing(0, 1, 2, 7)
    images[3, 0, 5] = 200  # contempt is strongest, but is never served: surprised is next
    path = tmp_path / 'faces.npz'
    np.savez_compressed(path, images=images, **{key: np.array([0, 1, -1, 5], np.int8)})
    score = evaluate_expression(path, card)
    found = getattr(score, key)
    assert (found.count, found.accuracy) == (3, 1.0)
    assert set(found.recall) == set(EXPRESSION_LABELS)
    values = score.to_json()
    assert {'model', 'parameters', 'milliseconds_per_face', 'calibration_error', key} <= set(
        values
    )
    assert not {'ferplus', 'fer2013', 'labels'} - {key} & set(values)


def test_every_set_of_labels_in_one_file(tmp_path: Path, card: Path) -> None:
    path = tmp_path / 'faces.npz'
    np.savez(
        path,
        images=faces_showing(3, 4),
        votes=np.stack([votes(happiness=10), votes(sadness=10)]),
        fer2013=np.array([3, 3]),
    )
    score = evaluate_expression(path, card)
    assert score.ferplus is not None
    assert score.fer2013 is not None
    assert (score.ferplus.accuracy, score.fer2013.accuracy, score.labels) == (1.0, 0.5, None)


@pytest.fixture
def two_heads(tmp_path: Path) -> Path:
    return write_expression_model(
        tmp_path,
        heads={'ferplus': LABELS, 'fer2013': EXPRESSION_LABELS},
        served_head='fer2013',
        settings={'temperature_fer2013': 4.0, 'uncertain_below': 0.5},
    )


def test_each_set_of_labels_is_answered_by_its_head(tmp_path: Path, two_heads: Path) -> None:
    """FER+'s head says contempt and sad, FER2013's head happy and scared."""
    path = tmp_path / 'faces.npz'
    np.savez(
        path,
        images=faces_showing(7, 4) + faces_showing(3, 2, head=1),
        votes=np.stack([votes(contempt=10), votes(sadness=10)]),
        fer2013=np.array([3, 2]),
        labels=np.array([3, 4]),
    )
    score = evaluate_expression(path, two_heads)
    assert score.served_head == 'fer2013'
    accuracies = {name: one.accuracy for name, one in score.by_label_set.items()}
    assert accuracies == {'ferplus': 1.0, 'fer2013': 1.0, 'labels': 0.5}, 'labels by the served'


def test_honesty_of_the_served_head(tmp_path: Path, two_heads: Path) -> None:
    """Three of four sure answers are right, a fifth one is unsure."""
    images = faces_showing(3, 3, 3, 3, 3, head=1)
    images[4, 1, 3] = 20
    path = tmp_path / 'faces.npz'
    np.savez(path, images=images, fer2013=np.array([3, 3, 3, 4, 4]))
    score = evaluate_expression(path, two_heads)
    logits = np.array([10.0] * 4 + [10.0 * 20 / 255]) / 4.0
    confidences = np.exp(logits) / (np.exp(logits) + 6)
    assert (score.coverage, score.accuracy_when_sure) == (0.8, 0.75)
    expected = (abs(confidences[0] - 0.75) * 4 + confidences[4]) / 5
    assert score.calibration_error == pytest.approx(expected, rel=1e-4)
    figures = score.card_figures()
    assert (figures['coverage'], figures['accuracy_when_sure']) == (0.8, 0.75)


def test_contempt_can_only_be_answered_wrongly(tmp_path: Path) -> None:
    card = write_expression_model(tmp_path, heads={'ferplus': LABELS})
    path = tmp_path / 'faces.npz'
    np.savez(path, images=faces_showing(7), votes=votes(contempt=10)[None])
    score = evaluate_expression(path, card)
    assert score.calibration_error == pytest.approx(1 / 7, rel=1e-4)


def test_json_knows_no_nan(tmp_path: Path, card: Path) -> None:
    path = tmp_path / 'faces.npz'
    np.savez(path, images=faces_showing(3), labels=np.array([3]))
    values = evaluate_expression(path, card).to_json()
    assert json.loads(json.dumps(values, allow_nan=False)) == values
    assert values['labels']['recall'] == {
        name: 1.0 if name == 'happy' else None for name in EXPRESSION_LABELS
    }
    assert (values['coverage'], values['uncertain_below']) == (None, None), 'the card names none'


def test_the_confusion_matrix_is_drawn(tmp_path: Path, card: Path) -> None:
    path = tmp_path / 'faces.npz'
    np.savez(
        path,
        images=faces_showing(3, 3),
        votes=np.stack([votes(happiness=10), votes(sadness=10)]),
        fer2013=np.array([3, 3]),
    )
    scores = evaluate_expression(path, card).by_label_set
    write_confusions(scores, tmp_path / 'new' / 'matrix.png')
    image = cv2.imread(str(tmp_path / 'new' / 'matrix.png'))
    (happy, _, _), (absent, _, _) = (
        image[TOP_PX + CELL_PX * row + 4, LEFT_PX + CELL_PX * 3 + 4] for row in (3, 0)
    )
    assert happy < 255 == absent, 'only what occurs is shaded'
    assert image.shape[1] > 2 * LEFT_PX + 15 * CELL_PX, 'both sets of labels'
    (tmp_path / 'file').write_text('')
    with pytest.raises(DataError, match='cannot be written'):
        write_confusions(scores, tmp_path / 'file' / 'matrix.png')


def test_near_duplicates_given_as_indices(tmp_path: Path, card: Path) -> None:
    path = tmp_path / 'faces.npz'
    np.savez(
        path,
        images=faces_showing(3, 3),
        labels=np.array([3, 4]),
        near_duplicate_of_train=np.array([-1, 17]),
    )
    score = evaluate_expression(path, card)
    assert score.labels is not None
    assert score.labels.accuracy == 0.5
    assert score.labels.accuracy_without_near_duplicates == 1.0


def test_the_real_validation_file(tmp_path: Path, card: Path, data_dir: Path) -> None:
    score = evaluate_expression(data_dir / 'ferplus_validation.npz', card)
    assert score.ferplus is not None
    assert score.fer2013 is not None
    assert 3000 < score.ferplus.count <= 3579
    assert 0.0 < score.ferplus.accuracy < 0.6, 'a network of corners knows little'


GOOD = {'images': faces_showing(3, 4), 'labels': np.array([3, 4])}


@pytest.mark.parametrize(
    ('changes', 'words'),
    [
        pytest.param({'labels': None}, 'no picture has a label', id='no labels'),
        pytest.param({'images': None}, 'no `images`', id='no images'),
        pytest.param({'images': np.zeros((0, 48, 48), np.uint8)}, 'no `images`', id='empty'),
        pytest.param({'images': np.zeros((2, 40, 48), np.uint8)}, 'no `images`', id='size'),
        pytest.param({'images': np.zeros((2, 48, 48))}, 'no `images`.*uint8', id='floats'),
        pytest.param({'images': np.uint8(1)}, 'no `images`', id='a number'),
        pytest.param({'labels': np.array([1, 2, 3])}, '3 labels for 2 images', id='lengths'),
        pytest.param({'labels': np.array([3, 9])}, 'labels.*-1 to 6', id='label out of range'),
        pytest.param(
            {'labels': np.array(['happy', 'sad'])}, 'labels must be one whole', id='words'
        ),
        pytest.param({'labels': np.array(3)}, '1 labels for 2', id='one label'),
        pytest.param({'labels': np.array([-1, -1])}, 'no picture.*label', id='nothing labelled'),
        pytest.param({'votes': np.zeros((2, 8), np.uint8)}, 'votes.*10', id='votes of eight'),
        pytest.param({'labels': np.array([None, 3])}, 'cannot be read', id='pickled'),
    ],
)
def test_other_layouts_are_refused(
    tmp_path: Path, card: Path, changes: dict[str, object], words: str
) -> None:
    path = tmp_path / 'faces.npz'
    content = {name: value for name, value in (GOOD | changes).items() if value is not None}
    np.savez(path, **content)
    with pytest.raises(DataError, match=words) as caught:
        evaluate_expression(path, card)
    assert str(path) in str(caught.value)


def damage(path: Path, kind: str) -> None:
    np.savez_compressed(path, images=np.random.default_rng(0).integers(0, 9, (50, 48, 48)))
    content = bytearray(path.read_bytes())
    if kind == 'truncated':
        path.write_bytes(content[: len(content) // 2])
    elif kind == 'flipped bytes':
        middle = len(content) // 2
        content[middle : middle + 64] = bytes(64)
        path.write_bytes(content)
    elif kind == 'no deflate':
        start = content.index(b'images.npy') + len(b'images.npy') + content[28]
        content[start] = 0xFF  # no such kind of block
        path.write_bytes(content)
    elif kind == 'empty':
        path.write_bytes(b'')
    elif kind == 'text':
        path.write_text('images, votes')
    elif kind == 'one array':
        np.save(path.with_suffix('.npy'), np.zeros(3))
        path.with_suffix('.npy').rename(path)
    elif kind == 'missing':
        path.unlink()
    elif kind == 'folder':
        path.unlink()
        path.mkdir()


@pytest.mark.parametrize(
    'kind',
    [
        'truncated',
        'flipped bytes',
        'no deflate',
        'empty',
        'text',
        'one array',
        'missing',
        'folder',
    ],
)
def test_broken_files_are_named(tmp_path: Path, card: Path, kind: str) -> None:
    path = tmp_path / 'faces.npz'
    damage(path, kind)
    with pytest.raises(DataError, match=r'faces\.npz cannot be read'):
        evaluate_expression(path, card)


def test_a_broken_card_is_named(tmp_path: Path, card: Path) -> None:
    path = tmp_path / 'faces.npz'
    np.savez(path, **GOOD)
    card.write_text('{"name": ')
    with pytest.raises(ModelError, match=r'tiny\.json is no model card'):
        evaluate_expression(path, card)
    with pytest.raises(ModelError, match=r'none\.json cannot be read'):
        evaluate_expression(path, tmp_path / 'none.json')


def test_other_weights_than_the_cards_are_refused(tmp_path: Path, card: Path) -> None:
    path = tmp_path / 'faces.npz'
    np.savez(path, **GOOD)
    values = json.loads(card.read_text())
    card.write_text(json.dumps(values | {'sha256': '0' * 64}))
    with pytest.raises(ModelError, match=r'tiny\.onnx is not the file'):
        evaluate_expression(path, card)
