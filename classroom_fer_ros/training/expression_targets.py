"""What the heads of the expression classifier shall answer: labels, softened by a teacher."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from classroom_fer_ros.core.labels import NUM_EXPRESSIONS
from classroom_fer_ros.training.ferplus import LabelledFaces

#: By head, shape (n, number of its labels), float32, rows summing to 1, or to 0 where not known.
Targets = dict[str, npt.NDArray[np.float32]]


def targets_of(faces: LabelledFaces) -> Targets:
    """The shares of the votes, and the single labels."""
    one_hot = np.eye(NUM_EXPRESSIONS + 1, NUM_EXPRESSIONS, dtype=np.float32)  # -1: the last row
    return {'ferplus': faces.votes, 'fer2013': one_hot[faces.fer2013]}


def blended(
    targets: Targets, taught: Mapping[str, npt.NDArray[np.floating]], share: float
) -> Targets:
    """
    Mix what a teacher answers into the targets that are known.

    :param taught: its probabilities, by head
    :param share: what they weigh, from 0 to 1
    """
    return {
        name: np.where(
            rows.any(axis=1, keepdims=True), (1.0 - share) * rows + share * taught[name], 0.0
        ).astype(np.float32)
        for name, rows in targets.items()
    }
