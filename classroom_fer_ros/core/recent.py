"""Sums and counts over the last seconds."""

from __future__ import annotations

from collections import deque


class RecentSum:
    """Sum of what was added within a window that moves on. Holds no clock."""

    def __init__(self, window_s: float) -> None:
        self._window_s = window_s
        self._entries: deque[tuple[float, float]] = deque()
        self._total = 0.0

    def add(self, amount: float, stamp_s: float) -> None:
        """Add an amount; stamps never decrease."""
        if amount:
            self._entries.append((stamp_s, amount))
            self._total += amount

    def at(self, stamp_s: float) -> float:
        """Sum over the window that ends at `stamp_s`, never below zero."""
        while self._entries and stamp_s - self._entries[0][0] > self._window_s:
            self._total -= self._entries.popleft()[1]
        if not self._entries:
            self._total = 0.0  # rounding errors end here
        return max(self._total, 0.0)

    def largest(self) -> float:
        """Largest single amount in the window as last asked for, 0 if there is none."""
        return max((amount for _, amount in self._entries), default=0.0)
