"""Accuracy of an expression model on files in the layout of FER+ and FER2013."""

from __future__ import annotations

import time
import zipfile
import zlib
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from classroom_fer_ros.core.arrays import FloatArray, ImageGray
from classroom_fer_ros.core.errors import DataError
from classroom_fer_ros.core.expression import ExpressionClassifier, served_probabilities
from classroom_fer_ros.core.labels import EXPRESSION_LABELS, NUM_EXPRESSIONS

BATCH = 256
#: Columns of FER+'s votes in the order of the labels, then contempt.
VOTE_COLUMNS = (4, 5, 6, 1, 3, 2, 0, 7)
#: What NumPy and zip raise on files that are damaged, or that hold one array only.
NOT_AN_ARCHIVE = (TypeError, AttributeError, zipfile.BadZipFile, zlib.error)

IntArray = npt.NDArray[np.int_]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelSetScore:
    """
    Accuracy against one set of labels.

    :param recall: by label; NaN for a label that does not occur
    """

    accuracy: float
    accuracy_without_near_duplicates: float
    macro_f1: float
    recall: dict[str, float]
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpressionScore:
    """Accuracy against each set of labels that a file has."""

    model: str
    parameters: int
    milliseconds_per_face: float
    ferplus: LabelSetScore | None = None
    fer2013: LabelSetScore | None = None
    labels: LabelSetScore | None = None

    @property
    def by_label_set(self) -> dict[str, LabelSetScore]:
        """Scores against the label sets that the file has."""
        scores = {'ferplus': self.ferplus, 'fer2013': self.fer2013, 'labels': self.labels}
        return {name: score for name, score in scores.items() if score is not None}

    def to_json(self) -> dict[str, object]:
        """Plain values under the names that the tool documents."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    def card_figures(self) -> dict[str, float]:
        """The figures that go on a model card."""
        return {
            f'{name}_accuracy_without_near_duplicates': round(
                score.accuracy_without_near_duplicates, 4
            )
            for name, score in self.by_label_set.items()
        }


def evaluate_expression(path: Path, card: Path) -> ExpressionScore:
    """
    Classify every picture of a file.

    :param path: ``images`` uint8 (n, 48, 48) with ``votes``, ``fer2013`` or ``labels``
    :raises DataError: if the file is missing, truncated or of another layout
    :raises ModelError: if the model cannot be opened
    """
    data = _read(path)
    classifier = ExpressionClassifier(card)
    images = np.asarray(data['images'], np.uint8)
    logits = np.concatenate(
        [classifier.logits(images[i : i + BATCH]) for i in range(0, len(images), BATCH)]
    )
    is_new = ~_is_near_duplicate(data)
    scores: dict[str, LabelSetScore] = {}
    for key, labels in _label_sets(data).items():
        if key == 'ferplus':
            # Contempt counts among FER+'s eight: a model that knows it may answer it.
            names = (*EXPRESSION_LABELS, 'contempt')[: logits.shape[1]]
            scores[key] = _score(logits.argmax(axis=1), labels, is_new, names)
        else:
            served = served_probabilities(logits).argmax(axis=1)
            scores[key] = _score(served, labels, is_new, EXPRESSION_LABELS)
    if not scores:
        raise DataError(f'{path}: no picture has a label in votes, fer2013 or labels')
    return ExpressionScore(
        model=classifier.card.name,
        parameters=classifier.card.parameters,
        milliseconds_per_face=_milliseconds_per_face(classifier, images[:100]),
        **scores,
    )


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
    try:
        with np.load(path, allow_pickle=False) as archive:
            wanted = ('images', 'votes', 'fer2013', 'labels', 'near_duplicate_of_train')
            data = {name: archive[name] for name in wanted if name in archive.files}
    except (OSError, ValueError, EOFError, *NOT_AN_ARCHIVE) as error:
        raise DataError(f'{path} cannot be read as an npz file: {error}') from error
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


def _score(
    found: IntArray, labels: IntArray, is_new: BoolArray, names: tuple[str, ...]
) -> LabelSetScore:
    is_labelled = labels >= 0
    right = found == labels
    recall, f1 = {}, []
    for index, name in enumerate(names):
        truth, guess = is_labelled & (labels == index), is_labelled & (found == index)
        hits = float((truth & guess).sum())
        recall[name] = hits / float(truth.sum()) if truth.any() else float('nan')
        if truth.any():
            f1.append(2 * hits / float(truth.sum() + guess.sum()))
    return LabelSetScore(
        accuracy=_share(right[is_labelled]),
        accuracy_without_near_duplicates=_share(right[is_labelled & is_new]),
        macro_f1=float(np.mean(f1)),
        recall=recall,
        count=int(is_labelled.sum()),
    )


def _share(is_right: BoolArray) -> float:
    return float(is_right.mean()) if is_right.size else float('nan')


def _milliseconds_per_face(classifier: ExpressionClassifier, images: ImageGray) -> float:
    """Median time of one face alone, on one core."""
    seconds = []
    for image in images:
        start = time.perf_counter()
        classifier.classify_gray(image[None])
        seconds.append(time.perf_counter() - start)
    return float(np.median(seconds)) * 1e3
