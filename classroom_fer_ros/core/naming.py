"""
Who a face is called: by several views that agree, one face a person, and without flicker.

Every view of a face that is looked up is a vote for somebody enrolled, or for nobody.
"""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from classroom_fer_ros.core.gallery import Match

#: Votes that are remembered of a face.
WINDOW = 7
#: Share of them that a name needs, beside the smallest number.
MIN_SHARE = 0.4


@dataclass(slots=True)
class FaceVotes:
    """
    What the views of one face have said.

    :ivar person_id: who it is called, apart from other faces; empty for nobody
    :ivar first_s: when it was first seen
    :ivar last_s: when it was seen last
    """

    person_id: str = ''
    first_s: float = math.inf
    last_s: float = -math.inf
    votes: deque[Match | None] = field(default_factory=lambda: deque(maxlen=WINDOW))

    def add(self, match: Match | None, min_votes: int) -> None:
        """
        Count one more view.

        :param min_votes: views that must agree, at least
        """
        self.votes.append(match)
        counts = self._counts()
        own = counts.pop(self.person_id, 0)
        best, most = counts.most_common(1)[0] if counts else ('', 0)
        is_gone = own == 0 and len(self.votes) == WINDOW
        if self.person_id and not is_gone and most < own + min_votes:
            return
        needed = max(min_votes, math.ceil(MIN_SHARE * len(self.votes)))
        rest = [number for person_id, number in counts.items() if person_id != best]
        is_clear = most >= needed and most > max(rest, default=0)
        self.person_id = best if is_clear else ''

    def support(self) -> tuple[int, float]:
        """Views that speak for the name, and their mean similarity."""
        own = [one.similarity for one in self.votes if one and one.person_id == self.person_id]
        return len(own), sum(own) / len(own) if own else -math.inf

    def newest(self) -> Match | None:
        """The last vote for the name; None for nobody."""
        own = (one for one in reversed(self.votes) if one and one.person_id == self.person_id)
        return next(own, None) if self.person_id else None

    def strike(self, person_id: str) -> None:
        """Take every vote for somebody back, and the name."""
        kept = [one for one in self.votes if one is None or one.person_id != person_id]
        self.votes.clear()
        self.votes.extend(kept)
        if self.person_id == person_id:
            self.person_id = ''

    def _counts(self) -> Counter[str]:
        return Counter(one.person_id for one in self.votes if one is not None)


class NameBoard:
    """Gives every person's name to one face at a time."""

    def __init__(self, min_votes: int) -> None:
        """:param min_votes: views that must agree, and by which a face must lead to take a name"""
        self._min_votes = min_votes
        self._holders: dict[str, str] = {}

    def assign(self, known: Mapping[str, FaceVotes], present: Sequence[str]) -> dict[str, Match]:
        """
        Name the faces of a picture.

        :param known: votes by face_id, of every face that is not forgotten
        :param present: face_ids of the faces of the picture, all of them in `known`
        :return: by face_id, those who have a name; no two have the same
        """
        claims: dict[str, list[str]] = {}
        for face_id in present:
            if known[face_id].person_id:
                claims.setdefault(known[face_id].person_id, []).append(face_id)
        names: dict[str, Match] = {}
        for person_id, claimants in claims.items():
            holder = self._decide(person_id, claimants, known)
            match = known[holder].newest() if holder in claimants else None
            if match is not None:
                names[holder] = match
        self._holders = {one: face for one, face in self._holders.items() if face in known}
        return names

    def _decide(
        self, person_id: str, claimants: Sequence[str], known: Mapping[str, FaceVotes]
    ) -> str:
        """Who holds the name from now on; one out of the picture may go on holding it."""
        holder = self._holders.get(person_id, '')
        is_held = holder in known and known[holder].person_id == person_id
        best = max(
            (face_id for face_id in claimants if face_id != holder),
            key=lambda face_id: known[face_id].support(),
            default=holder,
        )
        if is_held and best != holder and not self._takes_over(known[best], known[holder]):
            return holder
        if is_held and best != holder:
            known[holder].strike(person_id)  # or the two would take turns
        self._holders[person_id] = best
        return best

    def _takes_over(self, challenger: FaceVotes, holder: FaceVotes) -> bool:
        # Found again under another id; who was there beside the holder is somebody else.
        is_successor = challenger.first_s > holder.last_s
        return is_successor or challenger.support()[0] >= holder.support()[0] + self._min_votes
