"""
How far one person's eyes are open: what the mesh measures, corrected by what the eyes look like.

The mesh follows lids smoothly but reads eyes that are shut as half open, the more so when the head
is lowered; squints and laughter narrow them as much. The network on patches of the eyes tells open
from shut, but takes reflections on glasses for lids. So an eye is shut where both say so: the
network only moves what the mesh measures, and the less the farther open that is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from classroom_fer_ros.core.results import NAN
from classroom_fer_ros.core.running_quantile import RunningQuantile

#: Open eyes measure within these ratios; who sleeps from the first picture on stays above none.
OPEN_RATIO_RANGE = (0.24, 0.42)
PRIOR_OPEN_RATIO = 0.30
#: Closed eyes are at most this share of open ones, else small eyes would never open.
MAX_CLOSED_SHARE = 0.55
#: Where nobody looks, the first seconds teach what open is whatever they show, later only eyes
#: that are rather open do: sleep must not become the new usual.
LEARN_ALL_S = 10.0
MIN_LEARN_OPENNESS = 0.5
#: A network that is sure lowers the openness by this, or raises it by that.
SHUT_SHIFT, OPEN_SHIFT = 0.55, 0.15
#: It has its full say up to this openness, none from there on, where it need not be asked.
FULL_SAY, NO_SAY = 0.55, 0.72


@dataclass(frozen=True, slots=True, kw_only=True)
class EyeMeasures:
    """
    Both eyes in one picture.

    :param left_ratio: height over width of the left eye, as the mesh has it
    :param left_open: probability that it is open, by its looks; NaN where nobody looked
    """

    left_ratio: float
    right_ratio: float
    left_open: float = NAN
    right_open: float = NAN

    @property
    def ratio(self) -> float:
        """Mean of both, NaN if one is not known."""
        return (self.left_ratio + self.right_ratio) / 2

    @property
    def open(self) -> float:
        """
        Probability that the pair is open.

        A wink, or a reflection on one glass, is no closure: the eye that looks more open counts
        three times as much as the other one.
        """
        more, less = max(self.left_open, self.right_open), min(self.left_open, self.right_open)
        return 0.75 * more + 0.25 * less


class OpennessScale:
    """
    From eye aspect ratio to openness: 0 closed, 1 as open as this person's eyes usually are.

    What is usual is a high percentile of what was seen, as people are seldom wide-eyed.
    """

    def __init__(self, closed_ratio: float) -> None:
        self._closed_ratio = closed_ratio
        self.learned_s = 0.0
        self._usual = RunningQuantile(
            low=0.0,
            high=0.6,
            num_bins=120,
            quantile=0.85,
            memory_s=300.0,
            prior=PRIOR_OPEN_RATIO,
            prior_s=0.5,
        )

    @property
    def open_ratio(self) -> float:
        """Ratio of this person's open eyes, as learned so far."""
        low, high = OPEN_RATIO_RANGE
        return min(max(self._usual.value, low), high)

    def openness(self, ratio: float, open_probability: float = NAN) -> float:
        """Openness of one eye or of both, not below 0; NaN stays NaN."""
        closed = min(self._closed_ratio, MAX_CLOSED_SHARE * self.open_ratio)
        measured = (ratio - closed) / (self.open_ratio - closed)
        return max(corrected(measured, open_probability), 0.0) if ratio == ratio else NAN

    def of_both(self, eyes: EyeMeasures) -> float:
        """Openness of a pair of eyes."""
        return self.openness(eyes.ratio, eyes.open)

    def needs_look(self, eyes: EyeMeasures) -> bool:
        """Whether a look at the eyes can change what is known of them."""
        return self.openness(eyes.ratio) < NO_SAY

    def learn(self, eyes: EyeMeasures, duration_s: float) -> None:
        """Count what was seen for so long; eyes that look shut do not teach what open is."""
        is_early = self.learned_s <= LEARN_ALL_S and math.isnan(eyes.open)
        if not is_early and self.of_both(eyes) < MIN_LEARN_OPENNESS:
            return
        self.learned_s += duration_s
        self._usual.add(eyes.ratio, duration_s)


def corrected(measured: float, open_probability: float) -> float:
    """
    Openness that the mesh measures, moved towards what the eyes look like.

    Rises with both. NaN as the probability changes nothing.
    """
    if math.isnan(open_probability):
        return measured
    say = min(max((NO_SAY - measured) / (NO_SAY - FULL_SAY), 0.0), 1.0)
    surely_open = 2.0 * open_probability - 1.0
    shift = SHUT_SHIFT if surely_open < 0.0 else OPEN_SHIFT
    return measured + say * shift * surely_open
