"""Accuracy of the classifier of open and closed eyes on labelled patches."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from classroom_fer_ros.core.archive import read_arrays
from classroom_fer_ros.core.arrays import ImageGray
from classroom_fer_ros.core.errors import DataError
from classroom_fer_ros.core.eye_state import PATCH_SIZE, EyeStateClassifier

#: Eyes of one batch when time is taken: those of thirty faces.
TIMED_BATCH = 60
TIMED_RUNS = 30


@dataclass(frozen=True, slots=True)
class EyePatches:
    """
    Eyes and whether they are open.

    :param images: shape (n, 24, 24), uint8
    :param is_open: shape (n,), bool
    """

    images: ImageGray
    is_open: npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class EyeScore:
    """
    How well eyes are told apart.

    :param open_recall: share of the open eyes that are called open
    :param closed_recall: share of the closed eyes that are called closed
    """

    accuracy: float
    open_recall: float
    closed_recall: float
    count: int
    milliseconds_per_eye: float
    parameters: int
    model: str

    def to_json(self) -> dict[str, float | int | str]:
        """Plain values under the names that the tool documents."""
        return asdict(self)

    def card_figures(self) -> dict[str, float]:
        """The figures that go on a model card."""
        names = ('accuracy', 'open_recall', 'closed_recall')
        return {name: round(float(getattr(self, name)), 4) for name in names}


def load_eye_patches(path: Path) -> EyePatches:
    """
    Read a file of labelled eyes.

    :param path: npz with ``images`` uint8 (n, 24, 24) and ``is_open``, 0 or 1
    :raises DataError: if the file is missing, truncated or of another layout
    """
    images, is_open = read_arrays(path, ('images', 'is_open')).values()
    if images.dtype != np.uint8 or images.shape[1:] != (PATCH_SIZE, PATCH_SIZE) or not len(images):
        raise DataError(f'{path}: no `images` of shape (n, 24, 24) and type uint8')
    if is_open.shape != (len(images),) or not np.isin(is_open, (0, 1)).all():
        raise DataError(f'{path}: `is_open` must be 0 or 1 for each of {len(images)} images')
    return EyePatches(images, is_open.astype(bool))


def evaluate_eyes(path: Path, card: Path) -> EyeScore:
    """
    Judge every eye of a file.

    :raises DataError: if the file is missing, truncated or of another layout
    :raises ModelError: if the model cannot be opened
    """
    eyes = load_eye_patches(path)
    classifier = EyeStateClassifier(card)
    is_right = (classifier(eyes.images) >= 0.5) == eyes.is_open
    return EyeScore(
        accuracy=float(is_right.mean()),
        open_recall=_share(is_right[eyes.is_open]),
        closed_recall=_share(is_right[~eyes.is_open]),
        count=len(is_right),
        milliseconds_per_eye=_milliseconds_per_eye(classifier, eyes.images[:TIMED_BATCH]),
        parameters=classifier.card.parameters,
        model=classifier.card.name,
    )


def _share(is_right: npt.NDArray[np.bool_]) -> float:
    return float(is_right.mean()) if is_right.size else float('nan')


def _milliseconds_per_eye(classifier: EyeStateClassifier, images: ImageGray) -> float:
    """Median over some batches."""
    seconds = []
    for _ in range(TIMED_RUNS):
        start = time.perf_counter()
        classifier(images)
        seconds.append(time.perf_counter() - start)
    return float(np.median(seconds)) / len(images) * 1e3
