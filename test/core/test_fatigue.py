"""Fatigue: blinks, PERCLOS, microsleeps, yawns, states, on made signals and on real films."""

import math
from dataclasses import dataclass, field

import pytest
from behaviour import Event, amount, every, observation, stamps
from hypothesis import given, settings
from hypothesis import strategies as st

from classroom_fer_ros.core.errors import ConfigError, StampError
from classroom_fer_ros.core.eye_openness import EyeMeasures
from classroom_fer_ros.core.fatigue import EyeMouthObservation, FatigueConfig, FatigueMonitor
from classroom_fer_ros.core.results import Fatigue, FatigueState

RATES = [5.0, 10.0, 20.0, 30.0]


def seen(left: float, right: float, mouth: float, is_visible: bool = True) -> EyeMouthObservation:
    return EyeMouthObservation(
        eyes=EyeMeasures(left_ratio=left, right_ratio=right),
        mouth_ratio=mouth,
        is_visible=is_visible,
    )


def watch(
    closures: list[Event],
    yawns: list[Event],
    fps: float,
    until_s: float,
    *,
    jitter: float = 0.0,
    config: FatigueConfig | None = None,
    open_ratio: float = 0.31,
) -> list[Fatigue]:
    monitor = FatigueMonitor(config)
    return [
        monitor.update(
            'a',
            _observed(closures, yawns, t, open_ratio),
            t,
        )
        for t in stamps(fps, until_s, jitter)
    ]


def _observed(
    closures: list[Event], yawns: list[Event], t: float, open_ratio: float
) -> EyeMouthObservation:
    """Who opens the mouth wide narrows the eyes."""
    wide = amount(yawns, t, 0.4)
    return observation(max(amount(closures, t), 0.3 * wide), wide, open_ratio=open_ratio)


@dataclass(frozen=True)
class Scenario:
    id: str
    state: FatigueState
    closures: list[Event] = field(default_factory=list)
    yawns: list[Event] = field(default_factory=list)
    reason: str = ''
    until_s: float = 62.0


SCENARIOS = [
    Scenario('awake, blinking as usual', FatigueState.AWAKE, every(4.0, 0.2, 62)),
    Scenario('slow blinks', FatigueState.TIRED, every(3.0, 0.45, 62), reason='PERCLOS'),
    Scenario(
        'two microsleeps',
        FatigueState.TIRED,
        [Event(20, 1.3), Event(40, 1.3)],
        reason='2 microsleeps in the last minute',
    ),
    Scenario(
        'one microsleep',
        FatigueState.DROWSY,
        [Event(40, 1.5)],
        reason='1 microsleep in the last minute',
    ),
    Scenario(
        'three yawns',
        FatigueState.TIRED,
        yawns=every(18, 3.0, 60, 10),
        reason='3 yawns in 5 minutes',
    ),
    Scenario('talks', FatigueState.AWAKE, yawns=every(1.5, 0.7, 60)),
    Scenario('asleep', FatigueState.ASLEEP, [Event(50, 20)], reason='eyes closed for 12 s'),
    Scenario('woke up long ago', FatigueState.AWAKE, [Event(10, 8)], until_s=100),
]


@pytest.mark.parametrize(('fps', 'jitter'), [(5, 0.0), (5, 0.3), (10, 0.3), (20, 0.0), (30, 0.3)])
@pytest.mark.parametrize('scenario', SCENARIOS, ids=lambda s: s.id)
def test_states_at_every_rate(scenario: Scenario, fps: float, jitter: float) -> None:
    last = watch(scenario.closures, scenario.yawns, fps, scenario.until_s, jitter=jitter)[-1]
    assert last.state is scenario.state
    assert any(reason.startswith(scenario.reason) for reason in last.reasons or ('',))


@pytest.mark.parametrize('fps', RATES)
@pytest.mark.parametrize(('period_s', 'closed_s'), [(4.0, 0.2), (4.0, 0.4), (6.0, 1.2)])
def test_perclos_within_two_points(fps: float, period_s: float, closed_s: float) -> None:
    events = every(period_s, closed_s, 95, first_s=0.7)
    results = watch(events, [], fps, 95.0)
    # Lids closed to 80 % and more: the event without the ends of its ramps.
    truth = (closed_s - 0.6 * 0.06) / period_s
    assert results[-1].perclos == pytest.approx(truth, abs=0.02)
    assert results[-1].judged_s == pytest.approx(60.0, abs=0.3)


@pytest.mark.parametrize('jitter', [0.0, 0.3])
@pytest.mark.parametrize('fps', [16.0, 20.0, 30.0])
def test_blinks_are_counted_alike_at_every_rate(fps: float, jitter: float) -> None:
    last = watch(every(3.1, 0.2, 62), [], fps, 62.0, jitter=jitter)[-1]
    assert last.blink_count == 20
    assert last.blinks_per_minute == pytest.approx(60 / 3.1, abs=1.5)


def test_long_closures_and_microsleeps_are_no_blinks() -> None:
    last = watch([Event(10, 0.7), Event(20, 1.2)], [], 30.0, 40.0)[-1]
    assert last.blink_count == 0
    assert last.longest_closure_s == pytest.approx(1.2, abs=0.05)


def test_unknown_until_enough_is_judged() -> None:
    results = watch([], [], 30.0, 35.0)
    states = [result.state for result in results]
    assert states[60] is FatigueState.UNKNOWN
    assert math.isnan(results[60].level)
    assert states[120] is FatigueState.AWAKE
    known = [i for i, result in enumerate(results) if not math.isnan(result.perclos)]
    assert known[0] / 30 == pytest.approx(30.5, abs=0.2)


def test_blinks_are_unknown_below_15_fps_with_hysteresis() -> None:
    monitor, t, seen = FatigueMonitor(), 0.0, []
    for fps in (20.0, 14.6, 13.0, 15.5, 17.0):
        for _ in range(round(20 * fps)):
            t += 1 / fps
            result = monitor.update('a', observation(amount(every(2.0, 0.25, 200), t)), t)
        seen.append((math.isnan(result.blinks_per_minute), result.blink_count))
        assert result.state is not FatigueState.UNKNOWN
        assert not math.isnan(result.perclos) or t < 31
    assert [unknown for unknown, _ in seen] == [False, False, True, True, False]
    counts = [count for _, count in seen]
    assert counts[0] >= 9
    assert counts[1] >= counts[0] + 9
    assert counts[3] <= counts[1] + 2
    assert counts[4] >= counts[3] + 8


@pytest.mark.parametrize(('fps', 'is_known'), [(15.0, True), (14.5, False)])
def test_blinks_need_15_fps_from_the_start(fps: float, is_known: bool) -> None:
    last = watch(every(3.0, 0.25, 40), [], fps, 40.0)[-1]
    assert math.isnan(last.blinks_per_minute) is not is_known
    assert (last.blink_count > 0) is is_known


@pytest.mark.parametrize('fps', [1.0, 2.5, 4.0])
def test_below_5_fps_everything_is_unknown(fps: float) -> None:
    last = watch([Event(20, 10)], [Event(40, 3)], fps, 60.0)[-1]
    assert last.state is FatigueState.UNKNOWN
    assert math.isnan(last.perclos)
    assert math.isnan(last.level)
    assert (last.yawn_count, last.judged_s) == (0, 0.0)


@pytest.mark.parametrize('open_ratio', [0.25, 0.31, 0.38])
def test_open_eyes_are_learned_for_each_person(open_ratio: float) -> None:
    results = watch([], [], 10.0, 20.0, open_ratio=open_ratio)
    assert results[-1].left_openness == pytest.approx(1.0, abs=0.05)
    assert not any(result.is_closed for result in results)


def test_sleep_does_not_become_the_usual() -> None:
    results = watch([Event(30, 600)], [], 5.0, 600.0)
    assert all(result.state is FatigueState.ASLEEP for result in results[5 * 36 :])


def test_half_closed_eyes_do_not_become_the_usual() -> None:
    monitor = FatigueMonitor()
    for t in stamps(5.0, 900.0):
        result = monitor.update('a', observation(closed=0.6 if t > 30 else 0.0), t)
    assert result.left_openness == pytest.approx(0.36, abs=0.05)


def test_who_sleeps_from_the_first_picture_on_is_found() -> None:
    assert watch([Event(-10, 100)], [], 10.0, 40.0)[-1].state is FatigueState.ASLEEP


def test_gaps_and_hidden_faces_are_not_judged() -> None:
    monitor = FatigueMonitor()
    for t in stamps(20.0, 10.0):
        monitor.update('a', observation(), t)
    hidden = monitor.update('a', observation(closed=1.0, is_visible=False), 10.05)
    assert math.isnan(hidden.left_openness)
    assert math.isnan(hidden.mouth_openness)
    assert not hidden.is_closed
    before = monitor.update('a', observation(), 10.1).judged_s
    after = monitor.update('a', observation(closed=1.0), 13.0)
    assert after.judged_s == before == hidden.judged_s
    assert after.longest_closure_s == 0.0


def test_a_face_hidden_for_long_is_unknown() -> None:
    monitor = FatigueMonitor()
    for t in stamps(20.0, 20.0):
        result = monitor.update('a', observation(is_visible=t < 10.0), t)
    assert result.state is FatigueState.UNKNOWN
    assert result.reasons == ()


@pytest.mark.parametrize('missing', [0, 1, 2])
def test_nan_is_not_judged(missing: int) -> None:
    values = [0.3, 0.3, 0.1]
    values[missing] = math.nan
    monitor = FatigueMonitor()
    for t in stamps(20.0, 5.0):
        result = monitor.update('a', seen(*values), t)
    assert result == Fatigue(face_id='a', **_nans())


def _nans() -> dict[str, float]:
    """NaN is the same as NaN only where it is the same object: compare through the class."""

    class _Nan(float):
        def __eq__(self, other: object) -> bool:
            return isinstance(other, float) and math.isnan(other)

        __hash__ = float.__hash__

    names = ('left_openness', 'right_openness', 'mouth_openness')
    return {name: _Nan('nan') for name in (*names, 'blinks_per_minute', 'perclos', 'level')}


def test_one_closed_eye_is_no_blink() -> None:
    monitor = FatigueMonitor()
    for t in stamps(30.0, 20.0):
        wink = amount([Event(10, 0.3)], t)
        result = monitor.update(
            'a',
            seen(0.31 - 0.16 * wink, 0.31, 0.05),
            t,
        )
    assert result.blink_count == 0


def test_asleep_at_once_and_awake_again() -> None:
    results = watch([Event(20, 6)], [], 20.0, 90.0)
    asleep = [i / 20 for i, r in enumerate(results) if r.state is FatigueState.ASLEEP]
    assert asleep[0] == pytest.approx(25.0, abs=0.1)
    assert asleep[-1] == pytest.approx(26.0, abs=0.1)
    assert results[-1].state is FatigueState.AWAKE


@pytest.mark.parametrize(
    ('limit', 'state'), [(10, FatigueState.TIRED), (1000, FatigueState.AWAKE)]
)
def test_the_published_rule_counts_blinks(limit: int, state: FatigueState) -> None:
    config = FatigueConfig(rule='blink_count', blink_count_limit=limit)
    last = watch(every(3.0, 0.2, 40), [], 20.0, 40.0, config=config)[-1]
    assert last.state is state
    if state is FatigueState.TIRED:
        assert last.reasons == (f'{last.blink_count} blinks',)
    unknown = watch(every(3.0, 0.2, 40), [], 10.0, 40.0, config=config)[-1]
    assert unknown.state is FatigueState.UNKNOWN


def test_level_rises_with_every_cause() -> None:
    levels = [watch(every(4.0, d, 62), [], 20.0, 62.0)[-1].level for d in (0.1, 0.2, 0.3, 0.45)]
    assert levels == sorted(levels)
    assert levels[0] < levels[-1]


def test_stamps_go_forward() -> None:
    monitor = FatigueMonitor()
    monitor.update('a', observation(), 1.0)
    monitor.update('a', observation(), 1.0)
    with pytest.raises(StampError):
        monitor.update('a', observation(), 0.5)


@pytest.mark.parametrize(
    ('name', 'value'),
    [('rule', 'guess'), ('closed_ratio', math.nan), ('yawn_s', 0.0), ('tired_yawns', 0)],
)
def test_settings_out_of_range_are_named(name: str, value: object) -> None:
    with pytest.raises(ConfigError, match=name):
        FatigueConfig(**{name: value})


ratios = st.one_of(st.floats(0.0, 2.0), st.sampled_from([math.nan, math.inf, 0.12, 0.3]))
steps = st.tuples(st.floats(0.0, 1.5), ratios, ratios, ratios, st.booleans())


@settings(max_examples=60, deadline=None)
@given(st.lists(steps, max_size=80))
def test_whatever_is_seen(sequence: list[tuple[float, float, float, float, bool]]) -> None:
    monitor, t = FatigueMonitor(FatigueConfig(min_judged_s=0.0)), 0.0
    blinks = yawns = 0
    for elapsed_s, left, right, mouth, is_visible in sequence:
        t += elapsed_s / 10 if elapsed_s < 1.2 else elapsed_s
        result = monitor.update('a', seen(left, right, mouth, is_visible), t)
        assert result.blink_count >= blinks
        assert result.yawn_count >= yawns
        blinks, yawns = result.blink_count, result.yawn_count
        assert math.isnan(result.level) or 0.0 <= result.level <= 1.0
        assert math.isnan(result.level) == (result.state is FatigueState.UNKNOWN)
        assert 0.0 <= result.judged_s <= 60.0
        assert result.longest_closure_s >= 0.0
