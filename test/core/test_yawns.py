"""Yawns against talking, at every rate."""

import pytest
from behaviour import Event, amount, every, stamps

from classroom_fer_ros.core.yawns import YawnDetector

NARROW, OPEN = 0.7, 1.0


def yawns_of(events: list[Event], fps: float, eyes: float = NARROW) -> list[float]:
    detector = YawnDetector(open_ratio=0.5, close_ratio=0.25, min_s=1.5)
    return [t for t in stamps(fps, 20.0) if detector.update(0.7 * amount(events, t, 0.4), eyes, t)]


@pytest.mark.parametrize('fps', [5.0, 10.0, 30.0])
@pytest.mark.parametrize(
    ('events', 'count'),
    [
        pytest.param([], 0, id='shut'),
        pytest.param(every(1.5, 0.8, 20), 0, id='talks'),
        pytest.param([Event(3, 1.2)], 0, id='calls out'),
        pytest.param([Event(3, 2.0)], 1, id='a short yawn'),
        pytest.param([Event(3, 9.0)], 1, id='a long yawn'),
        pytest.param([Event(3, 3.0), Event(10, 3.0)], 2, id='two'),
    ],
)
def test_yawns(events: list[Event], count: int, fps: float) -> None:
    assert len(yawns_of(events, fps)) == count


def test_a_yawn_is_seen_when_it_has_lasted_long_enough() -> None:
    assert yawns_of([Event(3, 5.0)], 30.0)[0] == pytest.approx(4.6, abs=0.1)


def test_moving_lips_do_not_cut_a_yawn() -> None:
    detector = YawnDetector(open_ratio=0.5, close_ratio=0.25, min_s=1.5)
    found = [detector.update(0.55 if i % 10 else 0.32, NARROW, i / 30) for i in range(150)]
    assert sum(found) == 1


def test_an_interrupted_yawn_is_forgotten() -> None:
    detector = YawnDetector(open_ratio=0.5, close_ratio=0.25, min_s=1.5)
    for index in range(40):
        assert not detector.update(0.7, NARROW, index / 30)
    detector.interrupt()
    assert not detector.update(0.7, NARROW, 3.0)
    assert not detector.update(0.7, NARROW, 4.0)
    assert detector.update(0.7, NARROW, 4.6)


@pytest.mark.parametrize('fps', [5.0, 30.0])
@pytest.mark.parametrize(('lasts_s', 'count'), [(1.8, 0), (2.2, 0), (4.0, 1)])
def test_with_open_eyes_only_a_long_one_is_a_yawn(lasts_s: float, count: int, fps: float) -> None:
    assert len(yawns_of([Event(3, lasts_s)], fps, OPEN)) == count


def test_singing_is_no_yawn() -> None:
    # Wide for less than half the time, never shut, eyes open.
    detector = YawnDetector(open_ratio=0.5, close_ratio=0.25, min_s=1.5)
    wide = [0.55 if i % 30 < 10 else 0.3 for i in range(240)]
    assert not any(detector.update(ratio, OPEN, i / 30) for i, ratio in enumerate(wide))
