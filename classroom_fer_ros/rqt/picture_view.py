"""The original picture, or the one with the results, scaled with the window."""

from __future__ import annotations

from classroom_fer_ros.rqt.face_drawing import FacePainter, face_at
from classroom_fer_ros.rqt.model import MonitorModel
from classroom_fer_ros.rqt.pictures import ShownPicture
from classroom_fer_ros.rqt.qt import Qt, QtCore, QtGui, QtWidgets
from classroom_fer_ros.rqt.students import Student
from classroom_fer_ros.rqt.texts import WindowTexts

BACKGROUND = QtGui.QColor('#101418')
STEPS = {
    Qt.Key.Key_Right: 1,
    Qt.Key.Key_Down: 1,
    Qt.Key.Key_Left: -1,
    Qt.Key.Key_Up: -1,
}


class PictureView(QtWidgets.QWidget):
    """One picture. A click selects a face, arrow keys go from face to face."""

    def __init__(self, model: MonitorModel, texts: WindowTexts, has_results: bool) -> None:
        super().__init__()
        self._model, self._texts = model, texts
        self._has_results = has_results
        self._painter = FacePainter(texts)
        self._shown: ShownPicture | None = None
        self.setMinimumSize(240, 135)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.say()
        model.picture_changed.connect(self._on_picture)
        model.selection_changed.connect(self.update)

    def say(self) -> None:
        """Say everything in the language of now."""
        key = 'result' if self._has_results else 'original'
        self.setAccessibleName(self._texts(key).replace('&', ''))
        self.update()

    @property
    def picture(self) -> ShownPicture | None:
        """What is to be shown."""
        return self._model.result_picture if self._has_results else self._model.picture

    @property
    def area(self) -> QtCore.QRectF:
        """Where in the widget the picture is."""
        picture = self.picture
        if picture is None or picture.image.isNull():
            return QtCore.QRectF()
        size = QtCore.QSizeF(picture.image.size())
        size.scale(QtCore.QSizeF(self.size()), Qt.AspectRatioMode.KeepAspectRatio)
        left, top = (self.width() - size.width()) / 2, (self.height() - size.height()) / 2
        return QtCore.QRectF(left, top, size.width(), size.height())

    def _on_picture(self) -> None:
        if self.picture is not self._shown:
            self._shown = self.picture
            if self.isVisible():
                self.update()

    def paintEvent(self, event: QtGui.QPaintEvent) -> None:  # noqa: N802
        painter = QtGui.QPainter(self)
        area = self.area
        if area.isEmpty():
            painter.fillRect(self.rect(), BACKGROUND)
            painter.setPen(QtGui.QColor('#9aa4ae'))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self._texts('no_picture'))
            return
        for bar in _around(area, QtCore.QRectF(self.rect())):
            painter.fillRect(bar, BACKGROUND)
        painter.setRenderHint(QtGui.QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(area, self.picture.image)
        if self._has_results:
            faces = self._model.shown_faces
            limits = QtCore.QRectF(self.rect())
            self._painter.paint(painter, area, limits, faces, self._model.selected)

    def mousePressEvent(self, event: QtGui.QMouseEvent) -> None:  # noqa: N802
        place = event.position() if hasattr(event, 'position') else QtCore.QPointF(event.pos())
        face = face_at(place, self.area, self._model.shown_faces)
        self._model.select(face.face_id if face else '')
        super().mousePressEvent(event)

    def keyPressEvent(self, event: QtGui.QKeyEvent) -> None:  # noqa: N802
        step = STEPS.get(event.key())
        faces = sorted(self._model.shown_faces, key=_reading_order)
        if step is None or not faces:
            super().keyPressEvent(event)
            return
        ids = [face.face_id for face in faces]
        selected = self._model.selected
        place = ids.index(selected) + step if selected in ids else (0 if step > 0 else -1)
        self._model.select(ids[place % len(ids)])


def _around(inner: QtCore.QRectF, outer: QtCore.QRectF) -> list[QtCore.QRectF]:
    """What of a rectangle is beside another one in its middle."""
    right, bottom = outer.right() - inner.right(), outer.bottom() - inner.bottom()
    return [
        QtCore.QRectF(outer.left(), outer.top(), inner.left() - outer.left() + 1, outer.height()),
        QtCore.QRectF(inner.right() - 1, outer.top(), right + 1, outer.height()),
        QtCore.QRectF(outer.left(), outer.top(), outer.width(), inner.top() - outer.top() + 1),
        QtCore.QRectF(outer.left(), inner.bottom() - 1, outer.width(), bottom + 1),
    ]


def _reading_order(student: Student) -> tuple[float, float]:
    """Rows first, as far as faces sit in rows."""
    left, top, _, bottom = student.box_xyxy
    return round((top + bottom) * 4), left
