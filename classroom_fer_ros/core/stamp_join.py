"""
Joins what several sources say about one picture, by its stamp and never by position.

One part leads: its stamps rise strictly within a run, and there is one set for each of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from classroom_fer_ros.core.errors import StampError

#: Sets wait no longer than this for parts that are late, in time of their stamps.
MAX_WAIT_S = 0.5
MAX_PENDING = 16


@dataclass(frozen=True, slots=True)
class JoinedSet:
    """
    What came about one picture.

    :param parts: by the part's name; those that did not come in time are missing
    """

    stamp_ns: int
    parts: dict[str, Any] = field(default_factory=dict)


class StampJoin:
    """
    Collects parts until a set is complete, and gives the sets out in the order of their stamps.

    A set that stays incomplete is given out without the parts it lacks once newer ones have waited
    for too long, so that a source that has died holds nobody up for good. Holds no clock.

    :ivar incomplete: sets given out with parts missing
    """

    def __init__(
        self,
        leader: str,
        others: Sequence[str],
        is_expected: Callable[[str], bool] = lambda part: True,
        *,
        max_wait_s: float = MAX_WAIT_S,
        max_pending: int = MAX_PENDING,
    ) -> None:
        """
        :param leader: part without which there is no set
        :param others: parts that a set waits for
        :param is_expected: whether a part's source is there at all, and worth waiting for
        """
        self.incomplete = 0
        self._leader, self._others = leader, tuple(others)
        self._is_expected = is_expected
        self._max_wait_ns = round(max_wait_s * 1e9)
        self._max_pending = max_pending
        self._pending: dict[int, dict[str, Any]] = {}
        self._early: dict[int, dict[str, Any]] = {}
        self._newest_ns = self._given_ns = -1

    def clear(self) -> None:
        """Forget everything."""
        self._pending, self._early = {}, {}
        self._newest_ns = self._given_ns = -1

    def begin_anew(self) -> None:
        """Forget the run, but for parts of the next one that came ahead of its first leader."""
        early = self._early
        self.clear()
        self._pending = early

    def add(self, part: str, stamp_ns: int, value: Any) -> list[JoinedSet]:
        """
        Take one part in.

        :return: the sets that are to be worked on now, oldest first
        :raises StampError: if the leader's stamps go backwards: another run has begun;
            `begin_anew`, then add the part again
        """
        if part == self._leader:
            if stamp_ns < self._newest_ns:
                raise StampError(stamp_ns * 1e-9, self._newest_ns * 1e-9)
            self._newest_ns = stamp_ns
        if stamp_ns <= self._given_ns:
            self._keep_early(part, stamp_ns, value)
            return []
        self._pending.setdefault(stamp_ns, {})[part] = value
        ready = self._take_ready()
        self._drop_stray()
        return ready

    def _keep_early(self, part: str, stamp_ns: int, value: Any) -> None:
        """Keep what is too old to be late: it may belong to a run whose leader is on its way."""
        if self._newest_ns - stamp_ns > self._max_wait_ns:
            self._early.setdefault(stamp_ns, {})[part] = value
            if len(self._early) > self._max_pending:
                del self._early[next(iter(self._early))]

    def _take_ready(self) -> list[JoinedSet]:
        ready: list[JoinedSet] = []
        waiting = sorted(s for s, parts in self._pending.items() if self._leader in parts)
        for place, stamp_ns in enumerate(waiting):
            is_complete = self._is_complete(self._pending[stamp_ns])
            is_overdue = (
                self._newest_ns - stamp_ns > self._max_wait_ns
                or len(waiting) - place > self._max_pending
            )
            if not is_complete and not is_overdue:
                break
            self.incomplete += not is_complete
            ready.append(JoinedSet(stamp_ns, self._pending.pop(stamp_ns)))
            self._given_ns = stamp_ns
        return ready

    def _is_complete(self, parts: dict[str, Any]) -> bool:
        return all(part in parts or not self._is_expected(part) for part in self._others)

    def _drop_stray(self) -> None:
        """Parts that no leader came for."""
        for stamp_ns in sorted(self._pending):
            is_old = stamp_ns <= self._given_ns
            is_stray = self._leader not in self._pending[stamp_ns]
            if is_old or (is_stray and len(self._pending) > 2 * self._max_pending):
                del self._pending[stamp_ns]
