"""One simulated student: draws body and head into the picture and says what is there."""

from __future__ import annotations

import math
from functools import lru_cache

import cv2
import numpy as np

from classroom_fer_ros.core.arrays import FloatArray, ImageBgr
from classroom_fer_ros.core.head_pose import HeadAngles
from classroom_fer_ros.core.simulation import body, room
from classroom_fer_ros.core.simulation.drawing import warped
from classroom_fer_ros.core.simulation.features import YAWN_DROP
from classroom_fer_ros.core.simulation.looks import Look, painted, skin_colour
from classroom_fer_ros.core.simulation.person import Face, Person
from classroom_fer_ros.core.simulation.portrait import ABOVE, SIDE
from classroom_fer_ros.core.simulation.script import StudentScript, StudentState
from classroom_fer_ros.core.simulation.truth import StudentTruth
from classroom_fer_ros.core.simulation.turning import rotation_of, turned

#: Nodes of the warp, across and down; between them it is linear.
NODES = 28
#: A face smiles as far as anybody would call happy from here on (-1 to 1).
HAPPY_SMILE = 0.6
#: Nobody can say what a face shows that yawns.
MAX_SHOWN_MOUTH = 0.1
EYE_STEPS, SMILE_STEPS, MOUTH_STEPS = 24, 24, 120
#: Room around a head's outline, in face heights: its points are few.
OUTLINE_MARGIN = 0.04
#: How far swaying may lift a body, in face heights.
BODY_REACH = 0.03
#: Landmarks that go down with the jaw.
JAW_LANDMARKS = (152, 148, 176, 377, 400, 175, 171, 396, 199, 149, 378)


class Student:
    """Animated head and shoulders on one seat."""

    def __init__(
        self,
        name: str,
        person: Person,
        look: Look,
        seat: room.Seat,
        script: StudentScript,
        seed: int,
    ) -> None:
        self.name = name
        self.seat = seat
        self.script = script
        self._person, self._look = person, look
        self._size_px = seat.face_px * look.size
        self._texture_of = lru_cache(maxsize=2)(self._painted_face)
        self._posed_texture = lru_cache(maxsize=1)(self._draw_features)
        self._moved_body = lru_cache(maxsize=1)(self._shifted_body)
        face, texture, _ = self._texture_of(0)
        skin_bgr = skin_colour(face.portrait, texture)
        drawn = body.draw_body(look, skin_bgr, self._size_px, seed)
        # What the desk hides is not drawn, but for what swaying may bring up.
        seen = room.DESK_BELOW * seat.face_px + BODY_REACH * self._size_px
        self._body = drawn[: math.ceil(seen - body.TOP * self._size_px)]

    def draw(self, picture: ImageBgr, state: StudentState, stamp_s: float) -> StudentTruth:
        """
        Draw the student.

        :param picture: written to
        :param stamp_s: goes into the truth
        """
        step = self._person.step_of(state.mood)
        face, _, _ = self._texture_of(step)
        label = face.portrait.label
        smile = 0.0 if label or self._person.has_moods else state.smile
        drop = _drop(face, state, smile)
        texture = self._posed_texture(
            step,
            round(state.eyes_open * EYE_STEPS) / EYE_STEPS,
            round(drop / YAWN_DROP * MOUTH_STEPS) / MOUTH_STEPS * YAWN_DROP,
            round(smile * SMILE_STEPS) / SMILE_STEPS,
        )
        middle = self._middle(state)
        rotation = rotation_of(HeadAngles(state.yaw_rad, state.pitch_rad, state.roll_rad))
        rotation = rotation @ face.portrait.rest_rotation.T
        self._draw_body(picture, middle, state)
        self._draw_head(picture, face, texture, rotation, middle, drop)
        if not label and not self._person.has_moods and smile >= HAPPY_SMILE:
            label = 'happy'
        if state.mouth_open >= MAX_SHOWN_MOUTH:
            label = ''
        return self._truth(stamp_s, face, state, rotation, middle, drop, label)

    def _middle(self, state: StudentState) -> FloatArray:
        sway = np.array(state.sway_xy) * self._size_px
        return np.asarray(np.array([self.seat.x, self.seat.y]) + sway)

    def _painted_face(self, step: int) -> tuple[Face, ImageBgr, ImageBgr]:
        """A face, its texture in this student's colours, and what lies under closed eyes."""
        face = self._person.face_at(step)
        texture = painted(face.portrait, self._look)
        return face, texture, face.eyes.bare_skin(texture)

    def _draw_features(self, step: int, eyes_open: float, drop: float, smile: float) -> ImageBgr:
        face, source, bare = self._texture_of(step)
        if eyes_open == 1.0 and drop == 0.0 and smile == 0.0:
            return source
        texture = source.copy()
        if drop != 0.0 or smile != 0.0:
            face.mouth.move(texture, source, drop, smile)
        if eyes_open < 1.0:
            face.eyes.close(texture, source, bare, eyes_open)
        return texture

    def _draw_body(self, picture: ImageBgr, middle: FloatArray, state: StudentState) -> None:
        low = middle + np.array([-body.HALF_WIDTH, body.TOP]) * self._size_px
        # The shoulders sway with the head, but only half as far.
        low -= 0.5 * np.array(state.sway_xy) * self._size_px
        quarters = np.floor(4 * low).astype(int)
        left, top = (int(quarter) // 4 for quarter in quarters)
        moved = self._moved_body(int(quarters[0]) % 4, int(quarters[1]) % 4)
        _blend(picture, moved, left, top)

    def _shifted_body(self, quarters_x: int, quarters_y: int) -> ImageBgr:
        """The body, moved on by quarters of a pixel: whole pixels would show as jerks."""
        height, width = self._body.shape[:2]
        shift = np.array([[1.0, 0.0, quarters_x / 4], [0.0, 1.0, quarters_y / 4]])
        return np.asarray(cv2.warpAffine(self._body, shift, (width + 1, height)), np.uint8)

    def _draw_head(
        self,
        picture: ImageBgr,
        face: Face,
        texture: ImageBgr,
        rotation: FloatArray,
        middle: FloatArray,
        drop: float,
    ) -> None:
        size = self._size_px
        outline = turned(self._look.shape.to_student(face.outline_xyz), rotation)[:, :2]
        low, high = outline.min(axis=0) - OUTLINE_MARGIN, outline.max(axis=0) + OUTLINE_MARGIN
        high[1] += max(drop, 0.0)
        left, top = (math.floor(middle[i] + low[i] * size) for i in (0, 1))
        width, height = (round(float(high[i] - low[i]) * size) for i in (0, 1))
        # Nodes lie where `cv2.resize` takes them to be.
        x = (left + (np.arange(NODES) + 0.5) * width / NODES - 0.5 - middle[0]) / size
        y = (top + (np.arange(NODES) + 0.5) * height / NODES - 0.5 - middle[1]) / size
        nodes = np.stack(np.meshgrid(x, y), axis=-1).astype(np.float32)
        origins = face.relief.origins(rotation, self._look.shape, nodes)
        origins = (origins + np.array([SIDE, ABOVE], np.float32)) * face.portrait.face_px
        origins = np.asarray(cv2.resize(origins, (width, height), interpolation=cv2.INTER_LINEAR))
        _blend(picture, warped(texture, origins), left, top)

    def _truth(
        self,
        stamp_s: float,
        face: Face,
        state: StudentState,
        rotation: FloatArray,
        middle: FloatArray,
        drop: float,
        label: str,
    ) -> StudentTruth:
        points = self._look.shape.to_student(face.portrait.points_xyz / face.portrait.face_px)
        points[list(JAW_LANDMARKS), 1] += drop
        placed = turned(points, rotation)[:, :2] * self._size_px + middle
        x_min, y_min = placed.min(axis=0)
        x_max, y_max = placed.max(axis=0)
        return StudentTruth(
            stamp_s=stamp_s,
            student=self.name,
            box_xyxy=(float(x_min), float(y_min), float(x_max), float(y_max)),
            size_px=float(y_max - y_min),
            yaw_rad=state.yaw_rad,
            pitch_rad=state.pitch_rad,
            roll_rad=state.roll_rad,
            eyes_open=state.eyes_open,
            mouth_open=state.mouth_open,
            expression=label,
            event=state.event,
        )


def _drop(face: Face, state: StudentState, smile: float) -> float:
    """How far the jaw is down, in face heights; lips that show teeth close as the smile goes."""
    rest = -face.mouth.rest_gap * min(max(-smile, 0.0), 1.0)
    return rest + (YAWN_DROP - rest) * state.mouth_open


def _blend(picture: ImageBgr, layer: ImageBgr, left: int, top: int) -> None:
    """Lay a premultiplied layer, shape (h, w, 4), over the picture; parts outside are left out."""
    height, width = picture.shape[:2]
    x_min, y_min = max(left, 0), max(top, 0)
    x_max, y_max = min(left + layer.shape[1], width), min(top + layer.shape[0], height)
    if x_min >= x_max or y_min >= y_max:
        return
    layer = layer[y_min - top : y_max - top, x_min - left : x_max - left]
    below = picture[y_min:y_max, x_min:x_max]
    see_through = cv2.cvtColor(cv2.bitwise_not(cv2.extractChannel(layer, 3)), cv2.COLOR_GRAY2BGR)
    cv2.add(
        cv2.multiply(below, see_through, scale=1.0 / 255.0),
        cv2.cvtColor(layer, cv2.COLOR_BGRA2BGR),
        dst=below,
    )
