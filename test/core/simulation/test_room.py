"""Seats, and the settings of the class."""

import math
from typing import Any

import pytest

from classroom_fer_ros.core.errors import ConfigError
from classroom_fer_ros.core.simulation import MAX_STUDENTS, SimulationConfig
from classroom_fer_ros.core.simulation.room import draw_desks, draw_room, seats_of_class


@pytest.mark.parametrize(
    'size_wh', [(1920, 1080), (1280, 720), (640, 480), (480, 640), (320, 180)]
)
@pytest.mark.parametrize('students', [1, 2, 5, 6, 7, 30, MAX_STUDENTS])
def test_nobody_hides_another(students: int, size_wh: tuple[int, int]) -> None:
    seats = seats_of_class(students, size_wh)
    assert len(seats) == students
    width, height = size_wh
    for i, one in enumerate(seats):
        assert 0.6 * one.face_px < one.x < width - 0.6 * one.face_px
        assert one.face_px < one.y < height - 0.6 * one.face_px
        for other in seats[:i]:
            apart = max(
                abs(one.x - other.x) / (one.face_px + other.face_px),
                abs(one.y - other.y) / (one.face_px + other.face_px),
            )
            assert apart > 0.6  # half a face each, and room to sway


@pytest.mark.parametrize(
    ('students', 'size_wh', 'smallest', 'largest'),
    [(6, (1280, 720), 115, 185), (30, (1920, 1080), 80, 125), (40, (1920, 1080), 70, 125)],
)
def test_sizes(students: int, size_wh: tuple[int, int], smallest: float, largest: float) -> None:
    sizes = [seat.face_px for seat in seats_of_class(students, size_wh)]
    assert smallest < min(sizes) <= max(sizes) < largest
    assert sizes == sorted(sizes)  # the back row is the smallest and comes first


def test_room_fills_the_picture() -> None:
    room = draw_room((320, 180), seed=1)
    assert room.shape == (180, 320, 3)
    assert room.std() > 10
    for desk in draw_desks(seats_of_class(12, (320, 180)), (320, 180), seed=1):
        assert desk.image_bgr.shape == (180 - desk.y_min, 320, 3)


@pytest.mark.parametrize(
    'wrong',
    [
        {'students': 0},
        {'students': 41},
        {'students': 2.5},
        {'students': True},
        {'width': 10},
        {'height': 100_000},
        {'fps': 0.0},
        {'fps': math.nan},
        {'seed': -1},
    ],
    ids=str,
)
def test_wrong_settings_are_named(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        SimulationConfig(**wrong)
