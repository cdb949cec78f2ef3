"""Parts of one picture find each other by stamp, in order, and wait only so long."""

from __future__ import annotations

import pytest

from classroom_fer_ros.core.errors import StampError
from classroom_fer_ros.core.stamp_join import JoinedSet, StampJoin

MS = 1_000_000


@pytest.fixture
def join() -> StampJoin:
    return StampJoin('faces', ('poses', 'fatigue'))


def stamps(sets: list[JoinedSet]) -> list[int]:
    return [one.stamp_ns // MS for one in sets]


def test_a_set_is_given_out_once_it_is_complete(join: StampJoin) -> None:
    assert join.add('poses', 40 * MS, 'p') == []
    assert join.add('faces', 40 * MS, 'f') == []
    assert join.add('fatigue', 40 * MS, 't') == [
        JoinedSet(40 * MS, {'faces': 'f', 'poses': 'p', 'fatigue': 't'})
    ]
    assert join.add('fatigue', 40 * MS, 'again') == []
    assert join.incomplete == 0


def test_sets_keep_the_order_of_their_stamps(join: StampJoin) -> None:
    for part in ('faces', 'poses'):
        join.add(part, 0, part)
        join.add(part, 40 * MS, part)
    assert join.add('fatigue', 40 * MS, 'newer is complete first') == []
    assert stamps(join.add('fatigue', 0, 'late')) == [0, 40]


def test_what_is_never_completed_is_given_out_without_the_missing(join: StampJoin) -> None:
    given: list[JoinedSet] = []
    for number in range(30):
        given += join.add('faces', number * 40 * MS, number)
        given += join.add('poses', number * 40 * MS, number)
    assert stamps(given) == [number * 40 for number in range(17)]  # 0.5 s are 12.5 pictures
    assert all('fatigue' not in one.parts for one in given)
    assert join.incomplete == 17


def test_a_stopped_clock_waits_for_so_many_only() -> None:
    join = StampJoin('faces', ('poses',), max_pending=3)
    given = [one for number in range(10) for one in join.add('faces', number, number)]
    assert [one.stamp_ns for one in given] == list(range(7))


def test_nobody_waits_for_a_source_that_is_not_there() -> None:
    present = {'poses'}
    join = StampJoin('faces', ('poses', 'fatigue'), lambda part: part in present)
    join.add('faces', 0, 'f')
    assert stamps(join.add('poses', 0, 'p')) == [0]
    present.add('fatigue')
    join.add('faces', 40 * MS, 'f')
    assert join.add('poses', 40 * MS, 'p') == []


def test_without_others_every_leader_is_a_set() -> None:
    join = StampJoin('faces', ())
    assert stamps(join.add('faces', 0, 'f')) == [0]
    assert stamps(join.add('faces', 40 * MS, 'f')) == [40]


def test_another_run_is_told(join: StampJoin) -> None:
    join.add('faces', 80 * MS, 'f')
    with pytest.raises(StampError):
        join.add('faces', 40 * MS, 'f')
    join.begin_anew()
    for part in ('poses', 'fatigue'):
        join.add(part, 40 * MS, part)
    assert stamps(join.add('faces', 40 * MS, 'f')) == [40]


def test_parts_of_another_run_may_come_before_their_leader(join: StampJoin) -> None:
    for part in ('faces', 'poses', 'fatigue'):
        join.add(part, 6000 * MS, part)
    join.add('poses', 5900 * MS, 'late, of the same run')
    for part in ('poses', 'fatigue'):
        assert join.add(part, 1000 * MS, part) == []
    with pytest.raises(StampError):
        join.add('faces', 1000 * MS, 'f')
    join.begin_anew()
    assert join.add('faces', 1000 * MS, 'f') == [
        JoinedSet(1000 * MS, {'faces': 'f', 'poses': 'poses', 'fatigue': 'fatigue'})
    ]
    assert join.add('faces', 5900 * MS, 'f') == []
    join.clear()
    assert join.add('faces', 1000 * MS, 'f') == []


def test_late_parts_of_the_run_before_do_no_harm(join: StampJoin) -> None:
    join.add('faces', 10_000 * MS, 'f')
    join.clear()
    join.add('poses', 10_000 * MS, 'of the run before')
    for number in range(5):
        for part in ('faces', 'poses', 'fatigue'):
            given = join.add(part, number * 40 * MS, part)
        assert stamps(given) == [number * 40]
    assert join.incomplete == 0


def test_memory_is_bounded(join: StampJoin) -> None:
    for number in range(1000):
        join.add('poses', number * 40 * MS, 'p')
    assert len(join._pending) <= 32
