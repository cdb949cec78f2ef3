"""The class as a whole: shares, when they are given, and the trend."""

import math

import numpy as np
import pytest

from classroom_fer_ros.core.class_state import ClassStateConfig, ClassStateMonitor
from classroom_fer_ros.core.errors import ConfigError, StampError
from classroom_fer_ros.core.results import (
    ClassState,
    Direction,
    Expression,
    Fatigue,
    FatigueState,
    HeadPose,
    Judgement,
    Motion,
    Trend,
)
from classroom_fer_ros.core.student_state import StudentState


def student(
    face_id: str,
    state: FatigueState = FatigueState.AWAKE,
    direction: Direction = Direction.AHEAD,
    motion: Motion = Motion.NONE,
    away_since_s: float = math.nan,
) -> StudentState:
    return StudentState(
        face_id=face_id,
        fatigue=Fatigue(face_id=face_id, state=state),
        head_pose=HeadPose(
            face_id=face_id,
            direction=direction,
            motion=motion,
            looking_away_since_s=away_since_s,
        ),
    )


def attentive(count: int, of: int = 10) -> list[StudentState]:
    drowsy = [student(f'd{i}', FatigueState.DROWSY) for i in range(of - count)]
    return [student(f'a{i}') for i in range(count)] + drowsy


def test_shares() -> None:
    students = [
        student('1'),
        student('2', direction=Direction.LEFT),
        student('3', state=FatigueState.TIRED),
        student('4', state=FatigueState.ASLEEP),
        student('5', motion=Motion.LEFT_RIGHT),
        student('6', motion=Motion.SHAKE),
        student('7', away_since_s=1.0),
        student('8', motion=Motion.NOD),
        student('9', state=FatigueState.UNKNOWN),
        student('10', direction=Direction.UNKNOWN),
    ]
    state = ClassStateMonitor().update(students, [], 5.0)
    assert state is not None
    assert (state.stamp_s, state.num_seen, state.num_judged, state.num_not_judged) == (5, 10, 8, 2)
    assert state.attentive_share == pytest.approx(3 / 8)
    assert state.tired_share == pytest.approx(2 / 8)
    assert state.looking_away_share == pytest.approx(1 / 8)


@pytest.mark.parametrize('count', [0, 1, 4])
def test_too_few_give_no_shares(count: int) -> None:
    expressions = [Expression(face_id='1', status=Judgement.JUDGED, label='happy')] * count
    state = ClassStateMonitor().update(attentive(count, count), expressions, 0.0)
    assert state is not None
    assert state.num_judged == count
    assert math.isnan(state.attentive_share)
    assert math.isnan(state.tired_share)
    assert math.isnan(state.looking_away_share)
    assert np.isnan(state.expression_shares).all()
    assert state.trend is Trend.UNKNOWN


def test_expression_shares_are_of_the_judged() -> None:
    labels = ['happy'] * 3 + ['neutral'] * 3
    expressions = [
        Expression(face_id=str(i), status=Judgement.JUDGED, label=label)
        for i, label in enumerate(labels)
    ]
    expressions += [
        Expression(face_id='u', status=Judgement.UNCERTAIN, label='sad'),
        Expression(face_id='c'),
    ]
    state = ClassStateMonitor().update([], expressions, 0.0)
    assert state is not None
    np.testing.assert_allclose(state.expression_shares, [0, 0, 0, 0.5, 0, 0, 0.5])


@pytest.mark.parametrize('fps', [1.5, 3.0, 7.0, 30.0])
def test_once_an_interval(fps: float) -> None:
    monitor = ClassStateMonitor()
    states = [monitor.update([], [], 100 + i / fps) for i in range(round(10 * fps))]
    assert states[0] is not None
    assert sum(state is not None for state in states) == 10


def test_after_a_gap_nothing_is_made_up_for() -> None:
    monitor = ClassStateMonitor()
    states = [monitor.update([], [], t) for t in (0.0, 100.0, 100.1, 100.2, 101.0)]
    assert [state is not None for state in states] == [True, True, False, False, True]


def trend_of(counts: list[int], step_s: float) -> Trend:
    monitor = ClassStateMonitor()
    states = [monitor.update(attentive(n), [], i * step_s) for i, n in enumerate(counts)]
    assert isinstance(states[-1], ClassState)
    return states[-1].trend


@pytest.mark.parametrize(
    ('counts', 'step_s', 'trend'),
    [
        pytest.param([9, 8, 7, 6, 5], 20.0, Trend.FALLING, id='falling'),
        pytest.param([5, 6, 7, 8, 9], 20.0, Trend.RISING, id='rising'),
        pytest.param([7, 8, 7, 7, 8, 7], 20.0, Trend.STEADY, id='steady'),
        pytest.param([9, 7, 5], 20.0, Trend.UNKNOWN, id='too short'),
        pytest.param([9] * 30 + [3] * 30, 20.0, Trend.STEADY, id='fell long ago'),
    ],
)
def test_trend(counts: list[int], step_s: float, trend: Trend) -> None:
    assert trend_of(counts, step_s) is trend


def test_stamps_go_forward() -> None:
    monitor = ClassStateMonitor()
    monitor.update([], [], 1.0)
    with pytest.raises(StampError):
        monitor.update([], [], 0.5)


@pytest.mark.parametrize(
    ('name', 'value'), [('interval_s', math.nan), ('min_judged', 4), ('trend_min_s', 301.0)]
)
def test_settings_out_of_range_are_named(name: str, value: float) -> None:
    with pytest.raises(ConfigError, match=name):
        ClassStateConfig(**{name: value})
