"""
How well enrolled people are found again, and strangers are not taken for them.

Open-set identification (Grother et al., "Face Recognition Vendor Test, part 2", 2019): a probe of
an enrolled person counts as found if the most similar person is the right one and is similar
enough, where "enough" lets a given share of the strangers through.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from classroom_fer_ros.core.arrays import FloatArray
from classroom_fer_ros.core.embedding import FaceEmbedder
from classroom_fer_ros.core.errors import DataError
from classroom_fer_ros.core.gallery import THRESHOLD_SETTING, Gallery, margin_of
from classroom_fer_ros.core.people_folders import FaceCutter, pictures_of_people

#: Share of strangers that may be taken for somebody.
FPIR = 1e-2
NOBODY = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """
    Whom a gallery finds most similar to each of some probes.

    :param similarity: shape (n,), to the most similar person; -inf where two are about equal, or
        where no face was found
    :param person: shape (n,), that person's index, or `NOBODY`
    """

    similarity: FloatArray
    person: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSetScore:
    """
    How well people are told from each other and from strangers.

    :param rank1: share of the probes of enrolled people whose most similar person is the right one
    :param tpir: share found, at a threshold that lets at most `FPIR` of the strangers through;
        None without strangers
    :param threshold: that threshold; None without strangers, or where all are turned away anyway
    """

    rank1: float
    tpir: float | None
    threshold: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GalleryScore:
    """
    A model's figures on folders of people.

    :param people: number enrolled
    :param probes: number of pictures of enrolled people
    :param strangers: number of pictures of others
    :param faceless: pictures in which no face was found
    :param named: share of the probes that the gallery names rightly at the card's threshold
    :param misnamed: share of the probes that it gives another's name
    :param strangers_named: share of the strangers that it gives a name; None without strangers
    """

    model: str
    people: int
    probes: int
    strangers: int
    faceless: int
    open_set: OpenSetScore
    named: float
    misnamed: float
    strangers_named: float | None

    def to_json(self) -> dict[str, object]:
        """Plain values under the names that the tool documents."""
        return {
            'model': self.model,
            'people': self.people,
            'probes': self.probes,
            'strangers': self.strangers,
            'pictures_without_face': self.faceless,
            'rank1': self.open_set.rank1,
            'tpir_at_fpir_1e-2': self.open_set.tpir,
            'threshold_at_fpir_1e-2': self.open_set.threshold,
            'named': self.named,
            'misnamed': self.misnamed,
            'strangers_named': self.strangers_named,
        }


def evaluate_gallery(
    gallery_dir: Path, probe_dir: Path, card: Path, strangers_dir: Path | None = None
) -> GalleryScore:
    """
    Enrol the people of one folder, and look for those of another.

    :param gallery_dir: ``<name>/<picture>``
    :param probe_dir: the same; people who are not in `gallery_dir` are strangers
    :param card: model card of the embedder
    :param strangers_dir: more strangers, whatever their names
    :raises DataError: if a folder is of another layout, a picture is broken, somebody's pictures
        show no face, or nobody enrolled is looked for
    :raises ModelError: if a model is missing or broken
    """
    enrolled = pictures_of_people(gallery_dir)
    probes = pictures_of_people(probe_dir)
    more = pictures_of_people(strangers_dir) if strangers_dir is not None else {}
    if not enrolled.keys() & probes.keys():
        raise DataError(f'{probe_dir} shows nobody of {gallery_dir}: people go by folder name')
    embed = _PictureEmbedder(card)
    try:
        with tempfile.TemporaryDirectory() as folder:
            return _score(embed, Path(folder) / 'gallery.db', enrolled, probes, more)
    finally:
        embed.close()


def _score(
    embed: _PictureEmbedder,
    path: Path,
    enrolled: dict[str, list[Path]],
    probes: dict[str, list[Path]],
    more: dict[str, list[Path]],
) -> GalleryScore:
    gallery = Gallery.open(path, embed.model.card)
    for name, pictures in enrolled.items():
        found = [one for one in map(embed, pictures) if one is not None]
        if not found:
            raise DataError(f'no face was found in the pictures of {name}: {pictures[0].parent}')
        gallery.enroll(name, np.stack(found), 0.0)
    names = [person.name for person in gallery.people()]
    known = [
        (names.index(name), path) for name in probes if name in enrolled for path in probes[name]
    ]
    others = [path for name in probes if name not in enrolled for path in probes[name]]
    others += [path for pictures in more.values() for path in pictures]
    margin = margin_of(embed.model.card)
    mated = _ask(gallery, margin, (embed(path) for _, path in known))
    strangers = _ask(gallery, margin, map(embed, others))
    gallery.close()
    truth = np.array([index for index, _ in known])
    threshold = embed.model.card.settings[THRESHOLD_SETTING]
    is_named, is_right = mated.similarity > threshold, mated.person == truth
    return GalleryScore(
        model=embed.model.card.name,
        people=len(names),
        probes=len(known),
        strangers=len(others),
        faceless=embed.faceless,
        open_set=score_open_set(mated, truth, strangers.similarity),
        named=float((is_named & is_right).mean()),
        misnamed=float((is_named & ~is_right).mean()),
        strangers_named=float((strangers.similarity > threshold).mean()) if others else None,
    )


class _PictureEmbedder:
    """
    Files to embeddings: detection, alignment and network, as at run time.

    :ivar faceless: how many had no face
    """

    def __init__(self, card: Path) -> None:
        self.model = FaceEmbedder(card)
        self.faceless = 0
        self._cutter = FaceCutter()

    def __call__(self, path: Path) -> FloatArray | None:
        crop_bgr = self._cutter.read(path)
        if crop_bgr is None:
            self.faceless += 1
            return None
        return np.asarray(self.model(crop_bgr[None])[0])

    def close(self) -> None:
        self._cutter.close()


def _ask(gallery: Gallery, margin: float, embeddings: Iterable[FloatArray | None]) -> Answers:
    """Look up probes; None where no face was found."""
    size = len(gallery.people())
    nothing = np.full(size, -np.inf)
    rows = [nothing if one is None else gallery.similarities(one) for one in embeddings]
    return answers(np.reshape(rows, (len(rows), size)), margin)


def answers(similarity: FloatArray, margin: float) -> Answers:
    """
    What a gallery answers.

    :param margin: how much more similar the best person must be than the second
    :param similarity: shape (probes, people), people at least 1; -inf where there is no face
    """
    person = similarity.argmax(axis=1) if len(similarity) else np.empty(0, np.int64)
    ranked = np.sort(similarity, axis=1)[:, ::-1]
    best = ranked[:, 0].astype(float)
    if similarity.shape[1] > 1:
        # Where there is no face, infinities would be subtracted.
        lead = best - np.where(np.isfinite(best), ranked[:, 1], 0.0)
        best = np.where(lead < margin, -np.inf, best)
    return Answers(
        similarity=best,
        person=np.where(np.isfinite(ranked[:, 0]), person, NOBODY).astype(np.int64),
    )


def score_open_set(
    mated: Answers, truth: npt.NDArray[np.int64], strangers: FloatArray
) -> OpenSetScore:
    """
    Score a gallery's answers.

    :param mated: of probes of enrolled people, at least one
    :param truth: who they are, shape (n,)
    :param strangers: similarity of strangers to the most similar person, shape (m,), m may be 0
    """
    is_right = mated.person == truth
    rank1 = float(is_right.mean())
    if len(strangers) == 0:
        return OpenSetScore(rank1=rank1, tpir=None, threshold=None)
    ranked = np.sort(strangers)[::-1]
    threshold = float(ranked[int(FPIR * len(ranked))])
    tpir = float((is_right & (mated.similarity > threshold)).mean())
    return OpenSetScore(
        rank1=rank1, tpir=tpir, threshold=threshold if np.isfinite(threshold) else None
    )
