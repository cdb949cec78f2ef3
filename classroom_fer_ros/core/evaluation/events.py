"""
How well found events agree with labelled ones.

Events of one kind are matched one to one, as many as can be; two match if they overlap or lie
within `TOLERANCE_S` of each other and, where both name a face, name the same one.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import maximum_bipartite_matching

from classroom_fer_ros.core.events import BEHAVIOUR_KINDS, Event

TOLERANCE_S = 0.25
#: Times in files are rounded: a distance of exactly the tolerance must not hang on the last digit.
ROUNDING_S = 1e-6
CLOSURE = 'closure'
#: Counted together as closures, whatever their length; a labeller need not tell them apart.
CLOSURE_KINDS = ('blink', 'long_closure', 'microsleep', CLOSURE)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventScore:
    """
    Agreement on one kind of event.

    :param labelled: events in the labels
    :param found: events that were found
    :param matched: pairs of them
    """

    labelled: int
    found: int
    matched: int

    @property
    def precision(self) -> float:
        """Share of the found that are right, NaN where nothing was found."""
        return self.matched / self.found if self.found else math.nan

    @property
    def recall(self) -> float:
        """Share of the labelled that were found, NaN where nothing is labelled."""
        return self.matched / self.labelled if self.labelled else math.nan

    @property
    def f1(self) -> float:
        """Harmonic mean of both, NaN where there is neither."""
        count = self.found + self.labelled
        return 2 * self.matched / count if count else math.nan

    def to_json(self) -> dict[str, float | int | None]:
        """Plain values under the names that the tool documents; None for NaN."""
        return {
            'precision': _or_none(self.precision),
            'recall': _or_none(self.recall),
            'f1': _or_none(self.f1),
            'labelled': self.labelled,
            'found': self.found,
        }


def _or_none(value: float) -> float | None:
    return None if math.isnan(value) else value


def score_events(found: Sequence[Event], labelled: Sequence[Event]) -> dict[str, EventScore]:
    """
    Score every kind of event, and all closures together as 'closure'.

    :return: by kind: those of `BEHAVIOUR_KINDS`, 'closure', then whatever else occurs, by name
    """
    others = {event.kind for event in (*found, *labelled)} - {*BEHAVIOUR_KINDS, CLOSURE}
    groups: dict[str, Collection[str]] = {kind: (kind,) for kind in BEHAVIOUR_KINDS}
    groups[CLOSURE] = CLOSURE_KINDS
    groups |= {kind: (kind,) for kind in sorted(others)}
    return {
        name: _score(
            [event for event in found if event.kind in kinds],
            [event for event in labelled if event.kind in kinds],
        )
        for name, kinds in groups.items()
    }


def do_match(one: Event, other: Event) -> bool:
    """Whether two events of a kind can be the same."""
    gap_s = max(one.start_s, other.start_s) - min(one.end_s, other.end_s)
    is_same_face = one.face == other.face or not (one.face and other.face)
    return is_same_face and gap_s <= TOLERANCE_S + ROUNDING_S


def _score(found: Sequence[Event], labelled: Sequence[Event]) -> EventScore:
    pairs = _candidates(found, labelled)
    matched = 0
    if pairs:
        rows, columns = np.array(pairs, np.int32).T
        graph = csr_matrix(
            (np.ones(len(pairs), np.int8), (rows, columns)), (len(found), len(labelled))
        )
        matched = int((maximum_bipartite_matching(graph, perm_type='column') >= 0).sum())
    return EventScore(labelled=len(labelled), found=len(found), matched=matched)


def _candidates(found: Sequence[Event], labelled: Sequence[Event]) -> list[tuple[int, int]]:
    """Pairs (place in found, place in labelled) that may be matched; hours of events are quick."""
    order = sorted(range(len(labelled)), key=lambda place: labelled[place].start_s)
    starts_s = np.array([labelled[place].start_s for place in order])
    # The latest end so far rises, so that all labels before a place are known to be long over.
    ends_s = np.maximum.accumulate(np.array([labelled[place].end_s for place in order]))
    reach_s = TOLERANCE_S + 2 * ROUNDING_S
    pairs = []
    for row, event in enumerate(found):
        first = int(np.searchsorted(ends_s, event.start_s - reach_s, 'left'))
        last = int(np.searchsorted(starts_s, event.end_s + reach_s, 'right'))
        pairs += [(row, place) for place in order[first:last] if do_match(event, labelled[place])]
    return pairs
