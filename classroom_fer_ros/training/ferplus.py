"""FER2013 pictures with their own labels and FER+ votes, as `ferplus_*.npz` holds them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from classroom_fer_ros.core.archive import read_arrays
from classroom_fer_ros.core.errors import DataError
from classroom_fer_ros.core.evaluation.expression import VOTE_COLUMNS, ferplus_majority
from classroom_fer_ros.core.labels import EXPRESSION_LABELS

#: What the head of FER+ tells apart: the served labels, then contempt, which is never shown.
FERPLUS_LABELS = (*EXPRESSION_LABELS, 'contempt')
#: Columns of the votes, unknown and not-a-face included.
NUM_VOTES = 10
#: Sets of labels that one picture has, as the heads of the network are named.
LABEL_SETS: dict[str, tuple[str, ...]] = {'ferplus': FERPLUS_LABELS, 'fer2013': EXPRESSION_LABELS}


@dataclass(frozen=True, slots=True)
class LabelledFaces:
    """
    Pictures and what people said of them.

    :param images: shape (n, 48, 48), uint8
    :param votes: shape (n, 8), float32, share of votes for each of `FERPLUS_LABELS`; a row sums
        to 1, or to 0 where most saw no face or could not tell
    :param majority: shape (n,), index into `FERPLUS_LABELS`, -1 without a majority
    :param fer2013: shape (n,), index into the served labels, -1 if not known
    """

    images: npt.NDArray[np.uint8]
    votes: npt.NDArray[np.float32]
    majority: npt.NDArray[np.int64]
    fer2013: npt.NDArray[np.int64]

    def __getitem__(self, chosen: npt.NDArray[Any]) -> LabelledFaces:
        """Some of them."""
        return LabelledFaces(
            self.images[chosen], self.votes[chosen], self.majority[chosen], self.fer2013[chosen]
        )

    def __len__(self) -> int:
        return len(self.images)


def load_ferplus(path: Path) -> LabelledFaces:
    """
    Read the pictures that either set of labels says something about.

    A file of a user's own pictures has `labels` in place of `votes` and `fer2013`.

    Single votes are taken for slips and dropped where anything else remains; pictures that most
    called unknown or no face have no votes (Barsoum et al., "Training Deep Networks for Facial
    Expression Recognition with Crowd-Sourced Label Distribution", 2016).

    :raises DataError: if the file is missing, truncated or of another layout
    """
    data = read_arrays(path, ('images',), ('votes', 'fer2013', 'labels'))
    images = data['images']
    if 'fer2013' not in data and 'labels' not in data:
        raise DataError(f'{path} has neither `fer2013` nor `labels`')
    votes = data.get('votes', np.zeros((len(images), NUM_VOTES))).astype(np.float32)
    fer2013 = data['fer2013' if 'fer2013' in data else 'labels'].astype(np.int64)
    if images.shape[1:] != (48, 48) or votes.shape != (len(images), NUM_VOTES):
        raise DataError(f'{path}: pictures {images.shape}, votes {votes.shape}: not FER+ layout')
    if fer2013.shape != (len(images),) or fer2013.max(initial=-1) >= len(EXPRESSION_LABELS):
        raise DataError(f'{path}: labels must be one index from -1 to 6 for each picture')
    shares = _vote_shares(votes)
    majority = ferplus_majority(votes).astype(np.int64)
    faces = LabelledFaces(images, shares, majority, fer2013)
    return faces[shares.any(axis=1) | (fer2013 >= 0)]


def _vote_shares(votes: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Share of the votes for each label, 0 where other answers outweigh them; shape (n, 8)."""
    kept = np.where(votes > 1, votes, 0.0)
    kept = np.where(kept.any(axis=1, keepdims=True), kept, votes)
    usable = kept[:, VOTE_COLUMNS]
    total = usable.sum(axis=1, keepdims=True)
    is_usable = total > kept[:, 8:].sum(axis=1, keepdims=True)
    return np.where(is_usable, usable / np.maximum(total, 1.0), 0.0).astype(np.float32)
