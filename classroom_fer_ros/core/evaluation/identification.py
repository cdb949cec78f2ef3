"""
Accuracy of a face embedder on pairs of pictures: the same person or two?

The protocol of Labeled Faces in the Wild (Huang et al., 2007): the pairs of one fold are judged
with the threshold that is best on all other folds.
"""

from __future__ import annotations

import csv
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from classroom_fer_ros.core.arrays import FloatArray, ImageBgr
from classroom_fer_ros.core.embedding import FaceEmbedder
from classroom_fer_ros.core.errors import DataError
from classroom_fer_ros.core.evaluation.gallery import OpenSetScore
from classroom_fer_ros.core.evaluation.open_class import score_classes
from classroom_fer_ros.core.evaluation.roc import BoolArray, Roc, roc_curve
from classroom_fer_ros.core.gallery import MIN_MARGIN, margin_of
from classroom_fer_ros.core.mesh import FaceMesh
from classroom_fer_ros.core.tight_crops import TightCrops, align_tight_crop, load_tight_crops

#: LFW publishes its pairs in folds of 300 of one person and 300 of two.
LFW_FOLD = 600
OTHER_FOLDS = 10
TIMED_FACES = 100
COLUMNS = ('person_a', 'number_a', 'person_b', 'number_b', 'same')

IndexArray = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """
    Pairs of pictures of one file.

    :param first: shape (n,), index of one picture
    :param second: shape (n,), index of the other
    :param is_same: shape (n,), whether both show one person
    """

    first: IndexArray
    second: IndexArray
    is_same: BoolArray

    def similarity(self, embeddings: FloatArray) -> FloatArray:
        """
        Cosine of every pair.

        :param embeddings: shape (pictures, size), rows of unit length
        :return: shape (n,)
        """
        return np.asarray((embeddings[self.first] * embeddings[self.second]).sum(axis=1))


@dataclass(frozen=True, slots=True, kw_only=True)
class PairScore:
    """
    How well similarity tells pairs of one person from pairs of two.

    :param tar_at_far: share of pairs of one person accepted, by share of the others accepted
    :param threshold: similarity above which 1 % of the pairs of two people lie
    """

    accuracy: float
    auc: float
    tar_at_far: dict[float, float]
    threshold: float


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentificationScore:
    """
    A model's figures on one file of pairs.

    :param roc: the pairs' whole curve
    :param classes: of classes of 30 among strangers; None if not asked for, or too few pictures
    """

    model: str
    pairs: int
    pairs_score: PairScore
    milliseconds_per_face: float
    roc: Roc
    classes: OpenSetScore | None = None

    def to_json(self) -> dict[str, object]:
        """Plain values under the names that the tool documents."""
        return {
            'model': self.model,
            'pairs': self.pairs,
            **self.card_figures(digits=6),
            'milliseconds_per_face': self.milliseconds_per_face,
        }

    def card_figures(self, digits: int = 4) -> dict[str, float]:
        """The figures that go on a model card."""
        score = self.pairs_score
        figures = {
            'accuracy': score.accuracy,
            'auc': score.auc,
            'tar_at_far_1e-2': score.tar_at_far[1e-2],
            'tar_at_far_1e-3': score.tar_at_far[1e-3],
        }
        if self.classes is not None and self.classes.tpir is not None:
            figures['class_of_30_rank1'] = self.classes.rank1
            figures['class_of_30_tpir_at_fpir_1e-2'] = self.classes.tpir
        return {name: round(figure, digits) for name, figure in figures.items()}


def evaluate_identification(
    images: Path, pairs: Path, card: Path, *, with_classes: bool = False
) -> IdentificationScore:
    """
    Compare the two pictures of every pair.

    :param images: npz of tight crops, see `load_tight_crops`
    :param pairs: CSV file with the columns of `COLUMNS`
    :param with_classes: also enrol classes of 30, which takes all pictures of the file
    :raises DataError: if a file is missing, truncated or of another layout
    :raises ModelError: if the model cannot be opened
    """
    faces = load_tight_crops(images)
    chosen = load_pairs(pairs, faces)
    embed = FaceEmbedder(card)
    if not with_classes:
        faces, chosen = pictures_of_pairs(faces, chosen)
    mesh = FaceMesh(1)
    crops = np.stack([align_tight_crop(faces.image(i), mesh)[0] for i in range(len(faces))])
    return score_embeddings(
        embed.card.name,
        embed(crops),
        chosen,
        milliseconds_per_face=_milliseconds_per_face(embed, crops[:TIMED_FACES]),
        person=faces.person if with_classes else None,
        margin=margin_of(embed.card),
    )


def pictures_of_pairs(faces: TightCrops, pairs: Pairs) -> tuple[TightCrops, Pairs]:
    """Only the pictures that pairs are of, and the pairs of them."""
    used, places = np.unique(np.stack([pairs.first, pairs.second]), return_inverse=True)
    first, second = places.reshape(2, -1)
    return faces[used], Pairs(first=first, second=second, is_same=pairs.is_same)


def score_embeddings(
    model: str,
    embeddings: FloatArray,
    pairs: Pairs,
    *,
    milliseconds_per_face: float,
    person: npt.NDArray[np.str_] | None = None,
    margin: float = MIN_MARGIN,
) -> IdentificationScore:
    """
    Score a model's embeddings of the pictures of some pairs.

    :param embeddings: shape (pictures, size), rows of unit length
    :param person: shape (pictures,), whose they are: also enrol classes of 30
    :param margin: of classes, see `score_classes`
    """
    similarity = pairs.similarity(embeddings)
    return IdentificationScore(
        model=model,
        pairs=len(similarity),
        pairs_score=score_pairs(similarity, pairs.is_same),
        milliseconds_per_face=milliseconds_per_face,
        roc=roc_curve(similarity, pairs.is_same),
        classes=None if person is None else score_classes(embeddings, person, margin),
    )


def load_pairs(path: Path, faces: TightCrops) -> Pairs:
    """
    Read pairs and look up their pictures.

    :raises DataError: if the file is missing, of another layout, names a picture that `faces`
        lacks, or has pairs of one kind only
    """
    index_of = {
        (str(person), int(number)): index
        for index, (person, number) in enumerate(zip(faces.person, faces.number, strict=True))
    }
    try:
        with path.open(newline='', encoding='utf-8') as lines:
            rows = [
                (
                    index_of[row['person_a'], int(row['number_a'])],
                    index_of[row['person_b'], int(row['number_b'])],
                    {'0': False, '1': True}[row['same']],
                )
                for row in csv.DictReader(lines)
            ]
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f'{path} cannot be read: {error}') from error
    except (KeyError, ValueError, TypeError) as error:
        raise DataError(
            f'{path}: {error} is no column of {", ".join(COLUMNS)}, no value of one, or no '
            'picture of the file of images'
        ) from error
    is_same = np.array([same for _, _, same in rows], bool)
    if not is_same.any() or is_same.all():
        raise DataError(f'{path}: needs pairs of one person and pairs of two')
    return Pairs(
        first=np.array([first for first, _, _ in rows], np.int64),
        second=np.array([second for _, second, _ in rows], np.int64),
        is_same=is_same,
    )


def score_pairs(similarity: FloatArray, is_same: BoolArray) -> PairScore:
    """
    Score similarities against the truth.

    :param similarity: shape (n,)
    :param is_same: shape (n,), with pairs of both kinds
    """
    return PairScore(
        accuracy=accuracy_over_folds(similarity, is_same),
        auc=_area_under_roc(similarity, is_same),
        tar_at_far={far: _tar_at_far(similarity, is_same, far) for far in (1e-2, 1e-3)},
        threshold=threshold_at_far(similarity, is_same, 1e-2),
    )


def accuracy_over_folds(similarity: FloatArray, is_same: BoolArray) -> float:
    """Share of pairs judged rightly, each with the threshold that is best on the other folds."""
    fold = fold_of(len(similarity))
    is_right = np.zeros(len(similarity), bool)
    for index in range(int(fold.max()) + 1):
        others, own = fold != index, fold == index
        threshold = best_threshold(similarity[others], is_same[others])
        is_right[own] = (similarity[own] > threshold) == is_same[own]
    return float(is_right.mean())


def fold_of(count: int) -> IndexArray:
    """
    Fold of every pair: LFW's own where there are several, or else every tenth pair.

    :return: shape (count,)
    """
    if count >= 2 * LFW_FOLD and count % LFW_FOLD == 0:
        return np.arange(count) // LFW_FOLD
    return np.arange(count) % OTHER_FOLDS


def best_threshold(similarity: FloatArray, is_same: BoolArray) -> float:
    """Similarity above which pairs are best taken for one person; the middle of a gap."""
    if len(similarity) == 0:
        return 0.0
    order = np.argsort(similarity)
    ranked, same = similarity[order], is_same[order]
    # Right answers if the threshold lies before the first pair, between two, or behind the last.
    right = np.concatenate([[0], np.cumsum(~same)]) + np.concatenate(
        [np.cumsum(same[::-1])[::-1], [0]]
    )
    place = int(right.argmax())
    low = ranked[max(place - 1, 0)]
    return float((low + ranked[min(place, len(ranked) - 1)]) / 2)


def threshold_at_far(similarity: FloatArray, is_same: BoolArray, far: float) -> float:
    """Least threshold above which no more than a share `far` of the pairs of two people lies."""
    strangers = np.sort(similarity[~is_same])[::-1]
    return float(strangers[min(int(far * len(strangers)), len(strangers) - 1)])


def _tar_at_far(similarity: FloatArray, is_same: BoolArray, far: float) -> float:
    return float((similarity[is_same] > threshold_at_far(similarity, is_same, far)).mean())


def _area_under_roc(similarity: FloatArray, is_same: BoolArray) -> float:
    """Chance that a pair of one person is more similar than a pair of two (Mann and Whitney)."""
    same, different = int(is_same.sum()), int((~is_same).sum())
    ranks = float(rankdata(similarity)[is_same].sum())
    return (ranks - same * (same + 1) / 2) / (same * different)


def _milliseconds_per_face(embed: FaceEmbedder, crops_bgr: ImageBgr) -> float:
    """Median time of one face alone, on one core."""
    seconds = []
    for crop in crops_bgr:
        start = time.perf_counter()
        embed(crop[None])
        seconds.append(time.perf_counter() - start)
    return float(np.median(seconds)) * 1e3
