"""
Yawns: a mouth that is wide open for long, while the eyes narrow.

Talking opens the mouth as wide (0.87 on a real film) but for 1.0 s at the longest, laughing
widens it sideways and stays below 0.4; a real yawn was 0.3 to 0.7 for over five seconds, wide for
three of them, and the eyes narrowed to 0.7 of the usual. An astonished face held the mouth as wide
for 1.8 s, but with eyes as open as ever; so do singers.
"""

from __future__ import annotations

import math

from classroom_fer_ros.core.eye_closures import crossing

#: Eyes that are on average more open than this do not yawn with the mouth, or not so soon.
NARROW_EYES = 0.85
#: With such eyes a yawn must be so many times as long.
OPEN_EYED_FACTOR = 1.6
#: Lips move during a yawn, but a mouth that is wide for less of the time sings or speaks.
MIN_WIDE_SHARE = 0.4


class YawnDetector:
    """
    Finds the yawns of one person. Holds no clock.

    :ivar span_s: from where to where the yawn of the last picture went, or has gone so far
    """

    def __init__(self, *, open_ratio: float, close_ratio: float, min_s: float) -> None:
        """
        :param open_ratio: mouth ratio at which it is wide open
        :param close_ratio: mouth ratio, below the other, at which it has shut
        :param min_s: how long it must be wide, in sum, before it shuts again, in seconds
        """
        self._open_ratio, self._close_ratio, self._min_s = open_ratio, close_ratio, min_s
        self._previous: tuple[float, float] | None = None
        self._start_s = math.nan
        self._wide_s = self._openness_s = 0.0
        self._is_counted = False
        self.span_s: tuple[float, float] | None = None

    def interrupt(self) -> None:
        """Forget a mouth that is open: it was not seen how long."""
        self._previous = self.span_s = None
        self._end()

    def update(self, mouth_ratio: float, eyes_openness: float, stamp_s: float) -> bool:
        """
        Add what was seen.

        :param mouth_ratio: height over width of the mouth's opening, a number
        :param eyes_openness: 0 closed, 1 as open as usual, a number
        :return: whether the mouth has just been wide for long enough to be a yawn
        """
        before, before_s = self._previous or (mouth_ratio, stamp_s)
        self._previous = (mouth_ratio, stamp_s)
        self.span_s = None
        if math.isnan(self._start_s):
            if mouth_ratio < self._open_ratio:
                return False
            share = crossing(before, mouth_ratio, self._open_ratio)
            self._start_s = before_s + share * (stamp_s - before_s)
        self._add(before, mouth_ratio, eyes_openness, stamp_s - before_s)
        if mouth_ratio >= self._close_ratio:
            return self._count(stamp_s)
        share = crossing(before, mouth_ratio, self._close_ratio)
        is_yawn = self._count(before_s + share * (stamp_s - before_s))
        self._end()
        return is_yawn

    def _end(self) -> None:
        self._start_s = math.nan
        self._wide_s = self._openness_s = 0.0
        self._is_counted = False

    def _add(self, before: float, now: float, eyes_openness: float, elapsed_s: float) -> None:
        """Sum up the part of the time between two pictures in which the mouth was wide."""
        share = crossing(before, now, self._open_ratio)
        is_wide, was_wide = now >= self._open_ratio, before >= self._open_ratio
        wide_s = elapsed_s * (1.0 - share if is_wide and not was_wide else share)
        if is_wide and was_wide:
            wide_s = elapsed_s
        elif not is_wide and not was_wide:
            wide_s = 0.0
        self._wide_s += wide_s
        self._openness_s += wide_s * eyes_openness

    def _count(self, end_s: float) -> bool:
        was_counted = self._is_counted
        is_narrow = self._openness_s <= NARROW_EYES * self._wide_s
        needed_s = self._min_s * (1.0 if is_narrow else OPEN_EYED_FACTOR)
        needed_s = max(needed_s, MIN_WIDE_SHARE * (end_s - self._start_s))
        self._is_counted |= self._wide_s >= needed_s - 1e-6
        if self._is_counted:
            self.span_s = (self._start_s, end_s)
        return self._is_counted and not was_counted
