"""How long the stages of one picture's way took."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class StageTimes:
    """
    Measures stages: ``with times('light'): ...``. A stage within another is not counted as both.

    :ivar ms: milliseconds by the stage's name; those of a stage in several parts are added
    """

    def __init__(self, clock_s: Callable[[], float] = time.perf_counter) -> None:
        """:param clock_s: what is measured: wall time, or the CPU time of this process"""
        self.ms: dict[str, float] = {}
        self._clock_s = clock_s
        self._within_s = 0.0

    def begin(self) -> None:
        """Start the next picture; what was measured before stays with whoever holds it."""
        self.ms = {}

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        start_s = self._clock_s()
        others_s, self._within_s = self._within_s, 0.0
        yield
        spent_s = self._clock_s() - start_s
        self.ms[stage] = self.ms.get(stage, 0.0) + (spent_s - self._within_s) * 1e3
        self._within_s = others_s + spent_s
