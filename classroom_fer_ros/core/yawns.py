"""
Yawns: a mouth that is wide open for long.

Talking opens the mouth as wide (0.87 on a real film) but for 1.0 s at the longest, laughing
widens it sideways and stays below 0.4; a real yawn was 0.3 to 0.7 for over five seconds.
"""

from __future__ import annotations

import math

from classroom_fer_ros.core.eye_closures import crossing


class YawnDetector:
    """
    Finds the yawns of one person. Holds no clock.

    :ivar span_s: from where to where the yawn of the last picture went, or has gone so far
    """

    def __init__(self, *, open_ratio: float, close_ratio: float, min_s: float) -> None:
        """
        :param open_ratio: mouth ratio at which it is wide open
        :param close_ratio: mouth ratio, below the other, at which it is so no longer
        :param min_s: shortest yawn in seconds
        """
        self._open_ratio, self._close_ratio, self._min_s = open_ratio, close_ratio, min_s
        self._previous: tuple[float, float] | None = None
        self._start_s = math.nan
        self._is_counted = False
        self.span_s: tuple[float, float] | None = None

    def interrupt(self) -> None:
        """Forget a mouth that is open: it was not seen how long."""
        self._previous = None
        self._start_s = math.nan
        self.span_s = None

    def update(self, mouth_ratio: float, stamp_s: float) -> bool:
        """
        Add what was seen.

        :param mouth_ratio: height over width of the mouth's opening, a number
        :return: whether the mouth has just been wide for long enough to be a yawn
        """
        before, before_s = self._previous or (mouth_ratio, stamp_s)
        self._previous = (mouth_ratio, stamp_s)
        self.span_s = None
        if math.isnan(self._start_s):
            if mouth_ratio >= self._open_ratio:
                share = crossing(before, mouth_ratio, self._open_ratio)
                self._start_s = before_s + share * (stamp_s - before_s)
                self._is_counted = False
            return False
        if mouth_ratio < self._close_ratio:
            share = crossing(before, mouth_ratio, self._close_ratio)
            end_s = before_s + share * (stamp_s - before_s)
            return self._finish(end_s)
        return self._count(stamp_s)

    def _count(self, end_s: float) -> bool:
        was_counted = self._is_counted
        self._is_counted |= end_s - self._start_s >= self._min_s - 1e-6
        if self._is_counted:
            self.span_s = (self._start_s, end_s)
        return self._is_counted and not was_counted

    def _finish(self, end_s: float) -> bool:
        is_yawn = self._count(end_s)
        self._start_s = math.nan
        return is_yawn
