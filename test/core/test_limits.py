"""What the proof of eyes rests on: sizes of faces, lights, and truth."""

from __future__ import annotations

import numpy as np
import pytest

from classroom_fer_ros.core.evaluation.events import EventScore
from classroom_fer_ros.core.evaluation.limits import (
    LIGHTS,
    STUDENTS,
    classroom_of,
    lights,
    measure_limits,
)


@pytest.mark.parametrize('face_px', [40, 120])
def test_the_smallest_face_is_as_large_as_asked_for(face_px: int) -> None:
    _, students = classroom_of(face_px, seed=3).render(0.0)
    assert len(students) == STUDENTS
    assert min(student.size_px for student in students) == pytest.approx(face_px, rel=0.12)


def test_lights_change_what_they_say() -> None:
    image = np.full((60, 80, 3), 120, np.uint8)
    image[:, 40:] = 200
    seen = {name: light(image) for name, light in lights((80, 60)).items()}
    assert tuple(seen) == LIGHTS
    assert (seen['plain'] == image).all()
    assert seen['dim'].mean() < 0.3 * image.mean()
    assert 10.0 < (seen['noise'].astype(float) - image)[:, :40].std() < 14.0
    assert len(np.unique(seen['blur'])) > 2
    assert all(one.dtype == np.uint8 and one.shape == image.shape for one in seen.values())


def test_blinks_are_found_again_and_unknown_where_pictures_come_slowly() -> None:
    fast, slow = measure_limits(6.0, [90], [30, 10], ['plain'])
    assert (fast.rate_fps, slow.rate_fps) == (30, 10)
    assert fast.judged_share > 0.9
    assert isinstance(fast.blinks, EventScore)
    assert fast.blinks.labelled >= 1
    assert fast.blinks.matched == fast.blinks.labelled
    assert slow.blinks is None
    assert fast.to_json()['blink'] is not None
    assert slow.to_json()['blink'] is None
