"""How a node that is driven by messages keeps up."""

from __future__ import annotations

import statistics
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from classroom_fer_ros.nodes.analysis_thread import WINDOW, Performance


class WorkMeter:
    """Counts pictures and measures the time that each takes."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Begin anew, as after closing the camera."""
        self._pictures = 0
        self._finished_s: deque[float] = deque(maxlen=WINDOW)
        self._spent_ms: deque[float] = deque(maxlen=WINDOW)

    @contextmanager
    def working(self) -> Iterator[None]:
        """One picture's work."""
        start_s = time.monotonic()
        yield
        self._pictures += 1
        self._finished_s.append(time.monotonic())
        self._spent_ms.append((self._finished_s[-1] - start_s) * 1e3)

    def performance(self) -> Performance | None:
        """Measured over the last pictures; None before there was one."""
        if not self._finished_s:
            return None
        span_s = self._finished_s[-1] - self._finished_s[0]
        return Performance(
            pictures=self._pictures,
            dropped=0,
            fps=(len(self._finished_s) - 1) / span_s if span_s > 0 else 0.0,
            analysis_ms=statistics.median(self._spent_ms),
            idle_s=time.monotonic() - self._finished_s[-1],
            stage_ms={},
        )
