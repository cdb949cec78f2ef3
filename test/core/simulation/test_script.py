"""What the simulated students do, and how fast."""

import itertools
import math

import numpy as np
import pytest

from classroom_fer_ros.core.simulation.script import (
    BLINK,
    LONG_CLOSURE,
    MAX_ANGLE_RAD,
    MICROSLEEP,
    NOD,
    SHAKE,
    TURN,
    YAWN,
    StudentKind,
    StudentScript,
    StudentState,
    kinds_of_class,
)

FPS = 50.0
LONG_S = 300.0
#: A quick head turn of a person reaches some 300 degrees a second.
MAX_TURN_RAD_S = math.radians(300.0)


def play(kind: StudentKind, seconds: float = LONG_S, student: int = 0) -> list[StudentState]:
    script = StudentScript(5, student, kind)
    return [script(i / FPS) for i in range(round(seconds * FPS))]


def lengths_of(states: list[StudentState], event: str) -> list[float]:
    """Seconds of each stretch of one event."""
    is_on = np.array([False, *(state.event == event for state in states), False])
    edges = np.flatnonzero(is_on[1:] != is_on[:-1])
    return [float(end - start) / FPS for start, end in zip(edges[::2], edges[1::2], strict=True)]


def closures_of(states: list[StudentState]) -> list[float]:
    """Seconds of each stretch with eyes less than half open."""
    is_shut = np.array([False, *(state.eyes_open < 0.5 for state in states), False])
    edges = np.flatnonzero(is_shut[1:] != is_shut[:-1])
    return [float(end - start) / FPS for start, end in zip(edges[::2], edges[1::2], strict=True)]


@pytest.mark.parametrize('seed', range(6))
def test_a_newcomer_soon_sees_everything(seed: int) -> None:
    scripts = [StudentScript(seed, i, kind) for i, kind in enumerate(kinds_of_class(6, seed))]
    seen = {script(i / 25).event for script in scripts for i in range(20 * 25)}
    assert {BLINK, YAWN, SHAKE, NOD, TURN} <= seen


def test_kinds() -> None:
    assert kinds_of_class(1, 3) == [StudentKind.LIVELY]
    kinds = kinds_of_class(40, 3)
    assert kinds.count(StudentKind.TIRED) == kinds.count(StudentKind.RESTLESS) == 1
    assert kinds.count(StudentKind.LIVELY) == 38


def test_any_moment_can_be_asked_for_alone() -> None:
    one = StudentScript(2, 4, StudentKind.RESTLESS)
    stamps = [0.0, 12.34, 29.99, 30.0, 61.7, 3600.5]
    assert [one(stamp) for stamp in stamps] == [
        StudentScript(2, 4, StudentKind.RESTLESS)(stamp) for stamp in stamps
    ]
    assert one(12.34) != StudentScript(3, 4, StudentKind.RESTLESS)(12.34)


@pytest.mark.parametrize('kind', StudentKind)
def test_nothing_moves_impossibly_fast(kind: StudentKind) -> None:
    states = play(kind)
    for name, limit in (
        ('yaw_rad', MAX_TURN_RAD_S),
        ('pitch_rad', MAX_TURN_RAD_S),
        ('roll_rad', math.radians(20.0)),
        ('smile', 3.0),
        ('mouth_open', 5.0),
    ):
        values = np.array([getattr(state, name) for state in states])
        assert np.abs(np.diff(values)).max() * FPS < limit, name
    sway = np.array([state.sway_xy for state in states])
    assert np.abs(np.diff(sway, axis=0)).max() * FPS < 0.3
    angles = np.array([[state.yaw_rad, state.pitch_rad] for state in states])
    assert np.abs(angles).max() <= MAX_ANGLE_RAD


def test_blinks_are_short_and_as_many_as_people_blink() -> None:
    closures = closures_of(play(StudentKind.LIVELY))
    assert all(0.1 <= seconds <= 0.3 for seconds in closures)
    assert 10 <= len(closures) / (LONG_S / 60) <= 20


def test_the_tired_sleep_and_yawn() -> None:
    states = play(StudentKind.TIRED)
    assert all(seconds >= 2.0 for seconds in lengths_of(states, YAWN))
    assert len(lengths_of(states, YAWN)) >= 3
    closures = closures_of(states)
    assert sum(1.0 <= seconds <= 2.0 for seconds in closures) == len(
        lengths_of(states, MICROSLEEP)
    )
    assert len(lengths_of(states, MICROSLEEP)) >= 6
    assert all(0.5 <= seconds < 1.0 for seconds in closures if 0.35 < seconds < 1.0)
    assert len(lengths_of(states, LONG_CLOSURE)) >= 3
    asleep = [state.pitch_rad for state in states if state.event == MICROSLEEP]
    assert max(asleep) > math.radians(6.0)


def test_the_restless_shake_their_heads() -> None:
    states = play(StudentKind.RESTLESS)
    shakes = lengths_of(states, SHAKE)
    assert len(shakes) / (LONG_S / 60) >= 2
    for start in np.flatnonzero(
        [a.event != SHAKE and b.event == SHAKE for a, b in itertools.pairwise(states)]
    ):
        yaw = np.array([state.yaw_rad for state in states[start : start + round(2 * FPS)]])
        turning = np.sign(np.diff(yaw)[np.abs(np.diff(yaw)) > math.radians(0.3)])
        assert np.count_nonzero(np.diff(turning)) >= 2
        assert math.radians(15.0) < np.abs(yaw).max() <= math.radians(30.0)


def test_moods_hold_and_then_change() -> None:
    moods = np.array([state.mood for state in play(StudentKind.LIVELY, 40.0)])
    assert (np.diff(moods) >= 0).all()
    assert np.mean(moods == np.floor(moods)) > 0.85
    assert np.diff(moods).max() * FPS < 3.0
