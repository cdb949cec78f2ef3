"""
Alerts and head motions whatever the pictures' times: drops, uneven stamps, pauses, faces that
leave and return. Nothing may hang on the number of pictures.
"""

from __future__ import annotations

import itertools
import math

from hypothesis import given, settings
from hypothesis import strategies as st

from classroom_fer_ros.core.alert_config import AlertRule
from classroom_fer_ros.core.alert_watch import MAX_UNKNOWN_S
from classroom_fer_ros.core.alerts import AlertConfig, AlertEngine
from classroom_fer_ros.core.head_motion import HeadMotionMonitor
from classroom_fer_ros.core.results import (
    Alert,
    AlertKind,
    AlertStatus,
    Direction,
    Fatigue,
    FatigueState,
    HeadPose,
    Motion,
)
from classroom_fer_ros.core.student_state import StudentState

#: Powers of two add up exactly.
TICK_S = 1.0 / 64.0
AWAKE, TIRED, UNKNOWN = FatigueState.AWAKE, FatigueState.TIRED, FatigueState.UNKNOWN
RULE = AlertRule(after_s=2.0, clear_after_s=3.0, repeat_after_s=20.0)
#: From a picture to the next: mostly a few hundredths of a second, now and then a pause.
gaps_s = st.one_of(st.integers(1, 16), st.integers(1, 320), st.integers(300, 6400)).map(
    lambda ticks: ticks * TICK_S
)
small_gaps_s = st.integers(1, 31).map(lambda ticks: ticks * TICK_S)
states = st.sampled_from([AWAKE, TIRED, TIRED, UNKNOWN])


def seen(state: FatigueState, face_id: str = '001', seat: str = 'front left') -> StudentState:
    return StudentState(
        face_id=face_id,
        seat=seat,
        fatigue=Fatigue(face_id=face_id, state=state),
        head_pose=HeadPose(face_id=face_id, direction=Direction.AHEAD),
    )


def raised(changes: list[tuple[float, Alert]]) -> list[float]:
    return [t for t, alert in changes if alert.status is AlertStatus.RAISED]


def cleared(changes: list[tuple[float, Alert]]) -> list[float]:
    return [t for t, alert in changes if alert.status is AlertStatus.CLEARED]


def watch(
    engine: AlertEngine, steps: list[tuple[float, StudentState | None]], start_s: float = 0.0
) -> list[tuple[float, Alert]]:
    """Changes, with their times; None where nobody is seen."""
    t, changes = start_s, []
    for gap_s, student in steps:
        t += gap_s
        update = engine.update([student] if student else [], None, t)
        changes += [(t, change) for change in update.changes]
    return changes


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(gaps_s, st.one_of(st.none(), states)), max_size=60))
def test_an_alert_stands_on_what_was_seen(steps: list) -> None:
    engine = AlertEngine(AlertConfig(tired=RULE))
    changes = watch(engine, [(gap_s, seen(state) if state else None) for gap_s, state in steps])
    t, known = 0.0, []
    for gap_s, state in steps:
        t += gap_s
        if state in (AWAKE, TIRED):
            known.append((t, state))
    for raised_s, alert in changes:
        if alert.status is not AlertStatus.RAISED:
            continue
        behind = [(s, state) for s, state in known if alert.since_s <= s <= raised_s]
        assert raised_s - alert.since_s >= RULE.after_s
        assert {state for _, state in behind} == {TIRED}
        times = [s for s, _ in behind]
        assert all(b - a <= MAX_UNKNOWN_S for a, b in itertools.pairwise(times))
        assert times[0] == alert.since_s
        assert times[-1] == raised_s, 'raised by a picture that shows it'
    times = raised(changes)
    assert all(b - a >= RULE.repeat_after_s for a, b in itertools.pairwise(times))
    assert 0 <= len(times) - len(cleared(changes)) <= 1


@settings(max_examples=60, deadline=None)
@given(st.lists(small_gaps_s, min_size=60, max_size=90), st.integers(0, 40))
def test_dropped_pictures_put_an_alert_off_by_no_more_than_themselves(
    gaps: list[float], tired_from: int
) -> None:
    """Every stream of pictures of one thing says the same, to within its own gaps."""
    began_s = tired_from / 8
    steps, t = [], 0.0
    for gap_s in gaps:
        t += gap_s
        steps.append((gap_s, seen(TIRED if t >= began_s else AWAKE)))
    times = raised(watch(AlertEngine(AlertConfig(tired=RULE)), steps))
    if t < began_s + RULE.after_s + 2 * max(gaps):
        return
    assert len(times) == 1
    assert 0.0 <= times[0] - began_s - RULE.after_s <= 2 * max(gaps)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(gaps_s, states), max_size=40), st.integers(0, 1 << 31))
def test_alerts_do_not_depend_on_when_the_clock_began(steps: list, start: int) -> None:
    told = []
    for start_s in (0.0, float(start)):
        engine = AlertEngine(AlertConfig(tired=RULE))
        changes = watch(engine, [(gap_s, seen(state)) for gap_s, state in steps], start_s)
        told.append([(t - start_s, a.alert_id, a.status, a.since_s - start_s) for t, a in changes])
    assert told[0] == told[1]


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 90 * 64), st.booleans())
def test_who_leaves_and_returns_keeps_the_alert_for_as_long_as_the_rules_say(
    away_ticks: int, has_other_id: bool
) -> None:
    config = AlertConfig(tired=RULE)
    engine = AlertEngine(config)
    before = watch(engine, [(0.5, seen(TIRED))] * 8)
    assert len(raised(before)) == 1
    away_s = away_ticks * TICK_S
    back = seen(TIRED, '007' if has_other_id else '001')
    absent = watch(engine, [(TICK_S, None)] * 2 + [(away_s, None)], 4.0)
    after = watch(engine, [(TICK_S, back)], 4.0 + 2 * TICK_S + away_s)
    is_long = 2 * TICK_S + away_s > config.lost_after_s
    assert len(cleared([*absent, *after])) == is_long
    if not is_long:
        assert raised([*absent, *after]) == []
        (alert,) = engine.active
        assert alert.face_id == back.face_id


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(gaps_s, states), min_size=5, max_size=50), st.integers(0, 49))
def test_nothing_about_people_is_raised_in_the_quiet(steps: list, from_step: int) -> None:
    engine = AlertEngine(AlertConfig(tired=RULE))
    from_step = min(from_step, len(steps) - 1)
    first, rest = steps[:from_step], steps[from_step:]
    watch(engine, [(gap_s, seen(state)) for gap_s, state in first])
    engine.be_quiet(True)
    start_s = sum(gap_s for gap_s, _ in first)
    quiet_s = start_s + rest[0][0] + 600.0
    changes = watch(engine, [(gap_s, seen(state)) for gap_s, state in rest], start_s)
    assert all(t >= quiet_s for t in raised(changes))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(gaps_s, st.booleans()), max_size=60))
def test_a_camera_s_alert_stands_as_long_as_its_trouble_but_comes_seldom(steps: list) -> None:
    engine, t, told = AlertEngine(), 0.0, []
    for gap_s, is_lost in steps:
        t += gap_s
        engine.report(AlertKind.CAMERA, 'gone' if is_lost else '', t)
        told += [(t, change) for change in engine.take_changes()]
        if not is_lost:
            assert engine.active == ()
    times = raised(told)
    assert all(b - a >= 60.0 for a, b in itertools.pairwise(times))


angles_deg = st.floats(-60.0, 60.0)


def poses(steps: list[tuple[float, float, float]], start_s: float = 0.0) -> list[HeadPose]:
    """Poses for elapsed seconds, yaw and pitch in degrees; NaN where the head is not seen."""
    monitor, t, found = HeadMotionMonitor(), start_s, []
    for gap_s, yaw, pitch in steps:
        t += gap_s
        found.append(monitor.update('a', math.radians(yaw), math.radians(pitch), 0.0, t))
    return found


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(gaps_s, st.booleans()), max_size=80), angles_deg, angles_deg)
def test_a_still_head_does_nothing_whatever_the_times(
    steps: list, yaw: float, pitch: float
) -> None:
    told = poses([(gap_s, yaw if is_seen else math.nan, pitch) for gap_s, is_seen in steps])
    assert {pose.motion for pose in told} <= {Motion.NONE}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(gaps_s, angles_deg, angles_deg), max_size=80))
def test_who_turns_one_way_only_neither_shakes_nor_nods(steps: list) -> None:
    yaws, pitches = sorted(yaw for _, yaw, _ in steps), sorted(pitch for _, _, pitch in steps)
    told = poses(list(zip([gap_s for gap_s, _, _ in steps], yaws, pitches, strict=True)))
    assert not {pose.motion for pose in told} & {Motion.SHAKE, Motion.NOD, Motion.LEFT_RIGHT}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(gaps_s, angles_deg, angles_deg), max_size=50), st.integers(0, 1 << 31))
def test_heads_do_not_depend_on_when_the_clock_began(steps: list, start: int) -> None:
    one, other = poses(steps), poses(steps, float(start))
    assert [(p.motion, p.direction, p.yaw_rad) for p in one] == [
        (p.motion, p.direction, p.yaw_rad) for p in other
    ]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(small_gaps_s, angles_deg, angles_deg), max_size=40),
    st.lists(st.tuples(small_gaps_s, angles_deg, angles_deg), min_size=1, max_size=3),
    st.integers(33, 640),
)
def test_nothing_goes_on_over_a_pause(before: list, after: list, pause_ticks: int) -> None:
    """Three pictures after a pause hold one reversal at most: neither shake, nod nor look away."""
    _, *angles = after[0]
    told = poses([*before, (pause_ticks * TICK_S, *angles), *after[1:]])[len(before) :]
    assert not {pose.motion for pose in told} & {Motion.SHAKE, Motion.NOD}
    assert all(math.isnan(pose.looking_away_since_s) for pose in told)
