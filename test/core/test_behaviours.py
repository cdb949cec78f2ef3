"""From when to when: closures, yawns and motions of made signals, and how they become events."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import pytest
from behaviour import Event as Made
from behaviour import amount, observation, stamps
from hypothesis import given, settings
from hypothesis import strategies as st

from classroom_fer_ros.core.events import Event, EventLog
from classroom_fer_ros.core.fatigue import FatigueMonitor
from classroom_fer_ros.core.head_motion import HeadMotionMonitor
from classroom_fer_ros.core.results import Behaviour, FrameResult

Course = Callable[[float], float]


def log_of(told: Sequence[tuple[float, tuple[Behaviour, ...]]]) -> list[Event]:
    log = EventLog()
    for index, (stamp_s, behaviours) in enumerate(told):
        stamp_ns = round(stamp_s * 1e9)
        log.add(FrameResult(stamp_ns=stamp_ns, index=index, size_wh=(1, 1), behaviours=behaviours))
    return log.events()


def watch_eyes(
    closures: Sequence[Made] = (),
    yawns: Sequence[Made] = (),
    fps: float = 30.0,
    until_s: float = 20.0,
    jitter: float = 0.0,
    unseen_s: tuple[float, float] = (math.inf, math.inf),
) -> tuple[list[Event], FatigueMonitor]:
    monitor, told = FatigueMonitor(), []
    for t in stamps(fps, until_s, jitter):
        seen = observation(
            closed=amount(closures, t),
            wide=amount(yawns, t, 0.3),
            is_visible=not unseen_s[0] <= t <= unseen_s[1],
        )
        monitor.update('001', seen, t)
        told.append((t, monitor.behaviours))
    return log_of(told), monitor


def watch_head(yaw_deg: Course, fps: float = 30.0, until_s: float = 20.0) -> list[Event]:
    monitor, told = HeadMotionMonitor(), []
    noise = np.random.default_rng(1)
    for t in stamps(fps, until_s):
        yaw_rad = math.radians(yaw_deg(t) + noise.normal(0, 0.3))
        monitor.update('001', yaw_rad, 0.0, 0.0, t)
        told.append((t, monitor.behaviours))
    return log_of(told)


def path(*points: tuple[float, float]) -> Course:
    times, angles = zip(*points, strict=True)
    return lambda t: float(np.interp(t, times, angles))


@pytest.mark.parametrize('fps', [20.0, 30.0])
@pytest.mark.parametrize(
    ('duration_s', 'kind'),
    [(0.2, 'blink'), (0.7, 'long_closure'), (2.5, 'microsleep')],
)
def test_closures(duration_s: float, kind: str, fps: float) -> None:
    (event,), _ = watch_eyes([Made(5.0, duration_s)], fps=fps)
    assert (event.kind, event.face) == (kind, '001')
    assert (event.start_s, event.end_s) == pytest.approx((5.0, 5.0 + duration_s), abs=0.06)


def test_a_yawn_is_one_event_from_its_beginning() -> None:
    (event,), _ = watch_eyes(yawns=[Made(6.0, 3.0)])
    assert event.kind == 'yawn'
    assert (event.start_s, event.end_s) == pytest.approx((6.0, 9.0), abs=0.3)


def test_what_was_too_slow_to_be_counted_is_no_event() -> None:
    events, _ = watch_eyes([Made(5.0, 0.3), Made(10.0, 2.0)], fps=10.0)
    assert [event.kind for event in events] == ['microsleep']
    events, _ = watch_eyes([Made(5.0, 2.0)], [Made(10.0, 3.0)], fps=3.0)
    assert events == []


def test_what_was_seen_of_a_microsleep_stays_when_the_eyes_are_lost() -> None:
    (event,), _ = watch_eyes([Made(5.0, 4.0)], unseen_s=(7.0, 12.0))
    assert event.kind == 'microsleep'
    assert (event.start_s, event.end_s) == pytest.approx((5.0, 7.0), abs=0.06)


def test_what_goes_on_ends_with_the_film() -> None:
    events, _ = watch_eyes([Made(17.0, 9.0)], [Made(16.0, 9.0)])
    assert [(event.kind, event.end_s) for event in events] == [
        ('yawn', pytest.approx(20.0)),
        ('microsleep', pytest.approx(20.0)),
    ]


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0.6, 3.0), st.floats(0.1, 3.0)), max_size=8),
    st.lists(st.tuples(st.floats(1.0, 5.0), st.floats(1.0, 4.0)), max_size=3),
    st.sampled_from([8.0, 20.0, 30.0]),
    st.floats(0.0, 0.5),
)
def test_events_are_what_is_counted(
    closures: list[tuple[float, float]],
    yawns: list[tuple[float, float]],
    fps: float,
    jitter: float,
) -> None:
    """As many blinks and yawns as counted, in order, none over another of its kind."""
    until_s = 25.0
    events, monitor = watch_eyes(
        _laid_out(closures), _laid_out(yawns), fps=fps, until_s=until_s, jitter=jitter
    )
    nothing = observation(is_visible=False)
    last = monitor.update('001', nothing, until_s + 1.0)
    kinds = [event.kind for event in events]
    assert kinds.count('blink') == last.blink_count
    assert kinds.count('yawn') == last.yawn_count
    for kind in set(kinds):
        same = [event for event in events if event.kind == kind]
        for one, next_one in pairwise(same):
            assert one.start_s <= one.end_s < next_one.start_s


def _laid_out(gaps_and_lengths: list[tuple[float, float]]) -> list[Made]:
    made, t = [], 2.0
    for gap_s, length_s in gaps_and_lengths:
        made.append(Made(t + gap_s, length_s))
        t += gap_s + length_s
    return made


def test_what_is_over_is_told_once() -> None:
    monitor, told = FatigueMonitor(), 0
    for t in stamps(30.0, 10.0):
        monitor.update('001', observation(closed=amount([Made(5.0, 0.2)], t)), t)
        told += len(monitor.behaviours)
    assert told == 1


@pytest.mark.parametrize('fps', [10.0, 30.0])
def test_a_shake(fps: float) -> None:
    def shake(t: float) -> float:
        return 15.0 * math.sin(2 * math.pi * 1.5 * (t - 8.0)) if 8.0 <= t <= 10.0 else 0.0

    (event,) = watch_head(shake, fps)
    assert event.kind == 'shake'
    assert event.start_s == pytest.approx(8.0, abs=0.12)
    assert event.end_s == pytest.approx(10.0, abs=0.4)


def test_a_long_shake_is_one_event() -> None:
    def shake(t: float) -> float:
        return 15.0 * math.sin(2 * math.pi * 1.5 * (t - 5.0)) if 5.0 <= t <= 13.0 else 0.0

    (event,) = watch_head(shake)
    assert (event.start_s, event.end_s) == pytest.approx((5.0, 13.0), abs=0.5)


def test_turns_that_follow_each_other_are_two() -> None:
    yaw = path((0, 0), (8.0, 0), (8.4, 25), (9.3, 25), (9.7, 0), (20, 0))
    events = watch_head(yaw)
    assert [event.kind for event in events] == ['turn', 'turn']
    assert events[0].start_s == pytest.approx(8.0, abs=0.3)
    assert events[0].end_s == pytest.approx(8.4, abs=0.3)
    assert events[1].start_s == pytest.approx(9.3, abs=0.3)
    assert events[1].end_s == pytest.approx(9.7, abs=0.3)


def test_looking_away() -> None:
    yaw = path((0, 0), (8.0, 0), (10.5, 45), (15.0, 45), (17.5, 0), (20, 0))
    (event,) = [event for event in watch_head(yaw) if event.kind == 'look_away']
    # Beyond 30 degrees from 9.7 s to 15.9 s, with hysteresis a little longer.
    assert (event.start_s, event.end_s) == pytest.approx((9.7, 16.0), abs=0.5)


def test_looking_left_and_right() -> None:
    yaw = path((0, 0), (8, 0), (8.4, 30), (9.4, 30), (10, -30), (11, -30), (11.4, 0), (20, 0))
    (event,) = [event for event in watch_head(yaw) if event.kind == 'left_right']
    assert (event.start_s, event.end_s) == pytest.approx((8.3, 11.3), abs=0.4)
