"""A clock that tests set."""

from __future__ import annotations


class FakeClock:
    """Time passes only by `sleep` and by hand."""

    def __init__(self, now_ns: int = 1_000_000_000_000) -> None:
        self.now_ns = now_ns
        self.slept_s: list[float] = []

    def __call__(self) -> int:
        return self.now_ns

    def sleep(self, seconds: float) -> None:
        assert seconds >= 0
        self.slept_s.append(seconds)
        self.now_ns += round(seconds * 1e9)

    def advance(self, seconds: float) -> None:
        """Let time pass, as a slow reader does."""
        self.now_ns += round(seconds * 1e9)
