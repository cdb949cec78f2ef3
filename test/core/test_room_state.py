"""The room: several cameras as one class."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from classroom_fer_ros.core.alert_config import AttentionRule, TiredClassRule
from classroom_fer_ros.core.alerts import AlertConfig
from classroom_fer_ros.core.class_state import ClassStateConfig
from classroom_fer_ros.core.errors import ConfigError
from classroom_fer_ros.core.results import (
    AlertKind,
    AlertStatus,
    ClassState,
    Direction,
    Expression,
    Fatigue,
    FatigueState,
    HeadPose,
    Judgement,
    Trend,
)
from classroom_fer_ros.core.room_state import CameraView, RoomConfig, RoomMonitor, merge
from classroom_fer_ros.core.student_state import StudentState

FRONT, BACK = '/room/front', '/room/back'
AWAKE, TIRED = FatigueState.AWAKE, FatigueState.TIRED


def student(
    face_id: str,
    state: FatigueState = AWAKE,
    person_id: str = '',
    direction: Direction = Direction.AHEAD,
) -> StudentState:
    return StudentState(
        face_id=face_id,
        person_id=person_id,
        fatigue=Fatigue(face_id=face_id, state=state),
        head_pose=HeadPose(face_id=face_id, direction=direction),
    )


def view_of(students: Sequence[StudentState], label: str = '') -> CameraView:
    expressions = [
        Expression(face_id=one.face_id, status=Judgement.JUDGED, label=label)
        if label
        else Expression(face_id=one.face_id)
        for one in students
    ]
    return CameraView(students=students, expressions=expressions)


def seen(awake: int, tired: int = 0, label: str = '') -> Callable[[], CameraView]:
    """A view with the same ids of faces as any other camera's."""
    students = [student(f'{i:03}', AWAKE if i < awake else TIRED) for i in range(awake + tired)]
    return lambda: view_of(students, label)


def room(*cameras: str, **options: object) -> RoomMonitor:
    return RoomMonitor(cameras or (FRONT, BACK), **options)


def state_of(
    monitor: RoomMonitor, views: dict[str, Callable[[], CameraView]], stamp_s: float
) -> ClassState:
    """The room once every camera has been heard at a stamp."""
    for camera, view in views.items():
        monitor.update(camera, view, stamp_s)
    last = list(views)[-1]
    update = monitor.update(last, views[last], stamp_s + 1.0)
    assert update is not None
    assert update.class_state is not None
    return update.class_state


def test_no_camera() -> None:
    monitor = room()
    assert (monitor.heard, monitor.silent, monitor.active) == ((), (), ())


def test_one_camera_is_the_room() -> None:
    state = state_of(room(FRONT), {FRONT: seen(6, 2, 'happy')}, 10.0)
    assert (state.stamp_s, state.num_seen, state.num_judged) == (11.0, 8, 8)
    assert state.attentive_share == pytest.approx(6 / 8)
    np.testing.assert_allclose(state.expression_shares, [0, 0, 0, 1, 0, 0, 0])


def test_shares_are_weighted_by_the_judged_faces() -> None:
    unseen = student('u', FatigueState.UNKNOWN)
    front = [student('1'), student('2', TIRED), unseen]
    views = {FRONT: lambda: view_of(front, 'sad'), BACK: seen(8, 0, 'happy')}
    state = state_of(room(), views, 10.0)
    assert (state.num_seen, state.num_judged, state.num_not_judged) == (11, 10, 1)
    assert state.attentive_share == pytest.approx(9 / 10)
    assert state.tired_share == pytest.approx(1 / 10)
    np.testing.assert_allclose(state.expression_shares, [0, 0, 0, 8 / 11, 3 / 11, 0, 0], rtol=1e-6)


@pytest.mark.parametrize(('count', 'is_given'), [(1, False), (2, True)])
def test_five_judged_faces_in_the_whole_room_are_enough(count: int, is_given: bool) -> None:
    state = state_of(room(), {FRONT: seen(3, label='sad'), BACK: seen(count, label='sad')}, 0.0)
    assert state.num_judged == 3 + count
    shares = [
        state.attentive_share,
        state.tired_share,
        state.looking_away_share,
        state.expression_shares[4],
    ]
    assert [not math.isnan(share) for share in shares] == [is_given] * 4


def test_an_identified_person_counts_once_and_as_seen_best() -> None:
    hidden = student('001', FatigueState.UNKNOWN, 'ana')
    front = view_of([hidden, student('002', TIRED, 'ben'), student('003')])
    back = view_of(
        [student('001', AWAKE, 'ana'), student('007', AWAKE, 'ben'), student('003')], 'happy'
    )
    students, expressions = merge([front, back])
    assert [(s.face_id, s.person_id, s.fatigue.state) for s in students] == [
        ('001', 'ana', AWAKE),
        ('002', 'ben', TIRED),
        ('003', '', AWAKE),
        ('003', '', AWAKE),
    ]
    judged = [expression.status is Judgement.JUDGED for expression in expressions]
    assert judged == [True, True, False, True]


def test_merging_nothing() -> None:
    assert merge([]) == ([], [])
    assert merge([CameraView(), CameraView()]) == ([], [])


def test_a_silent_camera_is_left_out_and_named() -> None:
    monitor = room(config=RoomConfig(silent_after_s=5.0))
    both = state_of(monitor, {BACK: seen(4), FRONT: seen(6)}, 100.0)
    assert (both.num_seen, monitor.heard, monitor.silent) == (10, (FRONT, BACK), ())
    update = monitor.update(FRONT, seen(6), 105.5)
    assert update is not None
    assert update.class_state is not None
    assert update.class_state.num_seen == 6
    assert (monitor.heard, monitor.silent) == ((FRONT,), (BACK,))
    back_again = state_of(monitor, {BACK: seen(4), FRONT: seen(6)}, 106.0)
    assert (back_again.num_seen, monitor.silent) == (10, ())


def test_a_camera_that_never_spoke_is_named_after_a_while() -> None:
    monitor = room()
    monitor.update(FRONT, seen(6), 100.0)
    assert monitor.silent == ()
    monitor.update(FRONT, seen(6), 105.1)
    assert monitor.silent == (BACK,)


def test_a_closed_camera_is_left_out_at_once_and_not_missed() -> None:
    monitor = room()
    state_of(monitor, {FRONT: seen(6), BACK: seen(4)}, 100.0)
    monitor.close(BACK)
    assert state_of(monitor, {FRONT: seen(6)}, 110.0).num_seen == 6
    assert monitor.silent == ()
    monitor.close(FRONT)
    assert (monitor.heard, monitor.stamp_s) == ((), 0.0)


def test_once_an_interval_whatever_the_number_of_cameras() -> None:
    monitor = room()
    updates = [monitor.update((FRONT, BACK)[i % 2], seen(6), 100.0 + i / 50) for i in range(500)]
    assert sum(update is not None for update in updates) == 10


def test_views_are_looked_at_only_when_the_room_is_summed_up() -> None:
    looks = []

    def look() -> CameraView:
        looks.append(1)
        return CameraView()

    monitor = room(FRONT)
    for i in range(100):
        monitor.update(FRONT, look, i / 25)
    assert len(looks) == 4


def test_pictures_of_one_camera_may_come_later_than_those_of_another() -> None:
    monitor = room()
    monitor.update(FRONT, seen(6), 100.0)
    assert monitor.update(BACK, seen(4), 99.5) is None
    assert monitor.stamp_s == 100.0
    update = monitor.update(FRONT, seen(6), 101.0)
    assert update is not None
    assert update.class_state is not None
    assert update.class_state.num_seen == 10


def falling(has_attention: bool) -> tuple[RoomMonitor, Trend]:
    """Attention falls at the back only."""
    monitor, trend = room(has_attention=has_attention), Trend.UNKNOWN
    for second in range(0, 200, 2):
        tired = second // 20
        trend = state_of(monitor, {FRONT: seen(10), BACK: seen(10 - tired, tired)}, second).trend
    return monitor, trend


def test_the_trend_is_that_of_the_whole_room() -> None:
    monitor, trend = falling(has_attention=True)
    assert trend is Trend.FALLING
    assert {alert.kind for alert in monitor.active} == {AlertKind.CLASS_TIRED}


def test_without_attention_it_stays_unknown() -> None:
    monitor, trend = falling(has_attention=False)
    assert trend is Trend.UNKNOWN
    state = state_of(monitor, {FRONT: seen(10)}, 300.0)
    assert math.isnan(state.attentive_share)
    assert math.isnan(state.looking_away_share)
    assert state.tired_share == 0.0


def class_alerts(after_s: float, clear_after_s: float = 5.0) -> AlertConfig:
    return AlertConfig(
        class_attention=AttentionRule(after_s=after_s, clear_after_s=clear_after_s),
        class_tired=TiredClassRule(after_s=after_s, clear_after_s=clear_after_s),
    )


def test_an_alert_about_the_class_is_raised_acknowledged_and_cleared() -> None:
    monitor = room(alerts=class_alerts(after_s=3.0, clear_after_s=1.0))
    for second in range(6):
        state_of(monitor, {FRONT: seen(0, 3), BACK: seen(2, 2)}, second)
    attention, tired = monitor.active
    assert (attention.kind, tired.kind) == (AlertKind.CLASS_ATTENTION, AlertKind.CLASS_TIRED)
    assert '71 %' in tired.text
    acknowledged = monitor.acknowledge(tired.alert_id)
    assert acknowledged is not None
    assert acknowledged.status is AlertStatus.ACKNOWLEDGED
    assert monitor.acknowledge('alert-0099') is None
    assert monitor.take_changes() == (acknowledged,)
    for second in range(6, 12):
        state_of(monitor, {FRONT: seen(3), BACK: seen(4)}, second)
    assert monitor.active == ()


def test_where_all_stamps_go_back_it_begins_anew() -> None:
    monitor = room(alerts=class_alerts(after_s=0.0))
    state_of(monitor, {FRONT: seen(0, 6), BACK: seen(0, 6)}, 1000.0)
    assert monitor.active
    monitor.update(FRONT, seen(6), 0.0)
    assert monitor.silent == (FRONT,), 'the other still tells the time'
    monitor.update(BACK, seen(6), 0.0)
    assert (monitor.stamp_s, monitor.active, monitor.silent) == (0.0, (), ())


def test_settings_of_the_class_hold_for_the_room() -> None:
    monitor = room(class_state=ClassStateConfig(min_judged=8, interval_s=10.0))
    monitor.update(FRONT, seen(7), 0.0)
    assert monitor.update(FRONT, seen(7), 9.0) is None
    update = monitor.update(FRONT, seen(7), 10.0)
    assert update is not None
    assert update.class_state is not None
    assert math.isnan(update.class_state.tired_share)


@pytest.mark.parametrize('value', [0.0, math.nan, 4000.0])
def test_settings_out_of_range_are_named(value: float) -> None:
    with pytest.raises(ConfigError, match='silent_after_s'):
        RoomConfig(silent_after_s=value)
