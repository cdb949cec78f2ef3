"""Times of stages: each counts by itself, also within another."""

from __future__ import annotations

import pytest

from classroom_fer_ros.core.stage_times import StageTimes


class Clock:
    """Moves on when it is told to."""

    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_a_stage_within_another_counts_once() -> None:
    clock = Clock()
    times = StageTimes(clock)
    with times('track'):
        clock.now_s += 1.0
        with times('mesh'):
            clock.now_s += 2.0
        with times('detection'):
            clock.now_s += 4.0
            with times('mesh'):
                clock.now_s += 8.0
    with times('mesh'):
        clock.now_s += 16.0
    assert times.ms == pytest.approx({'track': 1e3, 'mesh': 26e3, 'detection': 4e3})


def test_the_next_picture_begins_anew() -> None:
    times = StageTimes(Clock())
    with times('track'):
        pass
    before = times.ms
    times.begin()
    assert before == {'track': 0.0}
    assert times.ms == {}
