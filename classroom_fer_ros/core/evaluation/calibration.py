"""Whether probabilities mean what they say: temperature, calibration error, when to be unsure."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from classroom_fer_ros.core.arrays import FloatArray
from classroom_fer_ros.core.errors import DataError

#: Temperatures are looked for between these.
LOWEST_TEMPERATURE, HIGHEST_TEMPERATURE = 0.05, 20.0

IntArray = npt.NDArray[np.integer[Any]]


def fit_temperature(logits: FloatArray, labels: IntArray) -> float:
    """
    Number to divide logits by, so that their softmax has the greatest likelihood.

    One number for all classes keeps every answer as it is (Guo et al., "On Calibration of Modern
    Neural Networks", 2017).

    :param logits: shape (n, k)
    :param labels: shape (n,), index of the true class; pictures of none, -1, take no part
    :return: within `LOWEST_TEMPERATURE` and `HIGHEST_TEMPERATURE`
    :raises DataError: if there is no label, or shapes or values make no sense
    """
    logits, labels = _labelled(logits, labels)
    rows = np.arange(len(labels))

    def loss(log_temperature: float) -> float:
        scaled = log_softmax(logits / np.exp(log_temperature), axis=1)
        return -float(scaled[rows, labels].mean())

    bounds = (np.log(LOWEST_TEMPERATURE), np.log(HIGHEST_TEMPERATURE))
    return float(np.exp(minimize_scalar(loss, bounds=bounds, method='bounded').x))


def expected_calibration_error(
    probabilities: FloatArray, labels: IntArray, bins: int = 15
) -> float:
    """
    Mean distance of confidence from accuracy, over bins of equal width (Guo et al., 2017).

    :param probabilities: shape (n, k), rows summing to 1
    :param labels: shape (n,), index of the true class; pictures of none, -1, take no part
    :return: in [0, 1]
    :raises DataError: if there is no label, or shapes or values make no sense
    """
    confidences, is_right = _answers(probabilities, labels)
    # Bins are open below and closed above, as in the definition.
    bin_of = np.clip(np.ceil(confidences * bins).astype(int) - 1, 0, bins - 1)
    # |mean confidence - accuracy| * size of the bin = |sum of both's differences|
    gaps = np.bincount(bin_of, weights=confidences - is_right, minlength=bins)
    return float(np.abs(gaps).sum() / len(confidences))


def uncertain_threshold(probabilities: FloatArray, labels: IntArray, accuracy: float) -> float:
    """
    Least confidence from which on the answers, taken together, are right often enough.

    :param probabilities: shape (n, k), rows summing to 1
    :param labels: shape (n,), index of the true class; pictures of none, -1, take no part
    :param accuracy: share of right answers to reach, in (0, 1]
    :return: 0 where all answers together reach it, 1 where no part of them does
    :raises DataError: if there is no label, or shapes or values make no sense
    """
    if not 0.0 < accuracy <= 1.0:  # also rejects NaN
        raise DataError(f'an accuracy of {accuracy} cannot be reached: it must be in (0, 1]')
    confidences, is_right = _answers(probabilities, labels)
    if is_right.mean() >= accuracy:
        return 0.0
    order = np.argsort(-confidences, kind='stable')
    confidences, is_right = confidences[order], is_right[order]
    share_right = np.cumsum(is_right) / np.arange(1, len(order) + 1)
    # A threshold cannot part equal confidences: only the last of each counts.
    is_last = np.append(confidences[1:] < confidences[:-1], True)
    reaching = np.flatnonzero(is_last & (share_right >= accuracy))
    return float(confidences[reaching[-1]]) if len(reaching) else 1.0


def coverage(probabilities: FloatArray, labels: IntArray, threshold: float) -> tuple[float, float]:
    """
    What a threshold leaves: share of answers that are as sure, and their accuracy.

    :param probabilities: shape (n, k), rows summing to 1
    :param labels: shape (n,), index of the true class; pictures of none, -1, take no part
    :return: both in [0, 1]; the accuracy is NaN where no answer is left
    :raises DataError: if there is no label, or shapes or values make no sense
    """
    confidences, is_right = _answers(probabilities, labels)
    is_sure = confidences >= threshold
    right = float(is_right[is_sure].mean()) if is_sure.any() else float('nan')
    return float(is_sure.mean()), right


def _answers(probabilities: FloatArray, labels: IntArray) -> tuple[FloatArray, FloatArray]:
    """Confidence of each answer, and 1 where it is right, else 0; both shape (n,)."""
    probabilities, labels = _labelled(probabilities, labels)
    right = probabilities.argmax(axis=1) == labels
    return probabilities.max(axis=1), right.astype(np.float64)


def _labelled(values: FloatArray, labels: IntArray) -> tuple[FloatArray, IntArray]:
    """Rows that have a label, as doubles."""
    if values.ndim != 2 or labels.shape != values.shape[:1]:
        raise DataError(f'{labels.shape} labels for answers of shape {values.shape}')
    chosen = labels >= 0
    kept, kept_labels = np.asarray(values[chosen], np.float64), labels[chosen]
    if not len(kept):
        raise DataError('no answer has a label to be compared with')
    if kept_labels.max() >= values.shape[1]:
        raise DataError(f'label {kept_labels.max()} of {values.shape[1]} classes')
    if not np.isfinite(kept).all():
        raise DataError('an answer is not a number')
    return kept, kept_labels
