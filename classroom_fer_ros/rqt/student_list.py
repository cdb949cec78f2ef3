"""Everybody in the picture, who needs attention most first."""

from __future__ import annotations

import math

from classroom_fer_ros.core.results import Direction, FatigueState, Motion
from classroom_fer_ros.rqt import look
from classroom_fer_ros.rqt.model import MonitorModel
from classroom_fer_ros.rqt.qt import Qt, QtCore, QtGui, QtWidgets
from classroom_fer_ros.rqt.rows import THING, Rows, begin_row
from classroom_fer_ros.rqt.students import Student
from classroom_fer_ros.rqt.texts import WindowTexts

MARGIN_PX = 4
#: Where the parts of the second line begin and end, as shares of the width beside the crop.
CELLS = {'expression': (0.0, 0.35), 'fatigue': (0.37, 0.66), 'head': (0.68, 1.0)}


class StudentList(QtWidgets.QListView):
    """Small picture, name, expression with a bar, fatigue, head direction, since when."""

    def __init__(self, model: MonitorModel, texts: WindowTexts) -> None:
        super().__init__()
        self._model = model
        self.words = StudentWords(texts)
        self._rows = Rows(self.words.line)
        self._is_following = False
        self.crops = Crops(model)
        self.setModel(self._rows)
        self.setItemDelegate(StudentDelegate(self.words, self.crops, model, self))
        self.setUniformItemSizes(True)
        self.setVerticalScrollMode(QtWidgets.QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.selectionModel().currentChanged.connect(self._on_current)
        model.students_changed.connect(self._on_students)
        model.selection_changed.connect(self._follow)

    def say(self) -> None:
        """Say everything in the language of now."""
        self.setAccessibleName(self.words.texts('students', count=len(self._rows.things)))
        self.setToolTip(self.words.texts('shows_hint'))
        self.viewport().update()

    def _on_students(self) -> None:
        self.crops.clear()
        self._is_following = True
        self._rows.show(self._model.students)
        self._is_following = False
        self._follow(self._model.selected)

    def _follow(self, face_id: str) -> None:
        """The selected face keeps its mark, wherever its row goes."""
        ids = [one.face_id for one in self._rows.things]
        index = self._rows.index(ids.index(face_id)) if face_id in ids else QtCore.QModelIndex()
        self._is_following = True
        if index != self.currentIndex():
            self.setCurrentIndex(index)
            if not index.isValid():
                self.clearSelection()
        self._is_following = False

    def _on_current(self, current: QtCore.QModelIndex) -> None:
        if not self._is_following and current.isValid():
            self._model.select(current.data(THING).face_id)


class Crops:
    """Small pictures of faces, cut out of the shown preview when they are painted."""

    def __init__(self, model: MonitorModel) -> None:
        self._model = model
        self._cut: dict[tuple[str, int], QtGui.QImage] = {}

    def clear(self) -> None:
        """Cut them anew from now on."""
        self._cut = {}

    def crop(self, face_id: str, side_px: int) -> QtGui.QImage | None:
        """Square of a face; None while it is not in the shown picture."""
        key = face_id, side_px
        if key not in self._cut:
            shown = (one for one in self._model.shown_faces if one.face_id == face_id)
            student, picture = next(shown, None), self._model.result_picture
            if student is None or picture is None or picture.image.isNull():
                return None
            self._cut[key] = _square(picture.image, student).scaled(
                side_px,
                side_px,
                Qt.AspectRatioMode.KeepAspectRatioByExpanding,
                Qt.TransformationMode.SmoothTransformation,
            )
        return self._cut[key]


def _square(image: QtGui.QImage, student: Student) -> QtGui.QImage:
    left, top, right, bottom = student.box_xyxy
    width, height = image.width(), image.height()
    side = max((right - left) * width, (bottom - top) * height) * 1.1
    center_x, center_y = (left + right) / 2 * width, (top + bottom) / 2 * height
    corner = round(center_x - side / 2), round(center_y - side / 2)
    return image.copy(QtCore.QRect(*corner, round(side), round(side)))


class StudentWords:
    """What is said about a student."""

    def __init__(self, texts: WindowTexts) -> None:
        self.texts = texts

    def name(self, student: Student) -> str:
        """Name, or that it is not known, with the number of the face."""
        return student.person_name or self.texts('student_unknown', face_id=student.face_id)

    def expression(self, student: Student) -> str:
        if not student.expression:
            return self.texts('not_judged')
        shown = student.expression if student.is_sure else 'uncertain'
        return self.texts(f'expression.{shown}')

    def fatigue(self, student: Student) -> str:
        if student.fatigue is FatigueState.UNKNOWN:
            return self.texts('state_unknown')
        return self.texts(f'fatigue.{student.fatigue.name.lower()}')

    def head(self, student: Student) -> str:
        if student.motion is not Motion.NONE:
            return self.texts(student.motion.name.lower())
        if student.is_away:
            return self.texts('away')
        if student.direction is Direction.UNKNOWN:
            return self.texts('direction_unknown')
        return self.texts(student.direction.name.lower())

    def line(self, student: Student) -> str:
        """All of it, for tool tips and screen readers."""
        parts = (self.expression(student), self.fatigue(student), self.head(student))
        reasons = map(self.texts.reason, student.reasons)
        return '\n'.join((f'{self.name(student)}: ' + ', '.join(parts), *reasons))


def clock(seconds: float) -> str:
    """Minutes and seconds."""
    seconds = 0 if math.isnan(seconds) else max(0, round(seconds))
    return f'{seconds // 60}:{seconds % 60:02d}'


class StudentDelegate(QtWidgets.QStyledItemDelegate):
    """Paints one row of two lines."""

    def __init__(
        self, words: StudentWords, crops: Crops, model: MonitorModel, parent: QtCore.QObject
    ) -> None:
        super().__init__(parent)
        self._words, self._crops, self._model = words, crops, model

    def sizeHint(  # noqa: N802
        self, option: QtWidgets.QStyleOptionViewItem, index: QtCore.QModelIndex
    ) -> QtCore.QSize:
        height = 2 * option.fontMetrics.height() + 3 * MARGIN_PX
        return QtCore.QSize(10 * height // 2, height)

    def paint(
        self,
        painter: QtGui.QPainter,
        option: QtWidgets.QStyleOptionViewItem,
        index: QtCore.QModelIndex,
    ) -> None:
        student: Student = index.data(THING)
        painter.save()
        painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
        ink = begin_row(painter, option)
        rect = QtCore.QRectF(option.rect).adjusted(MARGIN_PX, MARGIN_PX, -MARGIN_PX, -MARGIN_PX)
        side = rect.height()
        crop = self._crops.crop(student.face_id, round(side))
        if crop is not None:
            painter.drawImage(rect.topLeft(), crop)
        body = rect.adjusted(side + 2 * MARGIN_PX, 0, 0, 0)
        line = body.height() / 2
        self._paint_name(painter, body.adjusted(0, 0, 0, -line), student, ink)
        self._paint_cells(painter, body.adjusted(0, line, 0, 0), student, ink)
        painter.restore()

    def _paint_name(
        self, painter: QtGui.QPainter, rect: QtCore.QRectF, student: Student, ink: QtGui.QColor
    ) -> None:
        left = rect.left()
        if student.severity is not None:
            size = rect.height() * 0.8
            box = QtCore.QRectF(left, rect.top() + rect.height() * 0.1, size, size)
            look.draw_severity(painter, student.severity, box, student.is_acknowledged)
            left += size + MARGIN_PX
        painter.setPen(ink)
        since = clock(self._model.stamp_s - student.since_s)
        room = painter.fontMetrics().horizontalAdvance(since) + MARGIN_PX
        painter.drawText(rect, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, since)
        font = QtGui.QFont(painter.font())
        font.setBold(True)
        painter.setFont(font)
        free = QtCore.QRectF(left, rect.top(), rect.right() - left - room, rect.height())
        _text(painter, free, self._words.name(student))
        font.setBold(False)
        painter.setFont(font)

    def _paint_cells(
        self, painter: QtGui.QPainter, rect: QtCore.QRectF, student: Student, ink: QtGui.QColor
    ) -> None:
        painter.setPen(ink)
        cells = {
            name: QtCore.QRectF(
                rect.left() + start * rect.width(),
                rect.top(),
                (end - start) * rect.width(),
                rect.height(),
            )
            for name, (start, end) in CELLS.items()
        }
        cell = cells['expression']
        _text(painter, cell.adjusted(0, 0, 0, -4), self._words.expression(student))
        share = student.confidence if student.expression else 0.0
        _bar(painter, cell, share, look.BAR_COLOR if ink.lightness() < 128 else ink, ink)
        cell, color = cells['fatigue'], look.FATIGUE_COLORS[student.fatigue]
        _text(painter, cell.adjusted(0, 0, 0, -4), self._words.fatigue(student))
        _bar(painter, cell, student.level, color, ink)
        cell, size = cells['head'], rect.height() * 0.55
        arrow = QtCore.QRectF(cell.left(), cell.center().y() - size / 2 - 2, size, size)
        look.draw_arrow(painter, student.direction, arrow, ink)
        painter.setPen(ink)
        _text(painter, cell.adjusted(size + 3, 0, 0, -4), self._words.head(student))


def _text(painter: QtGui.QPainter, rect: QtCore.QRectF, text: str) -> None:
    """One line, shortened where it does not fit."""
    metrics = painter.fontMetrics()
    shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, int(rect.width()))
    painter.drawText(rect, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)


def _bar(
    painter: QtGui.QPainter,
    cell: QtCore.QRectF,
    share: float,
    color: QtGui.QColor,
    ink: QtGui.QColor,
) -> None:
    """How much of one, along the lower edge; an unknown share leaves the track empty."""
    track = QtCore.QRectF(cell.left(), cell.bottom() - 3, cell.width(), 3)
    faint = QtGui.QColor(ink)
    faint.setAlpha(45)
    painter.fillRect(track, faint)
    if share > 0.0:  # false where it is not known
        track.setWidth(track.width() * min(1.0, share))
        painter.fillRect(track, color)
