"""
Closures of the eyes: when they begin and end, and of which kind they are.

Openness is read at the pictures' stamps and taken to change evenly in between, so that the moment
at which a line is crossed, and with it the kind, hardly depends on the frame rate.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

#: A closure lasts from where the lids are half closed to where they are half open again, the usual
#: measure of a blink: one that a single picture caught is then one picture's time long.
HALF_OPEN = 0.5
#: Lids that take longer between the line and half open are drooping, which is no part of it.
MAX_TRAVEL_S = 0.15


class ClosureKind(Enum):
    """Disjoint kinds of closures, by their length; FLICKER is too short or of unknown length."""

    FLICKER = 0
    BLINK = 1
    LONG_CLOSURE = 2
    MICROSLEEP = 3


@dataclass(frozen=True, slots=True)
class Closure:
    """One closure that is over, from its first to its last moment in seconds."""

    start_s: float
    end_s: float
    kind: ClosureKind

    @property
    def duration_s(self) -> float:
        """How long the eyes were closed."""
        return self.end_s - self.start_s


def kind_of(duration_s: float, bounds_s: tuple[float, float, float]) -> ClosureKind:
    """
    Kind of a closure.

    :param bounds_s: shortest blink, long closure and microsleep, rising
    """
    kinds = (ClosureKind.BLINK, ClosureKind.LONG_CLOSURE, ClosureKind.MICROSLEEP)
    found = ClosureKind.FLICKER
    for kind, bound_s in zip(kinds, bounds_s, strict=True):
        # Stamps are rounded: a closure of exactly a bound must not depend on the last digit.
        if duration_s >= bound_s - 1e-6:
            found = kind
    return found


def crossing(before: float, after: float, line: float) -> float:
    """Share of the way from one value to the next at which a line is crossed, in [0, 1]."""
    if before == after:
        return 0.0
    return min(max((line - before) / (after - before), 0.0), 1.0)


class EyeClosures:
    """Cuts the openness of one person's eyes into closures. Holds no clock."""

    def __init__(self, line: float, bounds_s: tuple[float, float, float]) -> None:
        """
        :param line: openness, below `HALF_OPEN`, which the eyes must reach to have been closed
        :param bounds_s: shortest blink, long closure and microsleep, rising
        """
        self._line = line
        self._bounds_s = bounds_s
        self.interrupt()

    def interrupt(self) -> None:
        """Forget a closure that goes on: the eyes were not seen, its end will not be known."""
        self._previous: tuple[float, float] | None = None
        self._half_s = self._start_s = self._lifted_s = math.nan
        self._is_start_seen = False

    def update(self, openness: float, stamp_s: float) -> Closure | None:
        """
        Add what was seen.

        :param openness: 0 closed, 1 open, a number
        :return: the closure that ended since the picture before, or None
        """
        previous, self._previous = self._previous, (openness, stamp_s)
        if previous is None:
            if openness <= self._line:
                self._start_s, self._is_start_seen = stamp_s, False
            return None
        before, before_s = previous

        def time_at(line: float) -> float:
            return before_s + (stamp_s - before_s) * crossing(before, openness, line)

        if math.isnan(self._start_s):
            self._wait(before, openness, time_at)
            return None
        if openness <= self._line:
            self._lifted_s = math.nan
            return None
        if math.isnan(self._lifted_s):
            self._lifted_s = time_at(self._line)
        if openness > HALF_OPEN:
            return self._end(self._end_time(time_at(HALF_OPEN), self._lifted_s, before))
        if stamp_s - self._lifted_s > MAX_TRAVEL_S:
            return self._end(self._lifted_s)
        return None

    @property
    def start_s(self) -> float:
        """When the closure going on began, NaN when there is none."""
        return self._start_s

    def current_s(self, stamp_s: float) -> float:
        """Seconds that the closure going on has lasted, 0 when there is none."""
        if math.isnan(self._start_s):
            return 0.0
        end_s = stamp_s if math.isnan(self._lifted_s) else self._lifted_s
        return max(end_s - self._start_s, 0.0)

    def _wait(self, before: float, openness: float, time_at: Callable[[float], float]) -> None:
        """Look for the beginning of a closure between two pictures."""
        if before > HALF_OPEN >= openness:
            self._half_s = time_at(HALF_OPEN)
        if openness <= self._line:
            reached_s = time_at(self._line)
            is_swift = reached_s - self._half_s <= MAX_TRAVEL_S or before > HALF_OPEN
            self._start_s = self._half_s if is_swift else reached_s
            self._is_start_seen = True

    def _end_time(self, half_s: float, lifted_s: float, before: float) -> float:
        """End of a closure: where the eyes are half open, unless the lids drooped before."""
        is_swift = half_s - lifted_s <= MAX_TRAVEL_S or before <= self._line
        return half_s if is_swift else lifted_s

    def _end(self, end_s: float) -> Closure:
        kind = kind_of(end_s - self._start_s, self._bounds_s)
        if not self._is_start_seen and kind is not ClosureKind.MICROSLEEP:
            kind = ClosureKind.FLICKER  # it may have been longer than what was seen of it
        closure = Closure(self._start_s, end_s, kind)
        self._start_s = self._half_s = self._lifted_s = math.nan
        return closure
