"""What a head's angle does over time: reversals, turns from one rest to another, looks aside."""

from __future__ import annotations

import math
import statistics
from collections import deque

#: An angle that stays within half a swing for this long rests: what follows is no way back.
CALM_S = 0.6
#: Noise and the filter's last creep, as a share of a swing, do not put off a motion's end.
END_SHARE = 0.25


class Reversals:
    """
    Finds where an angle turns back, ignoring all that is smaller than a swing. Holds no clock.

    The extreme so far is kept; the angle has turned back once it is a swing away from it.
    """

    def __init__(self, *, swing: float, window_s: float) -> None:
        """
        :param swing: smallest way back that counts, in the angle's unit
        :param window_s: how long a reversal is remembered, seconds
        """
        self._swing, self._window_s = swing, window_s
        self._times: deque[float] = deque()
        self._sizes: deque[float] = deque()
        self._starts: deque[float] = deque()
        self.reset()

    def reset(self) -> None:
        """Forget everything, as after a gap."""
        self._times.clear()
        self._sizes.clear()
        self._starts.clear()
        self._rising = 0
        self._turned_s = self._end_s = -math.inf
        self._end_angle = math.nan
        self._low = self._high = math.nan
        self._low_s = self._high_s = -math.inf
        self._calm_since_s, self._calm_angle = -math.inf, math.nan

    def update(self, angle: float, stamp_s: float) -> None:
        """Add a sample."""
        if math.isnan(self._low) or self._is_calm(angle, stamp_s):
            self._rising = 0
            self._low = self._high = angle
            self._low_s = self._high_s = stamp_s
        if angle >= self._high:
            self._high, self._high_s = angle, stamp_s
        if angle <= self._low:
            self._low, self._low_s = angle, stamp_s
        if self._rising >= 0 and angle <= self._high - self._swing:
            self._turn(-1, self._high_s, self._high - angle)
            self._low, self._low_s = angle, stamp_s
        elif self._rising <= 0 and angle >= self._low + self._swing:
            self._turn(1, self._low_s, angle - self._low)
            self._high, self._high_s = angle, stamp_s
        self._follow_end()
        while self._times and stamp_s - self._times[0] > self._window_s:
            self._times.popleft()
            self._sizes.popleft()
            self._starts.popleft()

    @property
    def count(self) -> int:
        """Reversals within the window."""
        return len(self._times)

    @property
    def size(self) -> float:
        """Sum of the ways back within the window, as far as they were when they counted."""
        return sum(self._sizes)

    @property
    def span_s(self) -> tuple[float, float]:
        """From where the first swing of the window began to where the last one has come to."""
        return self._starts[0], self._end_s

    def _follow_end(self) -> None:
        """Move the end of the last swing on, unless the head has all but come to it."""
        if not self._rising:
            return
        is_rising = self._rising > 0
        end_s, angle = (self._high_s, self._high) if is_rising else (self._low_s, self._low)
        if not abs(angle - self._end_angle) < self._swing * END_SHARE:
            self._end_s, self._end_angle = end_s, angle

    def _is_calm(self, angle: float, stamp_s: float) -> bool:
        if not abs(angle - self._calm_angle) <= self._swing / 2:
            self._calm_since_s, self._calm_angle = stamp_s, angle
        return stamp_s - self._calm_since_s >= CALM_S

    def _turn(self, rising: int, time_s: float, size: float) -> None:
        # The first swing only says which way the angle goes: there was nothing to turn back from.
        if self._rising != 0:
            self._times.append(time_s)
            self._sizes.append(size)
            self._starts.append(self._turned_s)
        self._rising, self._turned_s = rising, time_s
        self._end_angle = math.nan


class Turns:
    """Finds turns: an angle leaves one rest and soon comes to another. Holds no clock."""

    def __init__(
        self, *, min_turn: float, max_turn_s: float, rest_band: float, rest_s: float
    ) -> None:
        """
        :param min_turn: smallest change that is a turn
        :param max_turn_s: a slower change is none
        :param rest_band: an angle that stays within this band for `rest_s` rests
        """
        self._min_turn, self._max_turn_s = min_turn, max_turn_s
        self._rest_band, self._rest_s = rest_band, rest_s
        self.reset()

    def reset(self) -> None:
        """Forget everything, as after a gap."""
        self._recent: deque[tuple[float, float]] = deque()
        self._rest: tuple[float, float] | None = None
        self.turned_s = -math.inf
        self.span_s = (-math.inf, -math.inf)

    def update(self, angle: float, stamp_s: float) -> None:
        """Add a sample; `turned_s` is when the last turn was seen, `span_s` what it took."""
        self._recent.append((stamp_s, angle))
        while len(self._recent) > 2 and stamp_s - self._recent[1][0] >= self._rest_s - 1e-6:
            self._recent.popleft()
        start_s = self._recent[0][0]
        angles = [value for _, value in self._recent]
        is_long = stamp_s - start_s >= self._rest_s - 1e-6
        if not is_long or max(angles) - min(angles) > self._rest_band:
            return
        if self._rest is not None:
            rested_s, rested = self._rest
            is_quick = start_s - rested_s <= self._max_turn_s
            if is_quick and abs(angle - rested) >= self._min_turn:
                self.turned_s = stamp_s
                self.span_s = (min(rested_s, start_s), start_s)
        # The middle one: the last ones may have begun to turn already.
        self._rest = (stamp_s, statistics.median(angles))


class LooksAside:
    """Finds looks to both sides: each lasts a moment, and they follow each other. No clock."""

    def __init__(self, *, dwell_s: float, window_s: float) -> None:
        """
        :param dwell_s: shortest time that is a look and not the swing of a shaken head
        :param window_s: looks to both sides belong together within this time
        """
        self._dwell_s, self._window_s = dwell_s, window_s
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self._side = 0
        self._since_s = -math.inf
        self._looked_s = {-1: -math.inf, 1: -math.inf}
        self._began_s = dict(self._looked_s)

    @property
    def span_s(self) -> tuple[float, float]:
        """From the beginning of the last look to one side to the end of that to the other."""
        return min(self._began_s.values()), max(self._looked_s.values())

    def update(self, side: int, stamp_s: float) -> bool:
        """
        Add a sample.

        :param side: 1 or -1 beyond the threshold of a side, 0 in between or not seen
        :return: whether there were looks to both sides within the window that ends now
        """
        if side != self._side:
            self._side, self._since_s = side, stamp_s
        if side and stamp_s - self._since_s >= self._dwell_s - 1e-6:
            self._looked_s[side], self._began_s[side] = stamp_s, self._since_s
        return stamp_s - min(self._looked_s.values()) <= self._window_s
