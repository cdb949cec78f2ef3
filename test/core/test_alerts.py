"""Alerts: when they are raised, for whom, and when they end."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classroom_fer_ros.core.alert_config import (
    AlertRule,
    AttentionRule,
    QuietConfig,
    TiredClassRule,
)
from classroom_fer_ros.core.alerts import AlertConfig, AlertEngine, StudentState
from classroom_fer_ros.core.errors import ConfigError, StampError
from classroom_fer_ros.core.results import (
    Alert,
    AlertKind,
    AlertStatus,
    ClassState,
    Direction,
    Fatigue,
    FatigueState,
    HeadPose,
    Motion,
    Severity,
)
from classroom_fer_ros.core.settings import build, settings_of
from classroom_fer_ros.core.texts import load_texts

FPS = 10


def student(
    state: FatigueState = FatigueState.AWAKE,
    *,
    face_id: str = '001',
    person_id: str = '',
    name: str = '',
    seat: str = 'front left',
    motion: Motion = Motion.NONE,
    away_since_s: float = math.nan,
    direction: Direction = Direction.AHEAD,
    reasons: tuple[str, ...] = ('PERCLOS 14 % in the last minute',),
) -> StudentState:
    return StudentState(
        face_id=face_id,
        person_id=person_id,
        person_name=name,
        seat=seat,
        fatigue=Fatigue(face_id=face_id, state=state, level=0.7, reasons=reasons),
        head_pose=HeadPose(
            face_id=face_id, direction=direction, motion=motion, looking_away_since_s=away_since_s
        ),
    )


AWAKE = student()
TIRED = student(FatigueState.TIRED)
UNKNOWN = student(FatigueState.UNKNOWN, direction=Direction.UNKNOWN)


class Lesson:
    """An engine that sees the same students for a while, then others."""

    def __init__(self, config: AlertConfig | None = None) -> None:
        self.engine = AlertEngine(config)
        self.picture = 0
        self.changes: list[tuple[float, Alert]] = []

    @property
    def stamp_s(self) -> float:
        return self.picture / FPS

    def see(
        self, *students: StudentState, seconds: float, class_state: ClassState | None = None
    ) -> tuple[Alert, ...]:
        """Changes while these students are seen."""
        before = len(self.changes)
        for _ in range(round(seconds * FPS)):
            update = self.engine.update(students, class_state, self.stamp_s)
            self.changes += [(self.stamp_s, change) for change in update.changes]
            self.picture += 1
        return tuple(change for _, change in self.changes[before:])


def summary(alerts: tuple[Alert, ...]) -> list[tuple[str, str]]:
    return [(alert.kind.value, alert.status.name) for alert in alerts]


def test_nobody_no_alerts() -> None:
    lesson = Lesson()
    assert lesson.see(seconds=5) == ()
    assert lesson.engine.active == ()


def test_from_raised_to_cleared() -> None:
    lesson = Lesson()
    lesson.see(AWAKE, seconds=10)
    (raised,) = lesson.see(TIRED, seconds=10)
    assert lesson.changes[0][0] == pytest.approx(12.0)
    assert raised == Alert(
        alert_id='alert-0001',
        kind=AlertKind.TIRED,
        severity=Severity.WARNING,
        status=AlertStatus.RAISED,
        since_s=10.0,
        text='The student at the front left looks tired (PERCLOS 14 % in the last minute)',
        subject='front left',
        face_id='001',
        value=0.7,
    )
    assert lesson.engine.active == (raised,)
    (cleared,) = lesson.see(AWAKE, seconds=10)
    assert lesson.changes[1][0] == pytest.approx(25.0)
    assert cleared == replace(raised, status=AlertStatus.CLEARED)
    assert lesson.engine.active == ()


@dataclass(frozen=True)
class Case:
    id: str
    seen: StudentState
    kind: AlertKind
    severity: Severity
    text: str
    after_s: float


CASES = [
    Case(
        'asleep at once',
        student(FatigueState.ASLEEP, reasons=('eyes closed for 6 s',)),
        AlertKind.ASLEEP,
        Severity.URGENT,
        'The student at the front left seems to be asleep (eyes closed for 6 s)',
        0.0,
    ),
    Case(
        'shakes',
        student(motion=Motion.SHAKE, person_id='p1', name='Ana'),
        AlertKind.LEFT_RIGHT,
        Severity.NOTICE,
        'Ana looks left and right',
        1.5,
    ),
    Case(
        'looks to both sides',
        student(motion=Motion.LEFT_RIGHT, seat=''),
        AlertKind.LEFT_RIGHT,
        Severity.NOTICE,
        'A student looks left and right',
        1.5,
    ),
    Case(
        'looks away since before',
        student(away_since_s=-4.0, direction=Direction.LEFT),
        AlertKind.LOOKING_AWAY,
        Severity.NOTICE,
        'The student at the front left has been looking away for a while',
        6.0,
    ),
]


@pytest.mark.parametrize('case', CASES, ids=lambda case: case.id)
def test_kinds_and_their_texts(case: Case) -> None:
    lesson = Lesson()
    (alert,) = lesson.see(case.seen, seconds=20)
    assert (alert.kind, alert.severity, alert.text) == (case.kind, case.severity, case.text)
    assert lesson.changes[0][0] == pytest.approx(case.after_s)


@pytest.mark.parametrize('seen', [AWAKE, UNKNOWN, student(motion=Motion.NOD)])
def test_no_cause_no_alert(seen: StudentState) -> None:
    assert Lesson().see(seen, seconds=30) == ()


def test_what_does_not_last_raises_nothing() -> None:
    lesson = Lesson()
    for _ in range(10):
        lesson.see(TIRED, seconds=1.5)
        lesson.see(AWAKE, seconds=1)
    assert lesson.changes == []


def test_time_that_was_not_seen_does_not_count_as_lasting() -> None:
    lesson = Lesson()
    lesson.see(TIRED, seconds=1.5)
    lesson.see(UNKNOWN, seconds=10)
    assert lesson.see(TIRED, seconds=1.5) == ()


def test_a_moment_of_relief_clears_nothing() -> None:
    lesson = Lesson()
    lesson.see(TIRED, seconds=5)
    for _ in range(10):
        lesson.see(AWAKE, seconds=4)
        lesson.see(TIRED, seconds=1)
    assert len(lesson.changes) == 1
    assert len(lesson.engine.active) == 1


def test_what_cannot_be_judged_changes_nothing_for_a_minute() -> None:
    lesson = Lesson()
    lesson.see(TIRED, seconds=5)
    assert lesson.see(UNKNOWN, seconds=55) == ()
    assert summary(lesson.see(UNKNOWN, seconds=10)) == [('tired', 'CLEARED')]


def test_one_alert_of_a_kind_and_person_in_five_minutes() -> None:
    lesson = Lesson()
    for _ in range(20):
        lesson.see(TIRED, seconds=10)
        lesson.see(AWAKE, seconds=20)
    raised = [t for t, alert in lesson.changes if alert.status is AlertStatus.RAISED]
    assert raised == pytest.approx([2.0, 302.0])
    ids = [alert.alert_id for _, alert in lesson.changes]
    assert ids == ['alert-0001', 'alert-0001', 'alert-0002', 'alert-0002']


def test_the_rate_limit_is_of_each_kind_and_person() -> None:
    lesson = Lesson()
    other = student(FatigueState.TIRED, face_id='002', seat='front right')
    asleep = student(FatigueState.ASLEEP)
    found = lesson.see(TIRED, other, seconds=5) + lesson.see(asleep, other, seconds=5)
    assert summary(found) == [('tired', 'RAISED')] * 2 + [('asleep', 'RAISED')]
    assert {alert.subject for alert in found} == {'front left', 'front right'}


def test_who_falls_asleep_does_not_stop_being_tired() -> None:
    lesson = Lesson()
    lesson.see(TIRED, seconds=5)
    assert summary(lesson.see(student(FatigueState.ASLEEP), seconds=30)) == [('asleep', 'RAISED')]


def test_a_lost_track_goes_on_at_its_seat() -> None:
    lesson = Lesson()
    (raised,) = lesson.see(TIRED, seconds=5)
    assert lesson.see(seconds=20) == ()
    back = student(FatigueState.TIRED, face_id='007')
    assert lesson.see(back, seconds=20) == ()
    (active,) = lesson.engine.active
    assert active == replace(raised, face_id='007')


def test_a_lost_person_is_known_again_at_another_seat() -> None:
    lesson = Lesson()
    ana = student(FatigueState.TIRED, person_id='p1', name='Ana')
    lesson.see(ana, seconds=5)
    lesson.see(seconds=10)
    moved = student(
        FatigueState.TIRED, face_id='009', person_id='p1', name='Ana', seat='back right'
    )
    assert lesson.see(moved, seconds=10) == ()
    calm = replace(moved, fatigue=AWAKE.fatigue)
    assert summary(lesson.see(calm, seconds=10)) == [('tired', 'CLEARED')]


def test_a_lost_person_not_yet_known_again_goes_on_at_the_seat() -> None:
    lesson = Lesson()
    ana = student(FatigueState.TIRED, person_id='p1', name='Ana')
    lesson.see(ana, seconds=5)
    lesson.see(seconds=1)
    assert lesson.see(student(FatigueState.TIRED, face_id='002'), seconds=10) == ()
    assert lesson.see(replace(ana, face_id='002'), seconds=10) == ()
    assert len(lesson.engine.active) == 1


def test_an_alert_of_a_seat_becomes_that_of_the_person_recognised_there() -> None:
    lesson = Lesson()
    lesson.see(TIRED, seconds=5)
    assert lesson.see(replace(TIRED, person_id='p1', person_name='Ana'), seconds=30) == ()
    (active,) = lesson.engine.active
    assert active.person_id == 'p1'


def test_one_person_seen_twice_is_two_students() -> None:
    lesson = Lesson()
    ana = student(FatigueState.TIRED, person_id='p1', name='Ana')
    twin = student(person_id='p1', name='Ana', face_id='002', seat='front right')
    assert summary(lesson.see(ana, twin, seconds=30)) == [('tired', 'RAISED')]


def test_who_does_not_return_is_let_go() -> None:
    lesson = Lesson()
    lesson.see(TIRED, seconds=5)
    assert lesson.see(seconds=59) == ()
    assert summary(lesson.see(seconds=3)) == [('tired', 'CLEARED')]


def test_acknowledging() -> None:
    lesson = Lesson()
    (raised,) = lesson.see(TIRED, seconds=5)
    assert lesson.engine.acknowledge('alert-0099', 5.0) is None
    seen = lesson.engine.acknowledge(raised.alert_id, 5.0)
    assert seen == replace(raised, status=AlertStatus.ACKNOWLEDGED)
    assert lesson.engine.acknowledge(raised.alert_id, 5.1) == seen
    assert lesson.engine.active == (seen,)
    assert lesson.see(TIRED, seconds=5) == (seen,)
    assert summary(lesson.see(AWAKE, seconds=10)) == [('tired', 'CLEARED')]
    assert lesson.engine.acknowledge(raised.alert_id, 30.0) is None


def class_of(attentive: float, tired: float = 0.0) -> ClassState:
    return ClassState(stamp_s=0.0, attentive_share=attentive, tired_share=tired)


def test_alerts_about_the_class() -> None:
    lesson = Lesson()
    assert lesson.see(seconds=30, class_state=class_of(0.7)) == ()
    (low,) = lesson.see(seconds=30, class_state=class_of(0.4))
    assert low.text == 'Attention of the class is low: 40 % are attentive'
    assert (low.kind, low.subject, low.value) == (AlertKind.CLASS_ATTENTION, '', 0.4)
    assert lesson.see(seconds=30, class_state=class_of(0.55)) == ()
    found = lesson.see(seconds=30, class_state=class_of(0.65, 0.35))
    assert summary(found) == [('class_attention', 'CLEARED'), ('class_tired', 'RAISED')]
    assert found[1].text == 'The class looks tired: 35 % of those judged'


def test_a_class_of_too_few_judged_raises_nothing() -> None:
    assert Lesson().see(seconds=60, class_state=class_of(math.nan, math.nan)) == ()


def test_alerts_from_outside() -> None:
    engine = AlertEngine(AlertConfig(camera=AlertRule(severity='urgent', repeat_after_s=60.0)))
    engine.report(AlertKind.CAMERA, 'No picture for 5 s', 1.0)
    (raised,) = engine.take_changes()
    assert (raised.severity, raised.text) == (Severity.URGENT, 'No picture for 5 s')
    for seconds in (
        1.5,
        2,
        3,
        3.5,
    ):  # words that change from second to second are not told so often
        engine.report(AlertKind.CAMERA, f'No picture for {seconds} s', seconds)
    assert engine.take_changes() == ()
    engine.report(AlertKind.CAMERA, 'No picture: the cable is out', 15.0)
    (later,) = engine.take_changes()
    assert later == replace(raised, text='No picture: the cable is out')
    engine.update([], None, 500.0)
    assert engine.active == (later,)
    engine.report(AlertKind.CAMERA, '', 200.0)
    engine.report(AlertKind.CAMERA, '', 206.0)
    assert engine.take_changes() == (replace(later, status=AlertStatus.CLEARED),)


def test_a_camera_that_comes_and_goes_is_told_of_once_in_a_while() -> None:
    engine = AlertEngine()
    told = []
    for second in range(200):
        engine.report(AlertKind.CAMERA, 'gone' if second % 10 < 5 else '', 1e9 + second)
        told += [(second, change.status.name) for change in engine.take_changes()]
    raised = [second for second, status in told if status == 'RAISED']
    assert raised == [0, 60, 120, 180]
    assert len(told) == 2 * len(raised)


def test_the_system_s_alert_waits_for_its_time() -> None:
    engine = AlertEngine()
    for second in range(20):
        engine.report(AlertKind.SYSTEM, 'slow' if second < 8 else '', second)
        if second == 4:
            assert engine.take_changes() == ()
    raised, cleared = engine.take_changes()
    assert (raised.kind, raised.since_s, cleared.status) == (
        AlertKind.SYSTEM,
        0.0,
        AlertStatus.CLEARED,
    )


def test_nothing_is_raised_in_the_quiet_and_what_held_then_does_not_count() -> None:
    lesson = Lesson()
    lesson.see(AWAKE, seconds=5)
    assert lesson.engine.be_quiet(True) == 10.0
    assert lesson.see(TIRED, seconds=600, class_state=class_of(0.1)) == ()
    assert summary(lesson.see(TIRED, seconds=1.9, class_state=class_of(0.1))) == []
    assert summary(lesson.see(TIRED, seconds=1)) == [('tired', 'RAISED')]


def test_the_quiet_is_ended_early_and_clears_what_stands() -> None:
    lesson = Lesson()
    lesson.see(TIRED, seconds=5)
    lesson.engine.be_quiet(True)
    assert summary(lesson.see(AWAKE, seconds=10)) == [('tired', 'CLEARED')]
    other = student(FatigueState.ASLEEP, face_id='002', seat='front right')
    assert lesson.see(other, seconds=10) == ()
    assert lesson.engine.be_quiet(False) == 0.0
    assert summary(lesson.see(other, seconds=1)) == [('asleep', 'RAISED')]


def test_the_quiet_is_not_for_the_camera() -> None:
    engine = AlertEngine()
    engine.be_quiet(True)
    engine.update([], None, 1.0)
    engine.report(AlertKind.CAMERA, 'gone', 2.0)
    assert summary(engine.take_changes()) == [('camera', 'RAISED')]


def test_a_rule_that_is_off_raises_nothing_and_severities_are_the_rule_s() -> None:
    config = AlertConfig(
        tired=AlertRule(is_on=False), asleep=AlertRule(severity='notice', repeat_after_s=7.0)
    )
    lesson = Lesson(config)
    assert lesson.see(TIRED, seconds=20) == ()
    (alert,) = lesson.see(student(FatigueState.ASLEEP), seconds=5)
    assert alert.severity is Severity.NOTICE


def test_alerts_in_chinese() -> None:
    engine = AlertEngine(texts=load_texts('zh'))
    asleep = student(FatigueState.ASLEEP, reasons=('eyes closed for 6 s',))
    (alert,) = engine.update([asleep], None, 0.0).changes
    assert alert.text == '前排左侧的学生好像睡着了（闭眼 6 秒）'
    assert alert.subject == '前排左侧'


def test_stamps_go_forward() -> None:
    engine = AlertEngine()
    engine.update([], None, 1.0)
    with pytest.raises(StampError):
        engine.update([], None, 0.5)


@pytest.mark.parametrize(
    ('make', 'problem'),
    [
        (lambda: AlertRule(after_s=math.nan), 'after_s'),
        (lambda: AlertRule(repeat_after_s=-1.0), 'repeat_after_s'),
        (lambda: AlertRule(severity='grave'), 'severity.*notice, warning, urgent'),
        (lambda: AttentionRule(below=0.95), 'margin.*at most 1 - below'),
        (lambda: TiredClassRule(from_share=0.05), 'margin.*at most from_share'),
        (lambda: QuietConfig(times='noon'), 'times.*noon.*for example'),
    ],
)
def test_rules_that_cannot_be_are_named(make: Callable[[], object], problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        make()


def test_a_rule_is_named_in_full() -> None:
    values = {setting.name: setting.default for setting in settings_of(AlertConfig, 'alerts.')}
    with pytest.raises(ConfigError, match=r'alerts\.left_right\.after_s = -3'):
        build(AlertConfig, values | {'alerts.left_right.after_s': -3.0}, 'alerts.')


people = st.builds(
    student,
    st.sampled_from(FatigueState),
    face_id=st.sampled_from(['001', '002', '003']),
    person_id=st.sampled_from(['', 'p1', 'p2']),
    seat=st.sampled_from(['', 'front left', 'back right']),
    motion=st.sampled_from(Motion),
    direction=st.sampled_from(Direction),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(0.0, 40.0), st.lists(people, max_size=4)), max_size=40))
def test_whoever_comes_and_goes(steps: list[tuple[float, list[StudentState]]]) -> None:
    """Changes and standing alerts agree: ids are raised once, end once, and stand in between."""
    engine, t = AlertEngine(AlertConfig(tired=AlertRule(repeat_after_s=10.0))), 0.0
    standing: set[str] = set()
    known: set[str] = set()
    for elapsed_s, students in steps:
        t += elapsed_s
        update = engine.update(students, None, t)
        for change in update.changes:
            if change.status is AlertStatus.RAISED:
                assert change.alert_id not in known
                known.add(change.alert_id)
                standing.add(change.alert_id)
            else:
                standing.remove(change.alert_id)
        assert {alert.alert_id for alert in update.active} == standing


def test_alerts_about_a_forgotten_person_end_and_name_nobody() -> None:
    lesson = Lesson()
    ana = student(FatigueState.TIRED, person_id='p1', name='Ana')
    bo = student(FatigueState.TIRED, face_id='002', person_id='p2', name='Bo', seat='back left')
    lesson.see(ana, bo, seconds=4)
    assert [alert.subject for alert in lesson.engine.active] == ['Ana', 'Bo']
    lesson.engine.forget_person('p1')
    assert [alert.subject for alert in lesson.engine.active] == ['Bo']
    (cleared,) = lesson.engine.take_changes()
    assert (cleared.status, cleared.subject, cleared.person_id) == (AlertStatus.CLEARED, '', '')
    assert 'Ana' not in cleared.text
    # Whoever sits there now is somebody new.
    stranger = student(FatigueState.TIRED)
    raised = lesson.see(stranger, bo, seconds=4)
    assert [alert.person_id for alert in raised] == ['']
