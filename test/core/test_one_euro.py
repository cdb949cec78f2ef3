"""One-Euro filter: calm at rest, quick in motion, independent of the rate."""

import math

import numpy as np
import pytest

from classroom_fer_ros.core.one_euro import OneEuroFilter


def run(values: list[float], fps: float, beta: float = 3.0) -> list[float]:
    one = OneEuroFilter(min_cutoff_hz=1.0, beta=beta)
    return [one.update(value, 1 / fps) for value in values]


def test_the_first_sample_is_taken_as_it_is() -> None:
    one = OneEuroFilter(min_cutoff_hz=1.0, beta=0.0)
    assert one.update(5.0, 0.0) == 5.0
    assert one.update(7.0, 0.0) == 5.0
    one.reset()
    assert one.update(7.0, 0.1) == 7.0


@pytest.mark.parametrize('fps', [30.0, 60.0, 120.0])
def test_without_beta_it_is_a_low_pass_of_the_given_cutoff(fps: float) -> None:
    count = round(fps / (2 * math.pi))
    reached = run([0.0] + [1.0] * count, fps, beta=0.0)[-1]
    assert reached == pytest.approx(1 - math.exp(-1), abs=0.07)


def test_noise_is_damped_and_a_step_is_followed() -> None:
    noise = np.random.default_rng(0).normal(0, 0.01, 300)
    assert np.std(run(list(noise), 30.0)[30:]) < 0.6 * np.std(noise)
    step = [0.0] * 10 + [1.0] * 10
    assert run(step, 30.0)[-1] > run(step, 30.0, beta=0.0)[-1] + 0.05
