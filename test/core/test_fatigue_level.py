"""The fatigue level: monotone in its causes, without jumps, explained; states with hysteresis."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classroom_fer_ros.core.fatigue_config import RULES, FatigueConfig
from classroom_fer_ros.core.fatigue_level import (
    DROWSY_LEVEL,
    MAX_CHANGE_PER_S,
    STATE_MARGIN,
    TIRED_LEVEL,
    FatigueMeasures,
    approach,
    judge,
    next_state,
)
from classroom_fer_ros.core.results import FatigueState

measures = st.builds(
    FatigueMeasures,
    perclos=st.floats(0.0, 1.0),
    judged_s=st.floats(30.0, 60.0),
    microsleeps=st.integers(0, 20),
    yawns=st.integers(0, 20),
    closed_s=st.floats(0.0, 60.0),
    blink_count=st.integers(0, 500),
)
configs = st.builds(FatigueConfig, rule=st.sampled_from(RULES))
CAUSES = ('perclos', 'microsleeps', 'yawns', 'closed_s', 'blink_count')


@given(measures, configs)
def test_level_is_a_share_and_reasons_are_words(
    seen: FatigueMeasures, config: FatigueConfig
) -> None:
    level, reasons = judge(seen, config)
    assert 0.0 <= level <= 1.0
    assert all(reasons)
    assert reasons or level < TIRED_LEVEL


@given(measures, measures, configs)
def test_level_rises_with_every_cause(
    seen: FatigueMeasures, other: FatigueMeasures, config: FatigueConfig
) -> None:
    for cause in CAUSES:
        more = max(getattr(seen, cause), getattr(other, cause))
        assert judge(replace(seen, **{cause: more}), config)[0] >= judge(seen, config)[0] - 1e-9


@given(measures, configs, st.floats(0.0, 1e-3))
def test_level_is_continuous(seen: FatigueMeasures, config: FatigueConfig, step: float) -> None:
    level = judge(seen, config)[0]
    assert judge(replace(seen, perclos=seen.perclos + step), config)[0] - level <= 10 * step + 1e-9
    assert judge(replace(seen, closed_s=seen.closed_s + step), config)[0] - level <= step + 1e-9


@given(st.floats(0.0, 1.0), st.floats(0.0, 1.0), st.floats(0.0, 1.0), st.floats(0.0, 2.0))
def test_approaching_neither_jumps_nor_overshoots(
    level: float, target: float, other: float, elapsed_s: float
) -> None:
    reached = approach(level, target, elapsed_s)
    assert abs(reached - level) <= MAX_CHANGE_PER_S * elapsed_s + 1e-9
    assert min(level, target) <= reached <= max(level, target)
    low, high = sorted((target, other))
    assert approach(level, low, elapsed_s) <= approach(level, high, elapsed_s)


def test_the_first_level_is_there_at_once() -> None:
    assert approach(math.nan, 0.7, 0.0) == 0.7


@given(st.sampled_from(list(FatigueState)), st.floats(0.0, 1.0))
def test_states_follow_the_level_with_hysteresis(state: FatigueState, level: float) -> None:
    found = next_state(state, level, 0.0, FatigueConfig())
    bounds = {FatigueState.DROWSY: DROWSY_LEVEL, FatigueState.TIRED: TIRED_LEVEL}
    for candidate, bound in bounds.items():
        if level >= bound:
            assert found.value >= candidate.value
        elif level < bound - STATE_MARGIN - 1e-6:
            assert found.value < candidate.value
    # Within the margin only who was there stays.
    assert next_state(FatigueState.AWAKE, TIRED_LEVEL - 0.01, 0.0, FatigueConfig()) is (
        FatigueState.DROWSY
    )
    assert next_state(FatigueState.TIRED, TIRED_LEVEL - 0.01, 0.0, FatigueConfig()) is (
        FatigueState.TIRED
    )


@pytest.mark.parametrize(
    ('seen', 'reason'),
    [
        (FatigueMeasures(perclos=0.14), 'PERCLOS 14 % in the last minute'),
        (FatigueMeasures(perclos=0.14, judged_s=42.0), 'PERCLOS 14 % in 42 s seen so far'),
        (FatigueMeasures(yawns=2), '2 yawns in 5 minutes'),
        (FatigueMeasures(microsleeps=1), '1 microsleep in the last minute'),
        (FatigueMeasures(closed_s=7.2), 'eyes closed for 7 s'),
    ],
)
def test_reasons(seen: FatigueMeasures, reason: str) -> None:
    assert judge(seen, FatigueConfig())[1] == (reason,)
