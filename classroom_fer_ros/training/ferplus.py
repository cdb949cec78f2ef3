"""FER2013 pictures with FER+ votes, as `ferplus_*.npz` holds them."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from classroom_fer_ros.core.errors import DataError
from classroom_fer_ros.core.evaluation.expression import VOTE_COLUMNS
from classroom_fer_ros.core.labels import EXPRESSION_LABELS

#: What the network tells apart: the served labels, then contempt, which is never shown.
TRAINED_LABELS = (*EXPRESSION_LABELS, 'contempt')


@dataclass(frozen=True, slots=True)
class LabelledFaces:
    """
    Pictures and what people said of them.

    :param images: shape (n, 48, 48), uint8
    :param targets: shape (n, 8), float32, share of votes for each of `TRAINED_LABELS`, rows
        summing to 1
    """

    images: npt.NDArray[np.uint8]
    targets: npt.NDArray[np.float32]


def load_ferplus(path: Path) -> LabelledFaces:
    """
    Read pictures and vote distributions.

    Single votes are taken for slips and dropped where anything else remains; pictures that most
    called unknown or no face are left out (Barsoum et al., "Training Deep Networks for Facial
    Expression Recognition with Crowd-Sourced Label Distribution", 2016).

    :raises DataError: if the file is missing, truncated or of another layout
    """
    try:
        with np.load(path) as data:
            images, votes = data['images'], data['votes'].astype(np.float32)
    except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise DataError(f'{path} is no file of FER+ pictures and votes: {error}') from error
    if images.shape[1:] != (48, 48) or votes.shape != (len(images), 10):
        raise DataError(f'{path}: pictures {images.shape}, votes {votes.shape}: not FER+ layout')
    kept_votes = np.where(votes > 1, votes, 0.0)
    kept_votes = np.where(kept_votes.any(axis=1, keepdims=True), kept_votes, votes)
    usable = kept_votes[:, VOTE_COLUMNS]
    is_usable = usable.sum(axis=1) > kept_votes[:, 8:].sum(axis=1)
    targets = usable[is_usable] / usable[is_usable].sum(axis=1, keepdims=True)
    return LabelledFaces(images[is_usable], targets.astype(np.float32))
