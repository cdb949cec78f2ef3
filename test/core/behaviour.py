"""Made signals for the behaviour tests: lids, mouths and heads over time, at any frame rate."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from classroom_fer_ros.core.eye_openness import EyeMeasures
from classroom_fer_ros.core.fatigue import EyeMouthObservation

OPEN_RATIO, CLOSED_RATIO = 0.31, 0.15
#: Seconds that lids take from open to closed.
LID_TRAVEL_S = 0.06


@dataclass(frozen=True)
class Event:
    """Closed eyes or a wide mouth, from its middle of closing to that of opening."""

    start_s: float
    duration_s: float


def every(period_s: float, duration_s: float, until_s: float, first_s: float = 2.0) -> list[Event]:
    """Events that come again and again."""
    return [Event(t, duration_s) for t in np.arange(first_s, until_s, period_s)]


def amount(events: Sequence[Event], stamp_s: float, travel_s: float = LID_TRAVEL_S) -> float:
    """How far an event has gone, 0 to 1, with ramps of `travel_s` around its ends."""
    best = 0.0
    for event in events:
        rise = (stamp_s - event.start_s) / travel_s + 0.5
        fall = (event.start_s + event.duration_s - stamp_s) / travel_s + 0.5
        best = max(best, min(rise, fall, 1.0))
    return best


def observation(
    closed: float = 0.0,
    wide: float = 0.0,
    open_ratio: float = OPEN_RATIO,
    is_visible: bool = True,
) -> EyeMouthObservation:
    """Eyes closed and a mouth opened by shares."""
    ratio = open_ratio + closed * (CLOSED_RATIO - open_ratio)
    return EyeMouthObservation(
        eyes=EyeMeasures(left_ratio=ratio, right_ratio=ratio),
        mouth_ratio=0.05 + 0.6 * wide,
        is_visible=is_visible,
    )


def stamps(fps: float, until_s: float, jitter: float = 0.0, seed: int = 0) -> Iterator[float]:
    """Times of pictures; jitter is a share of the time between two."""
    generator = np.random.default_rng(seed)
    for index in range(round(until_s * fps) + 1):
        yield (index + jitter * generator.uniform(-0.5, 0.5)) / fps
