"""How answers compare with labels: accuracy, recall, F1 and who is taken for whom."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int_]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelSetScore:
    """
    Accuracy against one set of labels.

    :param recall: by label; NaN for a label that does not occur
    :param confusion: counts, a row for each true label and a column for each answer, in the order
        of `recall`; an answer that is none of them is in no column
    """

    accuracy: float
    accuracy_without_near_duplicates: float
    macro_f1: float
    recall: dict[str, float]
    count: int
    confusion: tuple[tuple[int, ...], ...] = ()


def score_answers(
    answers: IntArray, labels: IntArray, is_new: BoolArray, names: Sequence[str]
) -> LabelSetScore:
    """
    Compare answers with labels.

    :param answers: shape (n,), index into `names`, -1 for no answer
    :param labels: shape (n,), index into `names`, -1 for pictures that take no part
    :param is_new: shape (n,), False for near-duplicates of pictures trained on
    """
    is_labelled = labels >= 0
    right = answers == labels
    confusion = _confusion(answers[is_labelled], labels[is_labelled], len(names))
    hits, truths = confusion.diagonal(), np.bincount(labels[is_labelled], minlength=len(names))
    f1 = [
        2.0 * hits[i] / (truths[i] + confusion[:, i].sum()) for i in range(len(names)) if truths[i]
    ]
    return LabelSetScore(
        accuracy=_share(right[is_labelled]),
        accuracy_without_near_duplicates=_share(right[is_labelled & is_new]),
        macro_f1=float(np.mean(f1)) if f1 else math.nan,
        recall={
            name: float(hits[i] / truths[i]) if truths[i] else math.nan
            for i, name in enumerate(names)
        },
        count=int(is_labelled.sum()),
        confusion=tuple(tuple(int(cell) for cell in row) for row in confusion),
    )


def _confusion(answers: IntArray, labels: IntArray, size: int) -> IntArray:
    """Counts, shape (size, size): true label, then answer."""
    is_answer = (answers >= 0) & (answers < size)
    cells = labels[is_answer] * size + answers[is_answer]
    return np.bincount(cells, minlength=size * size).reshape(size, size)


def _share(is_right: BoolArray) -> float:
    return float(is_right.mean()) if is_right.size else math.nan


def without_nan(value: Any) -> Any:
    """The same plain values with None for NaN, which JSON does not know."""
    if isinstance(value, dict):
        return {key: without_nan(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [without_nan(inner) for inner in value]
    return None if isinstance(value, float) and math.isnan(value) else value
