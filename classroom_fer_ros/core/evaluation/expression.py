"""Accuracy of an expression model on files in the layout of FER+ and FER2013."""

from __future__ import annotations

import math
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from classroom_fer_ros.core.archive import read_arrays
from classroom_fer_ros.core.arrays import FloatArray, ImageGray
from classroom_fer_ros.core.errors import DataError
from classroom_fer_ros.core.evaluation.calibration import coverage, expected_calibration_error
from classroom_fer_ros.core.evaluation.label_scores import (
    BoolArray,
    IntArray,
    LabelSetScore,
    score_answers,
    without_nan,
)
from classroom_fer_ros.core.expression import ExpressionClassifier, ExpressionConfig
from classroom_fer_ros.core.labels import EXPRESSION_LABELS, NUM_EXPRESSIONS

BATCH = 256
#: Faces of a timed batch, and the threads that work on it.
TIMED_BATCH, TIMED_THREADS = 16, 2
#: Columns of FER+'s votes in the order of the labels, then contempt.
VOTE_COLUMNS = (4, 5, 6, 1, 3, 2, 0, 7)
#: Sets of labels that a file may have.
LABEL_SETS = ('ferplus', 'fer2013', 'labels')
#: Arrays that a file may have beside its pictures.
OPTIONAL = ('votes', 'fer2013', 'labels', 'near_duplicate_of_train')


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpressionScore:
    """
    Accuracy against each set of labels that a file has, and honesty of the served answers.

    :param calibration_error: of the served head against its own labels, where the file has them
    :param uncertain_below: limit that the card names, NaN if none
    :param coverage: share of the answers that are at least as sure, NaN without a limit
    :param accuracy_when_sure: share of those that are right
    :param milliseconds_per_face: one face alone on one core
    :param milliseconds_per_face_in_batch: in a batch of 16 on two threads
    """

    model: str
    served_head: str
    parameters: int
    milliseconds_per_face: float
    milliseconds_per_face_in_batch: float
    calibration_error: float
    uncertain_below: float
    coverage: float
    accuracy_when_sure: float
    ferplus: LabelSetScore | None = None
    fer2013: LabelSetScore | None = None
    labels: LabelSetScore | None = None

    @property
    def by_label_set(self) -> dict[str, LabelSetScore]:
        """Scores against the label sets that the file has."""
        scores = {'ferplus': self.ferplus, 'fer2013': self.fer2013, 'labels': self.labels}
        return {name: score for name, score in scores.items() if score is not None}

    def to_json(self) -> dict[str, object]:
        """Plain values under the names that the tool documents; None for what is not known."""
        absent = set(LABEL_SETS) - set(self.by_label_set)
        values = {name: value for name, value in asdict(self).items() if name not in absent}
        return dict(without_nan(values))

    def card_figures(self) -> dict[str, float]:
        """The figures that go on a model card."""
        figures = {
            f'{name}_accuracy_without_near_duplicates': score.accuracy_without_near_duplicates
            for name, score in self.by_label_set.items()
        }
        figures['calibration_error'] = self.calibration_error
        if not math.isnan(self.coverage):
            figures |= {'coverage': self.coverage, 'accuracy_when_sure': self.accuracy_when_sure}
        return {name: round(value, 4) for name, value in figures.items()}


def evaluate_expression(path: Path, card: Path, *, is_exact: bool = False) -> ExpressionScore:
    """
    Classify every picture of a file; each set of labels is answered by its own head.

    :param path: ``images`` uint8 (n, 48, 48) with ``votes``, ``fer2013`` or ``labels``
    :param is_exact: with the weights as trained in place of those in eight bits
    :raises DataError: if the file is missing, truncated or of another layout
    :raises ModelError: if the model cannot be opened
    """
    data = _read(path)
    label_sets = _label_sets(data)
    if not label_sets:
        raise DataError(f'{path}: no picture has a label in votes, fer2013 or labels')
    config = ExpressionConfig(is_exact=is_exact)
    classifier = ExpressionClassifier(card, config)
    images = np.asarray(data['images'], np.uint8)
    is_new = ~_is_near_duplicate(data)
    logits = {head: _logits(classifier, images, head) for head in classifier.heads}
    scores: dict[str, Any] = {}
    for name, labels in label_sets.items():
        head = name if name in classifier.heads else classifier.served_head
        # Contempt counts among FER+'s eight: a head that knows it may answer it.
        names = (*EXPRESSION_LABELS, 'contempt') if name == 'ferplus' else EXPRESSION_LABELS
        answers = logits[head][:, : len(names)].argmax(axis=1)
        scores[name] = score_answers(answers, labels, is_new, names)
    served = classifier.served_probabilities(logits[classifier.served_head])
    return ExpressionScore(
        model=classifier.card.name,
        served_head=classifier.served_head,
        parameters=classifier.card.parameters,
        milliseconds_per_face=_milliseconds_per_face(classifier, images[:100], 1),
        milliseconds_per_face_in_batch=_milliseconds_per_face(
            ExpressionClassifier(card, replace(config, num_threads=TIMED_THREADS)),
            np.resize(images, (20 * TIMED_BATCH, *images.shape[1:])),
            TIMED_BATCH,
        ),
        uncertain_below=classifier.uncertain_below,
        **_honesty(served, _own_labels(label_sets, classifier), classifier.uncertain_below),
        **scores,
    )


def _logits(classifier: ExpressionClassifier, images: ImageGray, head: str) -> FloatArray:
    return np.concatenate(
        [classifier.logits(images[i : i + BATCH], head) for i in range(0, len(images), BATCH)]
    )


def _own_labels(label_sets: dict[str, IntArray], classifier: ExpressionClassifier) -> IntArray:
    """Labels of the kind that the served head was trained on, or else those that there are."""
    preferred = (classifier.served_head, *LABEL_SETS)
    return next(label_sets[name] for name in preferred if name in label_sets)


def _honesty(served: FloatArray, labels: IntArray, limit: float) -> dict[str, Any]:
    """Calibration, and what is left above the limit; contempt can only be answered wrongly."""
    answers = np.pad(served, ((0, 0), (0, 1)))
    share, accuracy = (
        (math.nan, math.nan) if math.isnan(limit) else coverage(answers, labels, limit)
    )
    return {
        'calibration_error': expected_calibration_error(answers, labels),
        'coverage': share,
        'accuracy_when_sure': accuracy,
    }


def ferplus_majority(votes: FloatArray) -> IntArray:
    """
    Label that more than half of the votes agree on.

    Single votes are dropped first; unknown and not-a-face count as votes but never as a label
    (Barsoum et al., 2016).

    :param votes: shape (n, 10), FER+'s columns
    :return: shape (n,), index into the seven labels and contempt, -1 where there is no majority
    """
    kept = np.where(votes > 1, votes, 0).astype(int)
    winner = kept.argmax(axis=1)
    has_majority = kept.max(axis=1) * 2 > kept.sum(axis=1)
    index_of_column = np.full(10, -1)  # stays so for unknown and not-a-face
    index_of_column[list(VOTE_COLUMNS)] = np.arange(len(VOTE_COLUMNS))
    return np.where(has_majority, index_of_column[winner], -1)


def _label_sets(data: dict[str, FloatArray]) -> dict[str, IntArray]:
    """Each set of labels that says something about at least one picture."""
    sets: dict[str, IntArray] = {
        key: data[key].astype(int) for key in ('fer2013', 'labels') if key in data
    }
    if 'votes' in data:
        sets = {'ferplus': ferplus_majority(data['votes']), **sets}
    return {key: labels for key, labels in sets.items() if (labels >= 0).any()}


def _read(path: Path) -> dict[str, FloatArray]:
    data = read_arrays(path, ('images',), OPTIONAL)
    _check(data, path)
    return data


def _check(data: dict[str, FloatArray], path: Path) -> None:
    images = data.get('images', np.empty(0))
    if images.dtype != np.uint8 or images.shape[1:] != (48, 48) or len(images) == 0:
        raise DataError(f'{path}: no `images` of shape (n, 48, 48) and type uint8')
    for name, values in data.items():
        count = len(values) if values.ndim else 1
        if count != len(images):
            raise DataError(f'{path}: {count} {name} for {len(images)} images')
    votes = data.get('votes')
    if votes is not None and votes.shape[1:] != (10,):
        raise DataError(f"{path}: votes have shape {votes.shape}, must have FER+'s 10 columns")
    for name in {'fer2013', 'labels'} & data.keys():
        labels = data[name]
        if labels.ndim != 1 or labels.dtype.kind not in 'iu':
            raise DataError(f'{path}: {name} must be one whole number a picture')
        if labels.min() < -1 or labels.max() >= NUM_EXPRESSIONS:
            raise DataError(
                f'{path}: {name} must be within -1 to {NUM_EXPRESSIONS - 1}, the index into '
                f'{", ".join(EXPRESSION_LABELS)}, or -1 for unknown'
            )


def _is_near_duplicate(data: dict[str, FloatArray]) -> BoolArray:
    marks = data.get('near_duplicate_of_train')
    if marks is None:
        return np.zeros(len(data['images']), bool)
    return np.asarray(marks) if marks.dtype == bool else np.asarray(marks >= 0)


def _milliseconds_per_face(
    classifier: ExpressionClassifier, images: ImageGray, batch: int
) -> float:
    """Median time of a batch, divided by its faces."""
    seconds = []
    for i in range(0, len(images), batch):
        start = time.perf_counter()
        classifier.classify_gray(images[i : i + batch])
        seconds.append(time.perf_counter() - start)
    return float(np.median(seconds)) * 1e3 / batch
