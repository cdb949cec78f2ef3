"""Accuracy of an expression model on files in the layout of FER+ and FER2013."""

from __future__ import annotations

import time
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from classroom_fer_ros.core.arrays import FloatArray, ImageGray
from classroom_fer_ros.core.errors import DataError
from classroom_fer_ros.core.expression import ExpressionClassifier, served_probabilities
from classroom_fer_ros.core.labels import EXPRESSION_LABELS

BATCH = 256
#: Columns of FER+'s votes in the order of the labels, then contempt; unknown and not-a-face last.
VOTE_COLUMNS = (4, 5, 6, 1, 3, 2, 0, 7)
NO_EXPRESSION_COLUMNS = (8, 9)


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

    def to_json(self) -> dict[str, object]:
        """Plain values under the names that the tool documents."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    def card_figures(self) -> dict[str, float]:
        """The figures that go on a model card."""
        return {
            f'{name}_accuracy_without_near_duplicates': round(
                score.accuracy_without_near_duplicates, 4
            )
            for name, score in (
                ('ferplus', self.ferplus),
                ('fer2013', self.fer2013),
                ('labels', self.labels),
            )
            if score is not None
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
    images = data['images']
    logits = np.concatenate(
        [classifier.logits(images[i : i + BATCH]) for i in range(0, len(images), BATCH)]
    )
    is_new = ~_is_near_duplicate(data)
    scores: dict[str, LabelSetScore] = {}
    if 'votes' in data:
        # Contempt counts among FER+'s eight: a model that knows it may answer it.
        names = (*EXPRESSION_LABELS, 'contempt')[: logits.shape[1]]
        scores['ferplus'] = _score(
            logits.argmax(axis=1), ferplus_majority(data['votes']), is_new, names
        )
    served = served_probabilities(logits).argmax(axis=1)
    for key in ('fer2013', 'labels'):
        if key in data:
            scores[key] = _score(served, data[key].astype(int), is_new, EXPRESSION_LABELS)
    if not scores:
        raise DataError(f'{path}: has neither votes nor fer2013 nor labels')
    return ExpressionScore(
        model=classifier.card.name,
        parameters=classifier.card.parameters,
        milliseconds_per_face=_milliseconds_per_face(classifier, images[:100]),
        **scores,
    )


def ferplus_majority(votes: FloatArray) -> FloatArray:
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
    has_majority &= ~np.isin(winner, NO_EXPRESSION_COLUMNS)
    index_of_column = np.full(10, -1)
    index_of_column[list(VOTE_COLUMNS)] = np.arange(len(VOTE_COLUMNS))
    return np.where(has_majority, index_of_column[winner], -1)


def _read(path: Path) -> dict[str, FloatArray]:
    try:
        with np.load(path, allow_pickle=False) as archive:
            wanted = ('images', 'votes', 'fer2013', 'labels', 'near_duplicate_of_train')
            data = {name: archive[name] for name in wanted if name in archive.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise DataError(f'{path} cannot be read as an npz file: {error}') from error
    if 'images' not in data or data['images'].shape[1:] != (48, 48) or len(data['images']) == 0:
        raise DataError(f'{path}: no `images` of shape (n, 48, 48)')
    for name, values in data.items():
        if len(values) != len(data['images']):
            raise DataError(f'{path}: {len(values)} {name} for {len(data["images"])} images')
    return data


def _is_near_duplicate(data: dict[str, FloatArray]) -> FloatArray:
    marks = data.get('near_duplicate_of_train')
    if marks is None:
        return np.zeros(len(data['images']), bool)
    return np.asarray(marks) if marks.dtype == bool else np.asarray(marks >= 0)


def _score(
    found: FloatArray, labels: FloatArray, is_new: FloatArray, names: tuple[str, ...]
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
        accuracy=float(right[is_labelled].mean()),
        accuracy_without_near_duplicates=float(right[is_labelled & is_new].mean()),
        macro_f1=float(np.mean(f1)),
        recall=recall,
        count=int(is_labelled.sum()),
    )


def _milliseconds_per_face(classifier: ExpressionClassifier, images: ImageGray) -> float:
    """Median time of one face alone, on one core."""
    seconds = []
    for image in images:
        start = time.perf_counter()
        classifier.classify_gray(image[None])
        seconds.append(time.perf_counter() - start)
    return float(np.median(seconds)) * 1e3
