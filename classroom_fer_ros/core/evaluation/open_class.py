"""
The operating point for a class: how similar a face must be to be called by a name.

Whoever enrols thirty people gives a stranger thirty chances to be taken for somebody. The
threshold is therefore chosen for galleries of a class's size, out of people known by name.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from classroom_fer_ros.core.arrays import FloatArray
from classroom_fer_ros.core.evaluation.gallery import (
    Answers,
    OpenSetScore,
    answers,
    score_open_set,
)

CLASS_SIZE = 30
#: Pictures of a person that are enrolled, and that are looked for at most.
ENROLLED, PROBED = 5, 5
#: Classes drawn; the threshold is that of all of them together.
CLASSES = 40


@dataclass(frozen=True, slots=True)
class _Class:
    """One drawn class: its answers to its own people's pictures and to strangers."""

    mated: Answers
    truth: npt.NDArray[np.int64]
    strangers: FloatArray


def score_classes(
    embeddings: FloatArray, person: npt.NDArray[np.str_], margin: float, seed: int = 0
) -> OpenSetScore | None:
    """
    Enrol many classes of `CLASS_SIZE`, and look for their people and for strangers.

    :param embeddings: shape (n, size), rows of unit length
    :param person: shape (n,), whose they are
    :param margin: how much more similar the best person must be than the second
    :return: scores over all classes; None where too few people have enough pictures
    """
    generator = np.random.default_rng(seed)
    names, index = np.unique(person, return_inverse=True)
    pictures_of = [np.flatnonzero(index == one) for one in range(len(names))]
    fit = [one for one, own in enumerate(pictures_of) if len(own) > ENROLLED]
    if len(fit) < CLASS_SIZE or len(names) == CLASS_SIZE:
        return None
    drawn = []
    for _ in range(CLASSES):
        chosen = generator.choice(fit, CLASS_SIZE, replace=False)
        drawn.append(_draw(embeddings, pictures_of, chosen.tolist(), margin, generator))
    mated = Answers(
        similarity=np.concatenate([one.mated.similarity for one in drawn]),
        person=np.concatenate([one.mated.person for one in drawn]),
    )
    truth = np.concatenate([one.truth for one in drawn])
    return score_open_set(mated, truth, np.concatenate([one.strangers for one in drawn]))


def _draw(
    embeddings: FloatArray,
    pictures_of: list[npt.NDArray[np.int64]],
    chosen: list[int],
    margin: float,
    generator: np.random.Generator,
) -> _Class:
    """Enrol the chosen people; everybody else is a stranger, with one picture."""
    centres: list[FloatArray] = []
    probes: list[int] = []
    truth: list[int] = []
    for place, one in enumerate(chosen):
        own = generator.permutation(pictures_of[one])
        centre = embeddings[own[:ENROLLED]].mean(axis=0)
        centres.append(centre / max(float(np.linalg.norm(centre)), 1e-6))
        looked_for = own[ENROLLED : ENROLLED + PROBED]
        probes.extend(looked_for.tolist())
        truth.extend([place] * len(looked_for))
    others = [
        generator.choice(own) for one, own in enumerate(pictures_of) if one not in set(chosen)
    ]
    gallery = np.stack(centres)
    return _Class(
        mated=answers(embeddings[probes] @ gallery.T, margin),
        truth=np.array(truth, np.int64),
        strangers=answers(embeddings[others] @ gallery.T, margin).similarity,
    )
