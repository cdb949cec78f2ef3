"""The class over the last minutes, for the plot. No Qt."""

from __future__ import annotations

from collections import deque

import numpy as np

from classroom_fer_ros.core.arrays import FloatArray
from classroom_fer_ros.core.labels import EXPRESSION_LABELS
from classroom_fer_ros.core.results import ClassState

SPAN_S = 300.0
#: A hole in the curve, where nothing was said for longer.
GAP_S = 5.0
CURVES = ('attentive', 'tired', 'looking_away', *EXPRESSION_LABELS)


class ClassHistory:
    """Shares of the class over the last `SPAN_S` seconds of the pictures' time."""

    def __init__(self) -> None:
        self._rows: deque[tuple[float, ...]] = deque()

    @property
    def newest_s(self) -> float:
        """Stamp of the newest; NaN if there is none."""
        return self._rows[-1][0] if self._rows else float('nan')

    def add(self, state: ClassState) -> None:
        """Take one in; a stamp that goes back begins anew."""
        if self._rows and state.stamp_s < self._rows[-1][0]:
            self._rows.clear()
        if self._rows and state.stamp_s - self._rows[-1][0] > GAP_S:
            middle_s = (state.stamp_s + self._rows[-1][0]) / 2
            self._rows.append((middle_s, *([float('nan')] * len(CURVES))))
        shares = (state.attentive_share, state.tired_share, state.looking_away_share)
        self._rows.append((state.stamp_s, *shares, *map(float, state.expression_shares)))
        while state.stamp_s - self._rows[0][0] > SPAN_S:
            self._rows.popleft()

    def clear(self) -> None:
        """Forget everything."""
        self._rows.clear()

    def curves(self) -> tuple[FloatArray, dict[str, FloatArray]]:
        """Seconds before the newest (at most 0), shape (n,), and percent by the curve's name."""
        rows = np.array(self._rows, np.float64).reshape(-1, 1 + len(CURVES))
        ago_s = rows[:, 0] - (rows[-1, 0] if len(rows) else 0.0)
        return ago_s, {name: 100.0 * rows[:, i] for i, name in enumerate(CURVES, start=1)}
