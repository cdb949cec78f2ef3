"""The rate of pictures and the gates that hang on it."""

import math

import pytest
from behaviour import stamps

from classroom_fer_ros.core.frame_rate import FrameRate, RateGate


@pytest.mark.parametrize('jitter', [0.0, 0.5])
@pytest.mark.parametrize('fps', [3.0, 5.0, 15.0, 30.0])
def test_rate(fps: float, jitter: float) -> None:
    rate = FrameRate()
    found = [rate.update(t) for t in stamps(fps, 10.0, jitter)]
    assert math.isnan(found[0])
    assert found[-1] == pytest.approx(fps, rel=0.1)


def test_the_rate_follows_within_two_seconds() -> None:
    rate = FrameRate()
    for t in stamps(30.0, 10.0):
        rate.update(t)
    for index in range(1, 21):
        found = rate.update(10.0 + index / 10)
    assert found == pytest.approx(10.0, rel=0.05)


def test_after_a_reset_the_rate_is_unknown() -> None:
    rate = FrameRate()
    for t in stamps(30.0, 2.0):
        rate.update(t)
    rate.reset()
    assert math.isnan(rate.update(2.1))


def test_a_gate_does_not_flicker() -> None:
    gate = RateGate(start_fps=15.0, off_fps=14.0, on_fps=16.0)
    assert not gate.update(math.nan)
    assert not gate.is_shut
    answers = [gate.update(rate) for rate in (15.0, 14.2, 13.9, 15.5, 16.0, 14.5, math.nan)]
    assert answers == [True, True, False, False, True, True, True]
