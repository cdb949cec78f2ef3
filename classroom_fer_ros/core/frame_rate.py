"""How often a face is seen, and what may be judged at that rate."""

from __future__ import annotations

import math
from collections import deque

WINDOW_S = 2.0
#: Stamps over less time say too little about the rate.
MIN_SPAN_S = 0.5


class FrameRate:
    """Pictures a second over the last two seconds. Holds no clock."""

    def __init__(self) -> None:
        self._stamps: deque[float] = deque()

    def reset(self) -> None:
        """Start anew, as after a gap."""
        self._stamps.clear()

    def update(self, stamp_s: float) -> float:
        """
        Count a picture.

        :return: pictures a second, NaN until enough of them were seen
        """
        self._stamps.append(stamp_s)
        # The window reaches at least its length, so that its edge does not cut an interval off.
        while len(self._stamps) > 2 and stamp_s - self._stamps[1] >= WINDOW_S:
            self._stamps.popleft()
        span_s = stamp_s - self._stamps[0]
        if span_s < MIN_SPAN_S:
            return math.nan
        return (len(self._stamps) - 1) / span_s


class RateGate:
    """Whether a rate suffices: lost below `off_fps`, back at `on_fps`, so it does not flicker."""

    def __init__(self, *, start_fps: float, off_fps: float, on_fps: float) -> None:
        """:param start_fps: what the first known rate must reach"""
        self._start_fps, self._off_fps, self._on_fps = start_fps, off_fps, on_fps
        self._is_open: bool | None = None

    @property
    def is_open(self) -> bool:
        """Whether the last known rate sufficed; not before any was known."""
        return self._is_open is True

    @property
    def is_shut(self) -> bool:
        """Whether the last known rate did not suffice."""
        return self._is_open is False

    def update(self, rate_fps: float) -> bool:
        """
        Look at the rate.

        :param rate_fps: pictures a second; NaN leaves everything as it was
        """
        if not math.isnan(rate_fps):
            if self._is_open is None:
                limit = self._start_fps
            else:
                limit = self._off_fps if self._is_open else self._on_fps
            # A camera of exactly the limit must not fall below it by rounding.
            self._is_open = bool(rate_fps >= limit - 1e-3)
        return self.is_open
