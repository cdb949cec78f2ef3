"""
The result picture: a thin box a face, with what is known about it around the box.

At its top left the expression in blue, above that the name and where the head points or what it
does, below the box the fatigue state with its index: nothing covers the face. Sizes follow the
picture's height, so that ten faces at 720 lines stay readable.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace

import cv2

from classroom_fer_ros.core.arrays import ImageBgr
from classroom_fer_ros.core.lettering import Color, Lettering
from classroom_fer_ros.core.results import (
    Alert,
    Expression,
    Face,
    Fatigue,
    FatigueState,
    FrameResult,
    HeadPose,
    Judgement,
    Motion,
    Severity,
)

# Blue, green, red. Blue for expressions as in the published system; the alert colours are Okabe
# and Ito's (2008), which colour-blind people can tell apart.
EXPRESSION_BLUE: Color = (255, 96, 0)
WHITE: Color = (255, 255, 255)
BLACK: Color = (0, 0, 0)
BOX_COLOR: Color = (233, 180, 86)
SEVERITY_COLORS: dict[Severity, Color] = {
    Severity.NOTICE: (66, 228, 240),
    Severity.WARNING: (0, 159, 230),
    Severity.URGENT: (0, 94, 213),
}
FATIGUE_COLORS: dict[FatigueState, Color] = {
    FatigueState.UNKNOWN: (200, 200, 200),
    FatigueState.AWAKE: (170, 225, 120),
    FatigueState.DROWSY: (66, 228, 240),
    FatigueState.TIRED: (0, 159, 230),
    FatigueState.ASLEEP: (0, 94, 213),
}
#: Height of the picture, in pixels, at which texts have their usual size.
REFERENCE_HEIGHT_PX = 720
#: A label wider than so many boxes is shortened.
MAX_LABEL_WIDTH = 1.2
#: A head turned by less points ahead; no arrow is drawn.
MIN_ARROW_RAD = math.radians(8.0)


def draw_overlay(
    image_bgr: ImageBgr, result: FrameResult, lettering: Lettering | None = None
) -> ImageBgr:
    """
    Draw a result on its picture.

    :param image_bgr: shape (height, width, 3), uint8; left as it is
    :param lettering: words and letters, English without
    :return: a new picture of the same shape
    """
    canvas = _Canvas(image_bgr, lettering or Lettering())
    worst = _worst_severity(result.active_alerts)
    colors = {face_id: SEVERITY_COLORS[severity] for face_id, severity in worst.items()}
    expressions = {entry.face_id: entry for entry in result.expressions}
    fatigue = {entry.face_id: entry for entry in result.fatigue}
    poses = {entry.face_id: entry for entry in result.head_poses}
    for face in result.faces:
        canvas.draw_face(face, colors.get(face.face_id, BOX_COLOR))
        canvas.draw_name(face, poses.get(face.face_id))
        canvas.draw_expression(face, expressions.get(face.face_id))
        canvas.draw_fatigue(face, fatigue.get(face.face_id))
    return canvas.image_bgr


def without_names(result: FrameResult) -> FrameResult:
    """Recordings show who somebody is by `person_id`, so that people can be forgotten."""
    faces = (replace(face, person_name=face.person_id) for face in result.faces)
    return replace(result, faces=tuple(faces))


def _worst_severity(alerts: Iterable[Alert]) -> dict[str, Severity]:
    worst: dict[str, Severity] = {}
    for alert in alerts:
        known = worst.get(alert.face_id, alert.severity)
        worst[alert.face_id] = max(alert.severity, known, key=lambda severity: severity.value)
    return worst


class _Canvas:
    """A copy of the picture and the sizes that suit it."""

    def __init__(self, image_bgr: ImageBgr, lettering: Lettering) -> None:
        self.image_bgr = image_bgr.copy()
        self._lettering, self._words = lettering, lettering.texts
        self._zoom = zoom = max(0.75, image_bgr.shape[0] / REFERENCE_HEIGHT_PX)
        self._line_px = round(15 * zoom)
        self._gap_px = round(4 * zoom)
        self._thin = max(1, round(zoom))

    def draw_face(self, face: Face, color: Color) -> None:
        x_min, y_min, x_max, y_max = (round(value) for value in face.box_xyxy)
        cv2.rectangle(
            self.image_bgr, (x_min, y_min), (x_max, y_max), color, self._thin, cv2.LINE_AA
        )

    def draw_name(self, face: Face, pose: HeadPose | None) -> None:
        """Name, then the head's motion as a word or its direction as an arrow."""
        x_min = face.box_xyxy[0]
        words = face.person_name or face.face_id
        if pose is not None and pose.motion is not Motion.NONE:
            words += ' ' + self._words(f'motion.{pose.motion.name.lower()}')
        place = (round(x_min), self._baseline(face) - self._line_px)
        end_xy = self._text(words, place, WHITE)
        if pose is not None and pose.motion is Motion.NONE:
            self._arrow(pose, (end_xy[0] + self._line_px // 2, end_xy[1] - self._line_px // 3))

    def _arrow(self, pose: HeadPose, left_xy: tuple[int, int]) -> None:
        """Draw where a head points, to the right of a place whichever way it points."""
        # Comparisons with NaN are false: an unknown direction has no arrow.
        if not math.hypot(pose.yaw_rad, pose.pitch_rad) >= MIN_ARROW_RAD:
            return
        length = 2.0 * self._line_px
        across, down = length * math.sin(pose.yaw_rad), length * math.sin(pose.pitch_rad)
        start_xy = (round(left_xy[0] + max(0.0, -across)), left_xy[1])
        tip_xy = (round(start_xy[0] + across), round(start_xy[1] + down))
        for color, thickness in ((BLACK, self._thin + 2), (WHITE, self._thin)):
            cv2.arrowedLine(
                self.image_bgr, start_xy, tip_xy, color, thickness, cv2.LINE_AA, tipLength=0.35
            )

    def draw_expression(self, face: Face, expression: Expression | None) -> None:
        if expression is None or expression.status is Judgement.CANNOT_JUDGE:
            return
        x_min, _, x_max, _ = face.box_xyxy
        is_sure = expression.status is Judgement.JUDGED
        word = self._words(f'expression.{expression.label if is_sure else "uncertain"}')
        text = f'{word} {expression.confidence:.0%}' if is_sure else word
        if self._lettering.width_px(text, self._zoom) > MAX_LABEL_WIDTH * (x_max - x_min):
            text = word  # neighbours stay readable
        place = (round(x_min), self._baseline(face))
        self._text(text, place, EXPRESSION_BLUE, halo=WHITE)

    def draw_fatigue(self, face: Face, fatigue: Fatigue | None) -> None:
        if fatigue is None or fatigue.state is FatigueState.UNKNOWN:
            return
        x_min, _, x_max, y_max = face.box_xyxy
        color = FATIGUE_COLORS[fatigue.state]
        left, top = round(x_min), round(y_max) + 2 * self._thin
        width = round((x_max - x_min) * min(1.0, max(0.0, fatigue.level)))
        cv2.rectangle(
            self.image_bgr, (left, top), (left + width, top + 2 * self._thin), color, cv2.FILLED
        )
        word = self._words(f'fatigue.{fatigue.state.name.lower()}')
        text = f'{word} {fatigue.level:.2f}'
        self._text(text, (left, top + self._line_px + self._thin), color)

    def _baseline(self, face: Face) -> int:
        """Where the line above the box stands; lower if two lines do not fit above it."""
        return max(round(face.box_xyxy[1]) - self._gap_px, 2 * self._line_px)

    def _text(
        self, text: str, place_xy: tuple[int, int], color: Color, halo: Color = BLACK
    ) -> tuple[int, int]:
        """Write inside the picture, as near to the place as can be; where the text ends."""
        text_width = self._lettering.width_px(text, self._zoom)
        height, width = self.image_bgr.shape[:2]
        x = max(1, min(place_xy[0], width - text_width - 1))
        y = min(max(place_xy[1], self._line_px), height - 3)
        self._lettering.write(self.image_bgr, text, (x, y), self._zoom, color, halo)
        return x + text_width, y
