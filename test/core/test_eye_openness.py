"""Openness of eyes: mesh and looks together, and what a person's open eyes are."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classroom_fer_ros.core.eye_openness import NO_SAY, EyeMeasures, OpennessScale, corrected

OPEN, SHUT = 0.98, 0.02


def eyes(ratio: float, looks: float = math.nan, other: float | None = None) -> EyeMeasures:
    return EyeMeasures(
        left_ratio=ratio,
        right_ratio=ratio,
        left_open=looks,
        right_open=looks if other is None else other,
    )


def learned(ratio: float = 0.32, looks: float = math.nan, seconds: float = 20.0) -> OpennessScale:
    scale = OpennessScale(0.16)
    for _ in range(round(seconds * 20)):
        scale.learn(eyes(ratio, looks), 0.05)
    return scale


@pytest.mark.parametrize(
    ('ratio', 'looks', 'is_shut'),
    [
        pytest.param(0.17, math.nan, True, id='shut, nobody looked'),
        pytest.param(0.17, SHUT, True, id='shut'),
        pytest.param(0.24, SHUT, True, id='shut in a lowered head'),
        pytest.param(0.24, OPEN, False, id='squinting or laughing'),
        pytest.param(0.28, SHUT, False, id='reflection on glasses'),
        pytest.param(0.32, SHUT, False, id='open, whatever it looks like'),
        pytest.param(0.32, OPEN, False, id='open'),
    ],
)
def test_shut_is_what_both_call_shut(ratio: float, looks: float, is_shut: bool) -> None:
    assert (learned().of_both(eyes(ratio, looks)) <= 0.2) is is_shut


def test_a_wink_shuts_no_eyes() -> None:
    wink = EyeMeasures(left_ratio=0.20, right_ratio=0.27, left_open=SHUT, right_open=OPEN)
    scale = learned()
    assert scale.of_both(wink) > 0.5
    assert scale.openness(wink.left_ratio, wink.left_open) < 0.2


@given(st.floats(0.0, 1.5), st.floats(0.0, 1.5), st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_openness_rises_with_mesh_and_looks(one: float, two: float, p: float, q: float) -> None:
    low, high = sorted((one, two))
    less, more = sorted((p, q))
    assert corrected(low, less) <= corrected(high, less) + 1e-9
    assert corrected(low, less) <= corrected(low, more) + 1e-9


@given(st.floats(NO_SAY, 2.0), st.floats(0.0, 1.0))
def test_wide_open_eyes_need_no_look(measured: float, probability: float) -> None:
    assert corrected(measured, probability) == measured


@given(st.floats(0.0, 1.5), st.floats(0.0, 1.0))
def test_no_jump_where_the_look_begins(measured: float, probability: float) -> None:
    step = corrected(measured + 1e-4, probability) - corrected(measured, probability)
    assert 0.0 <= step <= 5e-4


def test_eyes_are_looked_at_where_they_are_narrow() -> None:
    assert not OpennessScale(0.16).needs_look(eyes(0.33))
    assert OpennessScale(0.16).needs_look(eyes(0.22))
    assert not learned().needs_look(eyes(0.33))
    assert learned().needs_look(eyes(0.25))


@pytest.mark.parametrize('ratio', [0.26, 0.32, 0.38])
def test_open_eyes_are_learned_within_seconds(ratio: float) -> None:
    assert learned(ratio, seconds=4.0).of_both(eyes(ratio)) == pytest.approx(1.0, abs=0.06)


def test_who_is_seen_asleep_at_first_teaches_nothing() -> None:
    scale = learned(0.22, SHUT, seconds=60.0)
    assert scale.learned_s == 0.0
    assert scale.of_both(eyes(0.22, SHUT)) < 0.2


def test_small_eyes_that_look_open_are_learned() -> None:
    scale = learned(0.24, OPEN, seconds=20.0)
    assert scale.of_both(eyes(0.24, OPEN)) == pytest.approx(1.0, abs=0.06)
