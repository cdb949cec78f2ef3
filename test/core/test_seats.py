"""Seats: stable names for places in the picture."""

import numpy as np

from classroom_fer_ros.core.results import Face
from classroom_fer_ros.core.seats import SeatMap

SIZE_WH = (1200, 900)


def face(face_id: str, x: float, y: float, size: float = 80.0) -> Face:
    box = (x - size / 2, y - size / 2, x + size / 2, y + size / 2)
    return Face(face_id=face_id, box_xyxy=box, score=1.0, keypoints_xy=np.zeros((5, 2)))


def test_words_for_places() -> None:
    seats = SeatMap().update(
        [face('a', 100, 800), face('b', 600, 450), face('c', 1150, 50)], SIZE_WH
    )
    assert seats == {'a': 'front left', 'b': 'middle centre', 'c': 'back right'}


def test_no_faces_no_seats() -> None:
    assert SeatMap().update([], SIZE_WH) == {}


def test_neighbours_in_one_part_of_the_room_are_told_apart() -> None:
    seats = SeatMap().update([face('a', 100, 800), face('b', 250, 800)], SIZE_WH)
    assert seats == {'a': 'front left', 'b': 'front left (2)'}


def test_who_returns_to_a_seat_gets_it() -> None:
    seats = SeatMap()
    seats.update([face('a', 100, 800), face('b', 250, 800)], SIZE_WH)
    seats.update([face('b', 250, 800)], SIZE_WH)
    assert seats.update([face('b', 250, 800), face('c', 120, 790)], SIZE_WH)['c'] == 'front left'


def test_a_taken_seat_is_not_given_away() -> None:
    seats = SeatMap()
    seats.update([face('a', 100, 800)], SIZE_WH)
    names = seats.update([face('a', 100, 800), face('b', 130, 800)], SIZE_WH)
    assert names == {'a': 'front left', 'b': 'front left (2)'}


def test_a_seat_moves_with_its_face() -> None:
    seats = SeatMap()
    for x in range(100, 1100, 20):
        assert seats.update([face('a', x, 800)], SIZE_WH) == {'a': 'front left'}
    seats.update([], SIZE_WH)
    assert seats.update([face('b', 1080, 800)], SIZE_WH) == {'b': 'front left'}


def test_reset_forgets() -> None:
    seats = SeatMap()
    seats.update([face('a', 100, 800)], SIZE_WH)
    seats.reset()
    assert seats.update([face('b', 110, 100)], SIZE_WH) == {'b': 'back left'}
