"""Real time for what has no time of its own."""

from __future__ import annotations

from classroom_fer_ros.core.sources.base import ClockNs, Sleep

#: Later than this, the reader stood still or the clock was set: go on instead of passing over.
MAX_LATE_S = 5.0


class Pacer:
    """
    Tells which picture of a regular sequence is due, and waits for it.

    :ivar delay_ns: by how much the sequence was put off because its reader stood still
    """

    def __init__(
        self, period_s: float, clock_ns: ClockNs, sleep: Sleep, max_late_s: float = MAX_LATE_S
    ) -> None:
        """
        :param period_s: from one picture to the next
        :param max_late_s: a reader later than this finds the sequence where it left it
        """
        self.delay_ns = 0
        self._period_ns = period_s * 1e9
        self._clock_ns = clock_ns
        self._sleep = sleep
        self._max_late_ns = max_late_s * 1e9
        self._start_ns: float | None = None

    def newest_due(self, index: int) -> int:
        """
        Wait until a picture is due.

        :param index: the first picture that was not delivered yet
        :return: the newest picture that is due by now, `index` or a later one
        """
        now_ns = self._clock_ns()
        if self._start_ns is None:
            self._start_ns = now_ns - index * self._period_ns
        late_ns = now_ns - self._start_ns - index * self._period_ns
        if late_ns > self._max_late_ns:
            self.delay_ns += round(late_ns)
            self._start_ns += late_ns
            return index
        if late_ns >= 0:
            return index + int(late_ns // self._period_ns)
        if late_ns < -1.5 * self._period_ns:  # nobody can be so early: the clock was set back
            self._start_ns += late_ns + self._period_ns
            late_ns = -self._period_ns
        self._sleep(-late_ns * 1e-9)
        return index


class Timeline:
    """When the pictures of a sequence are due, and their stamps: start + index * period."""

    def __init__(self, period_s: float, start_ns: int | None, clock_ns: ClockNs) -> None:
        """:param start_ns: stamp of the first picture, None for the clock's time at its reading"""
        self._period_s = period_s
        self._start_ns = start_ns
        self._clock_ns = clock_ns
        self._pacer: Pacer | None = None

    def pace(self, sleep: Sleep, max_late_s: float = MAX_LATE_S) -> None:
        """Run in real time from now on."""
        self._pacer = Pacer(self._period_s, self._clock_ns, sleep, max_late_s)

    def newest_due(self, index: int) -> int:
        """As `Pacer.newest_due`; everything is due where there is no real time."""
        if self._start_ns is None:
            self._start_ns = self._clock_ns()
        return self._pacer.newest_due(index) if self._pacer else index

    def stamp_ns(self, index: int) -> int:
        """Stamp of a picture; it was due before."""
        delay_ns = self._pacer.delay_ns if self._pacer else 0
        return (self._start_ns or 0) + delay_ns + round(index * self._period_s * 1e9)
