"""One-Euro filter: calm while a signal rests, quick while it moves."""

from __future__ import annotations

import math

#: Stamps are whole nanoseconds: what is closer together belongs to one moment.
SHORTEST_S = 1e-9


class OneEuroFilter:
    """
    Low-pass filter whose cut-off frequency rises with the speed of the signal.

    Casiez, Roussel and Vogel, "1 Euro Filter: A Simple Speed-based Low-pass Filter for Noisy Input
    in Interactive Systems", CHI 2012. Uses the true time between samples. Holds no clock.
    """

    def __init__(self, *, min_cutoff_hz: float, beta: float, speed_cutoff_hz: float = 1.0) -> None:
        """
        :param min_cutoff_hz: cut-off at rest
        :param beta: how much the cut-off rises, in hertz per unit a second
        :param speed_cutoff_hz: cut-off of the speed's own filter
        """
        self._min_cutoff_hz, self._beta = min_cutoff_hz, beta
        self._speed_cutoff_hz = speed_cutoff_hz
        self._value = math.nan
        self._speed = 0.0

    def reset(self) -> None:
        """Start anew with the next sample."""
        self._value, self._speed = math.nan, 0.0

    def update(self, value: float, elapsed_s: float) -> float:
        """
        Filter one sample.

        :param value: a number
        :param elapsed_s: time since the sample before, not negative; less than a nanosecond
            changes nothing
        """
        if math.isnan(self._value):
            self._value = value
        elif elapsed_s >= SHORTEST_S:
            speed = (value - self._value) / elapsed_s
            self._speed += _share(self._speed_cutoff_hz, elapsed_s) * (speed - self._speed)
            cutoff_hz = self._min_cutoff_hz + self._beta * abs(self._speed)
            self._value += _share(cutoff_hz, elapsed_s) * (value - self._value)
        return self._value


def _share(cutoff_hz: float, elapsed_s: float) -> float:
    """How much of a new sample a low-pass filter of first order takes over."""
    turns = 2 * math.pi * cutoff_hz * elapsed_s
    return turns / (turns + 1)
