"""The shown expression: calm, quick enough, right at any rate."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classroom_fer_ros.core.errors import ConfigError, StampError
from classroom_fer_ros.core.expression_smoothing import ExpressionSmoother, SmootherConfig
from classroom_fer_ros.core.labels import EXPRESSION_LABELS
from classroom_fer_ros.core.results import Judgement


def mostly(label: str, share: float = 0.7) -> np.ndarray:
    probabilities = np.full(7, (1 - share) / 6)
    probabilities[EXPRESSION_LABELS.index(label)] = share
    return probabilities


def test_the_first_value_is_taken_as_it_is() -> None:
    shown = ExpressionSmoother().update('a', mostly('sad'), 10.0)
    assert (shown.face_id, shown.label, shown.status) == ('a', 'sad', Judgement.JUDGED)
    np.testing.assert_allclose(shown.probabilities, mostly('sad'), rtol=1e-6)


@pytest.mark.parametrize('fps', [1.5, 3.0, 10.0, 30.0])
def test_smoothing_does_not_depend_on_the_rate(fps: float) -> None:
    smoother = ExpressionSmoother()
    smoother.update('a', mostly('sad'), 0.0)
    for index in range(1, round(2 * fps) + 1):
        shown = smoother.update('a', mostly('happy'), index / fps)
    share = 1 - math.exp(-2.0 / 0.5)
    expected = mostly('sad') + share * (mostly('happy') - mostly('sad'))
    np.testing.assert_allclose(shown.probabilities, expected, atol=1e-5)


@pytest.mark.parametrize('share', [0.5, 0.7, 0.95])
def test_a_real_change_shows_within_0_7_s(share: float) -> None:
    smoother = ExpressionSmoother()
    for index in range(9):
        smoother.update('a', mostly('neutral', share), index / 3)
    # The face changes right after a classification.
    smoother.update('a', mostly('happy', share), 9 / 3)
    assert smoother.update('a', mostly('happy', share), 10 / 3).label == 'happy'


def test_two_that_take_turns_do_not_flicker() -> None:
    smoother = ExpressionSmoother()
    labels = set()
    for index in range(60):
        face = mostly('neutral', 0.5) if index % 2 else mostly('sad', 0.5)
        labels.add(smoother.update('a', face, index / 3 * 0.5).label)
    assert labels == {'sad'}


def test_a_weak_expression_is_uncertain_but_named() -> None:
    smoother = ExpressionSmoother(SmootherConfig(min_confidence=0.4))
    shown = smoother.update('a', mostly('sad', 0.3), 0.0)
    assert (shown.status, shown.label) == (Judgement.UNCERTAIN, 'sad')


def test_what_is_no_number_cannot_be_judged_and_is_forgotten() -> None:
    smoother = ExpressionSmoother()
    smoother.update('a', mostly('sad'), 0.0)
    broken = smoother.update('a', np.full(7, np.nan), 0.3)
    assert (broken.status, broken.label) == (Judgement.CANNOT_JUDGE, '')
    assert smoother.update('a', mostly('sad'), 0.6).label == 'sad'


def test_malformed() -> None:
    smoother = ExpressionSmoother()
    with pytest.raises(ValueError, match='shape'):
        smoother.update('a', np.zeros(8), 0.0)
    smoother.update('a', mostly('sad'), 1.0)
    smoother.update('a', mostly('sad'), 1.0)
    with pytest.raises(StampError):
        smoother.update('a', mostly('sad'), 0.9)


@pytest.mark.parametrize('name', ['time_constant_s', 'min_confidence', 'hysteresis'])
@pytest.mark.parametrize('value', [math.nan, -1.0])
def test_settings_out_of_range_are_named(name: str, value: float) -> None:
    with pytest.raises(ConfigError, match=name):
        SmootherConfig(**{name: value})


@given(
    st.lists(
        st.tuples(st.floats(0.0, 5.0), st.lists(st.floats(0.01, 1.0), min_size=7, max_size=7)),
        min_size=1,
        max_size=20,
    )
)
def test_probabilities_stay_probabilities(steps: list[tuple[float, list[float]]]) -> None:
    smoother, stamp_s = ExpressionSmoother(), 0.0
    for elapsed_s, weights in steps:
        stamp_s += elapsed_s
        shown = smoother.update('a', np.array(weights) / sum(weights), stamp_s)
        assert float(shown.probabilities.sum()) == pytest.approx(1.0, abs=1e-5)
        assert shown.probabilities.min() >= 0.0
        assert shown.label in EXPRESSION_LABELS
