"""
Enrolment proved on a folder of people: every split of their pictures, everybody once a stranger.

As in a class: some pictures of a person are enrolled, the others are looked for, one by one and
as the views of one followed face, which are voted over as at run time.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from classroom_fer_ros.core.arrays import FloatArray
from classroom_fer_ros.core.embedding import FaceEmbedder
from classroom_fer_ros.core.enrolment_config import IdentityConfig
from classroom_fer_ros.core.errors import DataError
from classroom_fer_ros.core.evaluation.gallery import answers
from classroom_fer_ros.core.gallery import THRESHOLD_SETTING, Match, margin_of
from classroom_fer_ros.core.naming import FaceVotes
from classroom_fer_ros.core.people_folders import FaceCutter, pictures_of_people

#: Pictures of a person that are enrolled; the others are looked for.
ENROLLED = 5


@dataclass(slots=True)
class Tally:
    """How often the right name, another's and none was given, to the enrolled and to strangers."""

    known: Counter[str] = field(default_factory=Counter)
    strangers: Counter[str] = field(default_factory=Counter)

    def add(self, name: str, truth: str, is_enrolled: bool) -> None:
        """Count one answer; an empty name is none."""
        if is_enrolled:
            self.known['none' if not name else 'right' if name == truth else 'wrong'] += 1
        else:
            self.strangers['named' if name else 'none'] += 1

    def to_json(self) -> dict[str, float]:
        """Shares of the answers."""
        return {
            'named': self.known['right'] / max(self.known.total(), 1),
            'misnamed': self.known['wrong'] / max(self.known.total(), 1),
            'strangers_named': self.strangers['named'] / max(self.strangers.total(), 1),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitScore:
    """
    Sums over all splits and all strangers.

    :param single: every picture by itself
    :param voted: all pictures of a person that are not enrolled as the views of one face
    """

    model: str
    people: int
    splits: int
    single: Tally
    voted: Tally

    def to_json(self) -> dict[str, object]:
        """Plain values under the names that the tool documents."""
        return {
            'model': self.model,
            'people': self.people,
            'splits': self.splits,
            'probes': self.single.known.total(),
            'stranger_probes': self.single.strangers.total(),
            **self.single.to_json(),
            **{f'voted_{name}': share for name, share in self.voted.to_json().items()},
        }


def evaluate_splits(folder: Path, card: Path, enrolled: int = ENROLLED) -> SplitScore:
    """
    Enrol some pictures of everybody but one person, and look for all others, in all ways.

    :param folder: ``<name>/<picture>``
    :param enrolled: pictures of a person that are enrolled
    :raises DataError: if there are fewer than three people, or too few pictures of somebody
    :raises ModelError: if a model is missing or broken
    """
    embed = FaceEmbedder(card)
    embeddings = _embeddings(folder, embed)
    few = [name for name, own in embeddings.items() if len(own) <= enrolled]
    if len(embeddings) < 3 or few:
        raise DataError(
            f'{folder}: needs three people with more than {enrolled} faces each'
            + (f', not so {", ".join(few)}' if few else '')
        )
    count = min(len(own) for own in embeddings.values())
    people = {name: own[:count] for name, own in embeddings.items()}
    threshold = embed.card.settings[THRESHOLD_SETTING]
    margin = margin_of(embed.card)
    single, voted, splits = Tally(), Tally(), 0
    for chosen in itertools.combinations(range(count), enrolled):
        for stranger in people:
            splits += 1
            for truth, names in _answers(people, stranger, chosen, threshold, margin):
                for name in names:
                    single.add(name, truth, truth != stranger)
                voted.add(_vote(names), truth, truth != stranger)
    return SplitScore(
        model=embed.card.name, people=len(people), splits=splits, single=single, voted=voted
    )


def _answers(
    people: dict[str, FloatArray],
    stranger: str,
    chosen: Sequence[int],
    threshold: float,
    margin: float,
) -> Iterator[tuple[str, list[str]]]:
    """Whom the pictures that are not enrolled are taken for, by person; empty for nobody."""
    names = [name for name in people if name != stranger]
    rest = [number for number in range(len(people[stranger])) if number not in chosen]
    centres = np.stack([people[name][list(chosen)].mean(axis=0) for name in names])
    centres /= np.maximum(np.linalg.norm(centres, axis=1, keepdims=True), 1e-6)
    for truth, own in people.items():
        found = answers(own[rest] @ centres.T, margin)
        is_named = found.similarity > threshold
        yield (
            truth,
            [
                names[person] if is_good else ''
                for person, is_good in zip(found.person, is_named, strict=True)
            ],
        )


def _vote(names: Sequence[str]) -> str:
    """The name that a followed face gets by its views."""
    votes = FaceVotes()
    for name in names:
        match = Match(person_id=name, person_name=name, similarity=1.0) if name else None
        votes.add(match, IdentityConfig().identity_votes)
    return votes.person_id


def _embeddings(folder: Path, embed: FaceEmbedder) -> dict[str, FloatArray]:
    """Of every picture with a face, by person."""
    cutter = FaceCutter()
    try:
        crops = {
            name: [crop for crop in map(cutter.read, paths) if crop is not None]
            for name, paths in pictures_of_people(folder).items()
        }
    finally:
        cutter.close()
    return {name: embed(np.stack(own)) for name, own in crops.items() if own}
