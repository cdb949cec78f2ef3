"""
Whose turn it is: work that every face gets now and then, spread over the pictures.

Thirty faces that are found together would else have their turns together for ever after, and hold
one picture in eight up by the work of them all.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

#: Faces that have a turn together. A batch of more costs each as much: 2.1 ms of CPU in one of 4,
#: 8, 16 and 30 alike, 2.7 ms alone.
GROUP = 4
#: Stamps are rounded.
TOLERANCE_S = 1e-6


def is_due(due_s: float, stamp_s: float) -> bool:
    """Whether it is somebody's turn; who never had one is due at -inf."""
    return stamp_s >= due_s - TOLERANCE_S


def next_turns(due_s: Sequence[float], interval_s: float, stamp_s: float) -> list[float]:
    """
    When those who have a turn now have the next.

    Who was due before keeps the beat, so that turns come once in `interval_s` on average at any
    picture rate; who is new gets a beat apart from others that are new.

    :param due_s: when each was due, -inf for the new
    :param interval_s: from one turn to the next; 0 is every picture
    :return: as many times, later than `stamp_s` unless `interval_s` is 0
    """
    is_new = [math.isinf(due) for due in due_s]
    groups = max(1, math.ceil(sum(is_new) / GROUP))
    turns, place = [], 0
    for due, new in zip(due_s, is_new, strict=True):
        if new:
            due = stamp_s - interval_s * (place % groups) / groups
            place += 1
        turns.append(_next(due, interval_s, stamp_s))
    return turns


def _next(due_s: float, interval_s: float, stamp_s: float) -> float:
    if interval_s == 0.0:
        return stamp_s
    passed = math.floor((stamp_s - due_s + TOLERANCE_S) / interval_s)
    return due_s + max(passed + 1, 1) * interval_s
