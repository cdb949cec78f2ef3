"""The room: where everybody sits, the wall behind, the desks. Drawn once."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from classroom_fer_ros.core.arrays import FloatArray, ImageBgr
from classroom_fer_ros.core.simulation.drawing import blurred, to_picture

#: Faces of the back row, as a share of the front row's.
BACK_ROW_SIZE = 0.74
#: Room that a student takes: width and distance to the row behind, in face heights.
SEAT_WIDTH, ROW_DISTANCE = 1.85, 1.90
#: Room above the middle of the back row and below that of the front row, in face heights.
TOP_MARGIN, BOTTOM_MARGIN = 1.45, 0.95
#: Largest face, as a share of the picture's height.
MAX_FACE = 0.24
#: Where desks hide their students, below the middle of a face, in face heights.
DESK_BELOW = 1.30
WALL_BGR = np.array([176.0, 202.0, 214.0])
#: Height of a desk's front, in face heights.
DESK_HEIGHT = 0.72
FLOOR_BGR = np.array([150.0, 168.0, 180.0])
WOOD_BGR = np.array([92.0, 138.0, 176.0])


@dataclass(frozen=True, slots=True)
class Seat:
    """Where a student's face is at rest, and how high it is, in pixels."""

    x: float
    y: float
    face_px: float
    row: int


@dataclass(frozen=True, slots=True)
class Desk:
    """Front edge of one row's desks: drawn over the row, under the rows before it."""

    row: int
    y_min: int
    image_bgr: ImageBgr


def seats_of_class(students: int, size_wh: tuple[int, int]) -> list[Seat]:
    """Seats in rows, the back row first, at the largest size at which nobody hides another."""
    plans = [_plan(students, rows, size_wh) for rows in range(1, min(students, 6) + 1)]
    # Rows are welcome: one long row of the same size looks like no class.
    return max(plans, key=lambda seats: (round(seats[-1].face_px), seats[-1].row))


def _plan(students: int, rows: int, size_wh: tuple[int, int]) -> list[Seat]:
    width, height = size_wh
    scales = [_row_scale(row, rows) for row in range(rows)]
    counts = [(students + row) // rows for row in range(rows)]  # the front rows take the rest
    by_width = min(
        width / (SEAT_WIDTH * (count + 0.5) * scale)
        for count, scale in zip(counts, scales, strict=True)
    )
    distances = [ROW_DISTANCE * scale for scale in scales[1:]]
    by_height = height / (TOP_MARGIN * scales[0] + sum(distances) + BOTTOM_MARGIN * scales[-1])
    front_px = min(by_width, by_height, MAX_FACE * height)
    spare = height - front_px * (
        TOP_MARGIN * scales[0] + sum(distances) + BOTTOM_MARGIN * scales[-1]
    )
    stretch = 1.0 + min(0.25, 0.35 * spare / max(front_px * sum(distances), 1.0))
    used = front_px * (
        TOP_MARGIN * scales[0] + sum(distances) * stretch + BOTTOM_MARGIN * scales[-1]
    )
    y = TOP_MARGIN * scales[0] * front_px + 0.62 * (height - used)
    seats = []
    for row, (count, scale) in enumerate(zip(counts, scales, strict=True)):
        y += distances[row - 1] * front_px * stretch if row else 0.0
        face_px = front_px * scale
        pitch = min(width / (count + 0.25), 3.1 * face_px)
        offset = 0.16 * pitch * (1 if row % 2 else -1) if rows > 1 and count > 1 else 0.0
        seats += [
            Seat(width / 2 + (i - (count - 1) / 2) * pitch + offset, y, face_px, row)
            for i in range(count)
        ]
    return seats


def _row_scale(row: int, rows: int) -> float:
    return 1.0 if rows == 1 else BACK_ROW_SIZE + (1 - BACK_ROW_SIZE) * row / (rows - 1)


def draw_room(size_wh: tuple[int, int], seed: int) -> ImageBgr:
    """The wall behind the class, with windows, a board and some papers."""
    width, height = size_wh
    random = np.random.default_rng((seed, 3))
    x = np.linspace(0.0, 1.0, width, dtype=np.float32)[None]
    y = np.linspace(0.0, 1.0, height, dtype=np.float32)[:, None]
    light = 1.08 - 0.25 * x - 0.30 * y**1.5
    room = (light[..., None] * WALL_BGR).astype(np.float32)
    room[int(0.55 * height) :] *= 0.88  # the panelling below
    _window(room, (0.03, 0.04, 0.20, 0.42))
    _board(room, (0.30, 0.05, 0.70, 0.33))
    for i in range(8):
        left = 0.76 + 0.055 * (i % 4)
        top = 0.07 + 0.14 * (i // 4)
        colour = np.array(random.uniform((120, 120, 120), (225, 225, 235)))
        _fill(room, (left, top, left + 0.042, top + 0.11), colour)
    room = blurred(room, max(0.8, height / 240))  # the wall is out of focus
    room += random.normal(0.0, 1.6, (height, width, 1))
    return to_picture(room)


def draw_desks(seats: list[Seat], size_wh: tuple[int, int], seed: int) -> list[Desk]:
    """One strip of wood for each row, from its desks' edge down to the next row's."""
    width, height = size_wh
    random = np.random.default_rng((seed, 4))
    desks = []
    for row in range(seats[-1].row + 1):
        seat = next(one for one in seats if one.row == row)
        top = math.floor(seat.y + DESK_BELOW * seat.face_px)
        if top >= height:
            continue
        desks.append(Desk(row, top, _desk((width, height - top), seat.face_px, random)))
    return desks


def _desk(size_wh: tuple[int, int], face_px: float, random: np.random.Generator) -> ImageBgr:
    width, height = size_wh
    grain = cv2.resize(
        random.normal(0.0, 1.0, (max(2, height // 3), max(2, width // 120))).astype(np.float32),
        (width, height),
        interpolation=cv2.INTER_CUBIC,
    )
    y = np.arange(height, dtype=np.float32)[:, None] / face_px
    top = 1.10 - 0.10 * np.clip(y / 0.22, 0.0, 1.0)
    front = 0.72 - 0.12 * np.clip(y - 0.25, 0.0, 1.5)
    shade = np.where(y < 0.22, top, np.where(y < 0.25, 1.2, front))
    wood = (shade + 0.025 * grain)[..., None] * WOOD_BGR
    floor = (0.50 + 0.18 * np.clip(y - DESK_HEIGHT, 0.0, 1.2))[..., None] * FLOOR_BGR
    below = np.clip((y - DESK_HEIGHT) / 0.03, 0.0, 1.0)[..., None]
    return to_picture(wood + (floor - wood) * below)


def _fill(room: FloatArray, share_xyxy: tuple[float, ...], colour: FloatArray) -> None:
    height, width = room.shape[:2]
    x_min, y_min, x_max, y_max = share_xyxy
    rows = slice(int(y_min * height), int(y_max * height))
    room[rows, int(x_min * width) : int(x_max * width)] = colour


def _window(room: FloatArray, share_xyxy: tuple[float, float, float, float]) -> None:
    x_min, y_min, x_max, y_max = share_xyxy
    _fill(room, share_xyxy, np.array([225.0, 228.0, 232.0]))
    middle = (x_min + x_max) / 2
    for left, right in ((x_min + 0.008, middle - 0.004), (middle + 0.004, x_max - 0.008)):
        _fill(room, (left, y_min + 0.014, right, y_max - 0.014), np.array([244.0, 232.0, 214.0]))
        _fill(room, (left, y_max - 0.13, right, y_max - 0.014), np.array([170.0, 200.0, 176.0]))


def _board(room: FloatArray, share_xyxy: tuple[float, float, float, float]) -> None:
    x_min, y_min, x_max, y_max = share_xyxy
    _fill(room, share_xyxy, WOOD_BGR * 0.8)
    _fill(
        room,
        (x_min + 0.006, y_min + 0.01, x_max - 0.006, y_max - 0.01),
        np.array([74.0, 92.0, 62.0]),
    )
