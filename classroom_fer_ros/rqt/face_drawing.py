"""Results drawn over a picture, sharp at any size of the window, names in any script."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from classroom_fer_ros.core.results import Direction, FatigueState, Motion
from classroom_fer_ros.rqt import look
from classroom_fer_ros.rqt.qt import Qt, QtCore, QtGui
from classroom_fer_ros.rqt.students import Student, by_need
from classroom_fer_ros.rqt.texts import WindowTexts

#: Points of the labels, for faces of so many pixels' width and more; smaller ones get the first.
FONT_SIZES = ((0, 7.0), (70, 8.0), (110, 9.0))
#: WindowTexts whose width is remembered.
MAX_WIDTHS = 500
SHOWN_STATES = {FatigueState.DROWSY, FatigueState.TIRED, FatigueState.ASLEEP}


#: Left, upper, right and lower edge.
Sides = tuple[float, float, float, float]


@dataclass(slots=True)
class _Label:
    """Lines above a box and below it, most important first."""

    above: list[str]
    below: list[tuple[str, QtGui.QColor]]


class FacePainter:
    """Draws boxes and labels so that no label covers another, or a face."""

    def __init__(self, texts: WindowTexts) -> None:
        self._texts = texts
        self._fonts: dict[float, tuple[QtGui.QFont, QtGui.QFontMetricsF]] = {}
        self._widths: dict[tuple[float, str], float] = {}

    def paint(
        self,
        painter: QtGui.QPainter,
        area: QtCore.QRectF,
        limits: QtCore.QRectF,
        students: Sequence[Student],
        selected: str,
    ) -> None:
        """
        Draw everybody.

        :param area: where in the widget the picture is
        :param limits: where labels may be, beside the picture too
        """
        ordered = by_need(students)
        boxes = {one.face_id: box_in(one, area) for one in ordered}
        for one in reversed(ordered):
            self._paint_box(painter, boxes[one.face_id], one, one.face_id == selected)
        taken = [_sides(box.adjusted(2, 2, -2, -2)) for box in boxes.values()]
        for one in sorted(ordered, key=lambda one: one.face_id != selected):
            self._paint_labels(painter, limits, boxes[one.face_id], one, taken)

    def _font(
        self, painter: QtGui.QPainter, width: float
    ) -> tuple[float, QtGui.QFont, QtGui.QFontMetricsF]:
        """The font for labels of a face of so many pixels' width, and its size in points."""
        size = [points for smallest, points in FONT_SIZES if width >= smallest][-1]
        if size not in self._fonts:
            font = QtGui.QFont(painter.font())
            font.setPointSizeF(size)
            self._fonts[size] = font, QtGui.QFontMetricsF(font)
        return size, *self._fonts[size]

    def _width(self, size: float, metrics: QtGui.QFontMetricsF, text: str) -> float:
        """Measuring is slow, and the same few words come again and again."""
        if len(self._widths) > MAX_WIDTHS:
            self._widths.clear()
        key = size, text
        if key not in self._widths:
            self._widths[key] = metrics.horizontalAdvance(text) + 6
        return self._widths[key]

    def _paint_box(
        self, painter: QtGui.QPainter, box: QtCore.QRectF, student: Student, is_selected: bool
    ) -> None:
        severity = student.severity
        color = look.BOX_COLOR if severity is None else look.SEVERITY_COLORS[severity]
        width = 1.5 if severity is None or student.is_acknowledged else 2.5
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if is_selected:
            painter.setPen(QtGui.QPen(look.SELECTED_COLOR, width + 3.0))
            painter.drawRect(box)
        painter.setPen(QtGui.QPen(QtGui.QColor(0, 0, 0, 150), width + 1.5))
        painter.drawRect(box)
        painter.setPen(QtGui.QPen(color, width))
        painter.drawRect(box)

    def _paint_labels(
        self,
        painter: QtGui.QPainter,
        limits: QtCore.QRectF,
        box: QtCore.QRectF,
        student: Student,
        taken: list[Sides],
    ) -> None:
        points, font, metrics = self._font(painter, box.width())
        painter.setFont(font)
        height = metrics.height()
        label = self._label(student)
        y = box.top() - 2
        for text in label.above:
            size = QtCore.QSizeF(self._width(points, metrics, text), height)
            place = _place(size, box, y - height, limits, taken)
            if place is not None:
                self._paint_text(painter, place, text, QtGui.QColor('white'))
                y = place.top()
        if student.severity is not None:
            size = 1.3 * height
            corner = QtCore.QRectF(box.right() - size / 2, box.top() - size / 2, size, size)
            look.draw_severity(painter, student.severity, corner, student.is_acknowledged)
        y = box.bottom() + 2
        for text, color in label.below:
            size = QtCore.QSizeF(self._width(points, metrics, text), height)
            place = _place(size, box, y, limits, taken)
            if place is not None:
                self._paint_text(painter, place, text, color)
                y = place.bottom()
        self._paint_direction(painter, box, student, height)

    def _label(self, student: Student) -> _Label:
        texts = self._texts
        above = []
        if student.expression:
            shown = student.expression if student.is_sure else 'uncertain'
            above.append(texts(f'expression.{shown}'))
        above.append(student.person_name or student.face_id)
        below = []
        if student.motion is not Motion.NONE:
            word = texts(student.motion.name.lower())
            below.append((word, QtGui.QColor(255, 255, 255)))
        elif student.is_away:
            below.append((texts('away'), QtGui.QColor(255, 255, 255)))
        if student.fatigue in SHOWN_STATES:
            color = look.FATIGUE_COLORS[student.fatigue].lighter(125)
            below.insert(0, (texts(f'fatigue.{student.fatigue.name.lower()}'), color))
        return _Label(above, below)

    @staticmethod
    def _paint_text(
        painter: QtGui.QPainter, place: QtCore.QRectF, text: str, color: QtGui.QColor
    ) -> None:
        painter.fillRect(place, QtGui.QColor(0, 0, 0, 165))
        painter.setPen(color)
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)

    @staticmethod
    def _paint_direction(
        painter: QtGui.QPainter, box: QtCore.QRectF, student: Student, size: float
    ) -> None:
        """An arrow at the inner side of the box, where the head points."""
        if student.direction in (Direction.UNKNOWN, Direction.AHEAD):
            return
        edge = size / 2 + 2
        x = {Direction.LEFT: box.right() - edge, Direction.RIGHT: box.left() + edge}
        y = {Direction.UP: box.top() + edge, Direction.DOWN: box.bottom() - edge}
        center = QtCore.QPointF(
            x.get(student.direction, box.center().x()), y.get(student.direction, box.center().y())
        )
        square = QtCore.QRectF(0, 0, size * 0.9, size * 0.9)
        square.moveCenter(center)
        look.draw_arrow(
            painter, student.direction, square.adjusted(-2, -2, 2, 2), QtGui.QColor(0, 0, 0, 190)
        )
        look.draw_arrow(painter, student.direction, square, QtGui.QColor('white'))


def _sides(box: QtCore.QRectF) -> Sides:
    return box.left(), box.top(), box.right(), box.bottom()


def _place(
    size: QtCore.QSizeF, box: QtCore.QRectF, top: float, limits: QtCore.QRectF, taken: list[Sides]
) -> QtCore.QRectF | None:
    """Where a line about a box goes; None where there is no room for it."""
    left = box.center().x() - size.width() / 2
    left = min(max(left, limits.left()), limits.right() - size.width())
    place = QtCore.QRectF(QtCore.QPointF(left, top), size)
    if top < limits.top():
        place.moveTop(box.top() + 2)
    elif place.bottom() > limits.bottom():
        place.moveBottom(box.bottom() - 2)
    else:
        right, bottom = left + size.width(), top + size.height()
        for other in taken:
            if left < other[2] and right > other[0] and top < other[3] and bottom > other[1]:
                return None
    taken.append(_sides(place))
    return place


def box_in(student: Student, area: QtCore.QRectF) -> QtCore.QRectF:
    """A face's box in the widget."""
    left, top, right, bottom = student.box_xyxy
    return QtCore.QRectF(
        area.left() + left * area.width(),
        area.top() + top * area.height(),
        (right - left) * area.width(),
        (bottom - top) * area.height(),
    )


def face_at(
    place: QtCore.QPointF, area: QtCore.QRectF, students: Iterable[Student]
) -> Student | None:
    """The smallest face at a place of the widget."""
    hit = [one for one in students if box_in(one, area).adjusted(-4, -4, 4, 4).contains(place)]
    return min(hit, key=lambda one: box_in(one, area).width(), default=None)
