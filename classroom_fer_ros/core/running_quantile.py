"""Quantile of a signal over its recent past, weighted by time and so free of the frame rate."""

from __future__ import annotations

import math

import numpy as np


class RunningQuantile:
    """
    Histogram of a signal in which old values fade. Starts from a prior guess. Holds no clock.

    The prior is a value that counts as if it had been seen for some seconds already.
    """

    def __init__(
        self,
        *,
        low: float,
        high: float,
        num_bins: int,
        quantile: float,
        memory_s: float,
        prior: float,
        prior_s: float,
    ) -> None:
        """
        :param low: lower end of the first bin; values beyond the ends count in the end bins
        :param quantile: in (0, 1), 0.5 for the median
        :param memory_s: values fade to 1/e within this many seconds of added time
        :param prior: guess before anything was seen, counting as `prior_s` seconds
        """
        self._edges = np.linspace(low, high, num_bins + 1)
        self._weights = np.zeros(num_bins)
        self._quantile = quantile
        self._memory_s = memory_s
        self._weights[self._bin(prior)] = prior_s
        self._value = prior

    @property
    def value(self) -> float:
        """The quantile as it stands."""
        return self._value

    def add(self, value: float, duration_s: float) -> None:
        """Count a value that lasted this long; nothing happens for no time."""
        if not duration_s > 0.0:
            return
        self._weights *= math.exp(-duration_s / self._memory_s)
        self._weights[self._bin(value)] += duration_s
        self._value = self._find()

    def _bin(self, value: float) -> int:
        low, width = float(self._edges[0]), float(self._edges[1] - self._edges[0])
        index = math.floor((value - low) / width)
        return min(max(index, 0), len(self._weights) - 1)

    def _find(self) -> float:
        sums = np.cumsum(self._weights)
        target = self._quantile * sums[-1]
        index = int(np.searchsorted(sums, target))
        below = sums[index - 1] if index else 0.0
        share = (target - below) / max(self._weights[index], 1e-12)
        return float(self._edges[index] + share * (self._edges[1] - self._edges[0]))
