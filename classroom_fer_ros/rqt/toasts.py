"""Pop-ups in the corner of the screen that take no focus and go away by themselves."""

from __future__ import annotations

from classroom_fer_ros.core.results import Alert
from classroom_fer_ros.rqt import look
from classroom_fer_ros.rqt.model import MonitorModel
from classroom_fer_ros.rqt.qt import Qt, QtCore, QtGui, QtWidgets

SHOWN_MS = 8000
MAX_SHOWN = 4
GAP_PX = 8


class Toast(QtWidgets.QFrame):
    """One alert. A click jumps to who it is about."""

    def __init__(self, alert: Alert, parent: QtWidgets.QWidget) -> None:
        kind = Qt.WindowType
        super().__init__(
            parent,
            kind.ToolTip
            | kind.FramelessWindowHint
            | kind.WindowStaysOnTopHint
            | kind.WindowDoesNotAcceptFocus,
        )
        self.alert = alert
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setFrameShape(QtWidgets.QFrame.Shape.Box)
        self.text = QtWidgets.QLabel(alert.text)
        self.text.setTextFormat(Qt.TextFormat.PlainText)
        self.text.setWordWrap(True)
        symbol = QtWidgets.QLabel()
        symbol.setPixmap(_symbol(alert, 2 * self.fontMetrics().height()))
        layout = QtWidgets.QHBoxLayout(self)
        layout.addWidget(symbol)
        layout.addWidget(self.text, 1)
        self.setFixedWidth(24 * self.fontMetrics().averageCharWidth() + 120)
        self.adjustSize()


class Toasts(QtCore.QObject):
    """
    Shows alerts of the model as they come.

    :ivar is_muted: shows none
    """

    def __init__(self, model: MonitorModel, window: QtWidgets.QWidget) -> None:
        super().__init__(window)
        self._model, self._window = model, window
        self.is_muted = False
        self.shown: list[Toast] = []
        model.popped_up.connect(self._on_alert)

    def clear(self) -> None:
        """Take all away."""
        for toast in list(self.shown):
            self._remove(toast)

    def _on_alert(self, alert: Alert) -> None:
        if self.is_muted:
            return
        toast = Toast(alert, self._window)
        toast.setPalette(self._window.palette())
        toast.mousePressEvent = lambda _event: self._on_click(toast)
        self.shown.append(toast)
        while len(self.shown) > MAX_SHOWN:
            self._remove(self.shown[0])
        self._arrange()
        toast.show()
        QtCore.QTimer.singleShot(SHOWN_MS, lambda: self._remove(toast))

    def _on_click(self, toast: Toast) -> None:
        self._model.jump_to(toast.alert)
        self._remove(toast)

    def _remove(self, toast: Toast) -> None:
        if toast in self.shown:
            self.shown.remove(toast)
            toast.hide()
            toast.deleteLater()
            self._arrange()

    def _arrange(self) -> None:
        """The newest lowest, in the corner of the screen that the window is on."""
        screen = self._window.screen() or QtWidgets.QApplication.primaryScreen()
        corner = screen.availableGeometry().bottomRight()
        y = corner.y() - GAP_PX
        for toast in reversed(self.shown):
            y -= toast.height()
            toast.move(corner.x() - toast.width() - GAP_PX, y)
            y -= GAP_PX


def _symbol(alert: Alert, side_px: int) -> QtGui.QPixmap:
    pixmap = QtGui.QPixmap(side_px, side_px)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QtGui.QPainter(pixmap)
    box = QtCore.QRectF(3, 3, side_px - 6, side_px - 6)
    look.draw_severity(painter, alert.severity, box)
    painter.end()
    return pixmap
