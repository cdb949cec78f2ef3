"""What of a teacher's embedding tells people apart, learned from pictures of the same people."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from classroom_fer_ros.core.arrays import FloatArray

#: Part of the mean embedding that is taken away: with all of it, pictures without much of a face
#: come to lie anywhere; with none, all people are alike. Half was best for the validation pairs.
MEAN_SHARE = 0.5
#: Part of the scatter that is taken to be the same in all directions, for want of pictures.
SHRINKAGE = 0.3


@dataclass(frozen=True, slots=True)
class Metric:
    """
    A change of embeddings after which pictures of one person scatter alike in all directions.

    Within-class covariance normalisation (Hatch et al., "Within-Class Covariance Normalization for
    SVM-based Speaker Recognition", 2006).

    :param shift: shape (size,)
    :param matrix: shape (size, size), symmetric
    """

    shift: Tensor
    matrix: Tensor

    def __call__(self, embeddings: Tensor) -> Tensor:
        """
        :param embeddings: shape (n, size), rows of unit length
        :return: same shape, rows of unit length
        """
        centred = functional.normalize(embeddings - self.shift)
        return functional.normalize(centred @ self.matrix)

    def of(self, embeddings: FloatArray) -> FloatArray:
        """The same for arrays."""
        return np.asarray(self(torch.from_numpy(embeddings)).numpy(), np.float32)


def fit_metric(embeddings: FloatArray, person: npt.NDArray[np.int64]) -> Metric:
    """
    Learn a metric from the people who have several pictures.

    :param embeddings: shape (n, size), rows of unit length
    :param person: shape (n,), index of each picture's person
    """
    shift = MEAN_SHARE * embeddings.mean(axis=0)
    centred = embeddings - shift
    centred /= np.linalg.norm(centred, axis=1, keepdims=True)
    pictures = np.bincount(person)
    sums = np.zeros((len(pictures), embeddings.shape[1]))
    np.add.at(sums, person, centred)
    offsets = centred - (sums / np.maximum(pictures, 1)[:, None])[person]
    freedom = max(int((pictures[pictures > 1] - 1).sum()), 1)
    scatter = offsets.T @ offsets / freedom
    size = len(scatter)
    even = max(float(np.trace(scatter)) / size, 1e-12) * np.eye(size)
    values, vectors = np.linalg.eigh((1.0 - SHRINKAGE) * scatter + SHRINKAGE * even)
    matrix = vectors / np.sqrt(values) @ vectors.T
    return Metric(*(torch.tensor(array, dtype=torch.float32) for array in (shift, matrix)))
