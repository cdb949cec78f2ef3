"""A quantile over the recent past, weighted by time."""

import numpy as np
import pytest

from classroom_fer_ros.core.running_quantile import RunningQuantile


def quantile_of(share: float, prior_s: float = 1.0) -> RunningQuantile:
    return RunningQuantile(
        low=0.0,
        high=1.0,
        num_bins=100,
        quantile=share,
        memory_s=20.0,
        prior=0.5,
        prior_s=prior_s,
    )


def test_the_prior_stands_until_something_was_seen() -> None:
    quantile = quantile_of(0.5)
    assert quantile.value == 0.5
    quantile.add(0.9, 0.0)
    assert quantile.value == 0.5
    quantile.add(0.9, 0.5)
    assert quantile.value == pytest.approx(0.5, abs=0.01)
    quantile.add(0.9, 2.0)
    assert quantile.value == pytest.approx(0.9, abs=0.01)


@pytest.mark.parametrize('share', [0.1, 0.5, 0.85])
@pytest.mark.parametrize('fps', [5, 30])
def test_it_is_the_quantile_at_any_rate(share: float, fps: int) -> None:
    quantile, generator = quantile_of(share), np.random.default_rng(0)
    for value in generator.uniform(0.2, 0.8, 100 * fps):
        quantile.add(float(value), 1 / fps)
    assert quantile.value == pytest.approx(0.2 + 0.6 * share, abs=0.06)


def test_time_counts_and_not_the_number_of_values() -> None:
    quantile = quantile_of(0.5)
    for _ in range(50):
        quantile.add(0.2, 0.01)
    quantile.add(0.8, 5.0)
    assert quantile.value == pytest.approx(0.8, abs=0.01)


def test_old_values_fade() -> None:
    quantile = quantile_of(0.5)
    for value in (0.2, 0.8):
        for _ in range(60):
            quantile.add(value, 1.0)
    assert quantile.value == pytest.approx(0.8, abs=0.01)


@pytest.mark.parametrize(('value', 'end'), [(-5.0, 0.0), (7.0, 1.0)])
def test_values_beyond_the_ends_count_at_the_ends(value: float, end: float) -> None:
    quantile = quantile_of(0.5)
    quantile.add(value, 10.0)
    assert quantile.value == pytest.approx(end, abs=0.011)
