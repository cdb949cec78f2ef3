"""
Seats: where in the picture somebody sits, in words a teacher understands.

A seat stands in for a person without identification: who comes back to it is taken for the one
who left it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from classroom_fer_ros.core.arrays import BoxXyxy
from classroom_fer_ros.core.results import Face

COLUMNS = ('left', 'centre', 'right')
ROWS = ('back', 'middle', 'front')
#: A face belongs to a seat whose last face was no farther away than this many face heights.
MAX_DISTANCE = 1.0


@dataclass(slots=True, kw_only=True)
class _Seat:
    name: str
    center_x: float
    center_y: float
    height: float

    def move(self, box_xyxy: BoxXyxy) -> None:
        self.center_x, self.center_y, self.height = _place(box_xyxy)


class SeatMap:
    """Remembers the seats of one camera's picture."""

    def __init__(self) -> None:
        self._seats: list[_Seat] = []
        self._taken: dict[str, _Seat] = {}

    def reset(self) -> None:
        """Forget every seat, as when the camera is moved or closed."""
        self._seats, self._taken = [], {}

    def update(self, faces: Sequence[Face], size_wh: tuple[int, int]) -> dict[str, str]:
        """
        Give every face of a picture a seat; no two faces share one.

        :param size_wh: width and height of the picture in pixels
        :return: name of the seat by face_id, for example ``'front left'`` or ``'front left (2)'``
        """
        present = {face.face_id for face in faces}
        self._taken = {key: seat for key, seat in self._taken.items() if key in present}
        for face in faces:
            seat = self._taken.get(face.face_id) or self._free_seat(face.box_xyxy)
            if seat is None:
                seat = self._new_seat(face.box_xyxy, size_wh)
            seat.move(face.box_xyxy)
            self._taken[face.face_id] = seat
        return {face.face_id: self._taken[face.face_id].name for face in faces}

    def _free_seat(self, box_xyxy: BoxXyxy) -> _Seat | None:
        x, y, height = _place(box_xyxy)
        taken = {seat.name for seat in self._taken.values()}
        free = [seat for seat in self._seats if seat.name not in taken]
        if not free:
            return None
        nearest = min(free, key=lambda seat: math.hypot(seat.center_x - x, seat.center_y - y))
        distance = math.hypot(nearest.center_x - x, nearest.center_y - y)
        return nearest if distance <= MAX_DISTANCE * max(height, nearest.height) else None

    def _new_seat(self, box_xyxy: BoxXyxy, size_wh: tuple[int, int]) -> _Seat:
        x, y, height = _place(box_xyxy)
        column = COLUMNS[min(2, max(0, int(3 * x / size_wh[0])))]
        row = ROWS[min(2, max(0, int(3 * y / size_wh[1])))]
        words = f'{row} {column}'
        names = {seat.name for seat in self._seats}
        number = 1
        while (name := words if number == 1 else f'{words} ({number})') in names:
            number += 1
        seat = _Seat(name=name, center_x=x, center_y=y, height=height)
        self._seats.append(seat)
        return seat


def _place(box_xyxy: BoxXyxy) -> tuple[float, float, float]:
    """Centre and height of a box."""
    x_min, y_min, x_max, y_max = box_xyxy
    return (x_min + x_max) / 2, (y_min + y_max) / 2, y_max - y_min
