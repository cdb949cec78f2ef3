"""Whose usual openness is whose: people, seats and tracks."""

from __future__ import annotations

import numpy as np

from classroom_fer_ros.core.eye_baselines import SEAT_HOLD_S, EyeBaselines
from classroom_fer_ros.core.eye_openness import OpennessScale
from classroom_fer_ros.core.results import Face


def baselines() -> EyeBaselines:
    return EyeBaselines(lambda: OpennessScale(0.16))


def face(face_id: str, x: float = 0.0, person_id: str = '') -> Face:
    return Face(
        face_id=face_id,
        box_xyxy=(x, 0.0, x + 80.0, 100.0),
        score=1.0,
        keypoints_xy=np.zeros((5, 2)),
        person_id=person_id,
    )


def test_each_face_has_its_own() -> None:
    known = baselines()
    one, other = known.see([face('1'), face('2', 300)], 0.0)
    assert one is not other
    assert known.see([face('2', 300), face('1')], 0.1) == [other, one]
    assert known.see([], 0.2) == []


def test_a_person_is_known_again_anywhere_and_later() -> None:
    known = baselines()
    (before,) = known.see([face('1')], 0.0)
    assert known.see([face('1', person_id='ana')], 1.0) == [before]
    (anew,) = known.see([face('2', 900)], 5000.0)
    assert anew is not before
    assert known.see([face('2', 900, 'ana')], 5001.0) == [before]


def test_who_comes_up_at_a_seat_is_taken_for_the_one_who_sat_there() -> None:
    known = baselines()
    (before,) = known.see([face('1')], 0.0)
    assert known.see([face('2', 60)], 30.0) == [before]
    (far,) = known.see([face('3', 400)], 31.0)
    assert far is not before


def test_a_seat_is_forgotten_in_time() -> None:
    known = baselines()
    (before,) = known.see([face('1')], 0.0)
    (after,) = known.see([face('2')], SEAT_HOLD_S + 1.0)
    assert after is not before


def test_nobody_takes_over_from_a_neighbour_who_is_there() -> None:
    known = baselines()
    (there,) = known.see([face('1')], 0.0)
    both = known.see([face('1'), face('2', 60)], 1.0)
    assert both[0] is there
    assert both[1] is not there


def test_a_named_person_leaves_nothing_at_the_seat() -> None:
    known = baselines()
    (ana,) = known.see([face('1', person_id='ana')], 0.0)
    (next_one,) = known.see([face('2')], 10.0)
    assert next_one is not ana


def test_one_person_seen_twice_is_two() -> None:
    known = baselines()
    one, two = known.see([face('1', person_id='ana'), face('2', 300, 'ana')], 0.0)
    assert one is not two


def test_who_was_taken_for_somebody_else_begins_anew() -> None:
    known = baselines()
    (ana,) = known.see([face('1', person_id='ana')], 0.0)
    (ben,) = known.see([face('1', person_id='ben')], 1.0)
    assert ben is not ana
    assert known.see([face('1', person_id='ana')], 2.0) == [ana]


def test_clear_forgets_everybody() -> None:
    known = baselines()
    (before,) = known.see([face('1', person_id='ana')], 0.0)
    known.clear()
    (after,) = known.see([face('1', person_id='ana')], 0.1)
    assert after is not before
