"""How long the stages of one picture's way took."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager


class StageTimes:
    """
    Measures stages: ``with times('light'): ...``.

    :ivar ms: wall milliseconds by the stage's name; those of a stage in several parts are added
    """

    def __init__(self) -> None:
        self.ms: dict[str, float] = {}

    def begin(self) -> None:
        """Start the next picture; what was measured before stays with whoever holds it."""
        self.ms = {}

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        spent_ms = (time.perf_counter() - start) * 1e3
        self.ms[stage] = self.ms.get(stage, 0.0) + spent_ms
