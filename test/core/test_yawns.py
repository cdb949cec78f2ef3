"""Yawns against talking, at every rate."""

import pytest
from behaviour import Event, amount, every, stamps

from classroom_fer_ros.core.yawns import YawnDetector


def yawns_of(events: list[Event], fps: float) -> list[float]:
    detector = YawnDetector(open_ratio=0.5, close_ratio=0.25, min_s=1.5)
    return [t for t in stamps(fps, 20.0) if detector.update(0.7 * amount(events, t, 0.4), t)]


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
    found = [detector.update(0.55 if i % 10 else 0.32, i / 30) for i in range(150)]
    assert sum(found) == 1


def test_an_interrupted_yawn_is_forgotten() -> None:
    detector = YawnDetector(open_ratio=0.5, close_ratio=0.25, min_s=1.5)
    for index in range(40):
        assert not detector.update(0.7, index / 30)
    detector.interrupt()
    assert not detector.update(0.7, 3.0)
    assert not detector.update(0.7, 4.0)
    assert detector.update(0.7, 4.6)
