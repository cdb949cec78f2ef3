"""The middle of the window: what is wrong, the pictures, and how it goes."""

from __future__ import annotations

from functools import partial

from classroom_fer_ros.rqt.banner import Banner
from classroom_fer_ros.rqt.facts import FACES_NODES
from classroom_fer_ros.rqt.model import MonitorModel
from classroom_fer_ros.rqt.picture_view import PictureView
from classroom_fer_ros.rqt.qt import Qt, QtGui, QtWidgets
from classroom_fer_ros.rqt.texts import WindowTexts

#: Width of most cameras' pictures over their height.
USUAL_ASPECT = 16 / 9
ORIGINAL, RESULT, BOTH = VIEWS = ('original', 'result', 'both')


class PicturePanel(QtWidgets.QWidget):
    """
    Original and result picture, one of them or side by side.

    :ivar view: one of `VIEWS`
    """

    def __init__(self, model: MonitorModel, texts: WindowTexts) -> None:
        super().__init__()
        self._model, self._texts = model, texts
        self.view = RESULT
        self.banner = Banner(model, texts)
        self.original = PictureView(model, texts, has_results=False)
        self.result = PictureView(model, texts, has_results=True)
        self.buttons = {name: QtWidgets.QToolButton() for name in VIEWS}
        self.rate, self.message = QtWidgets.QLabel(), QtWidgets.QLabel()
        self._lay_out()
        group = QtWidgets.QButtonGroup(self)
        for name, button in self.buttons.items():
            button.setCheckable(True)
            button.toggled.connect(partial(_embolden, button))
            group.addButton(button)
            button.clicked.connect(lambda _=False, name=name: self.show_view(name))
        model.health_changed.connect(self._refresh_rate)
        self.show_view(RESULT)
        self.say()

    def _lay_out(self) -> None:
        self.pictures = QtWidgets.QSplitter(Qt.Orientation.Horizontal)
        self.pictures.setChildrenCollapsible(False)
        for view in (self.original, self.result):
            self.pictures.addWidget(view)
        head = QtWidgets.QHBoxLayout()
        for button in self.buttons.values():
            head.addWidget(button)
        head.addWidget(self.rate, 1)
        ignored, preferred = (
            QtWidgets.QSizePolicy.Policy.Ignored,
            QtWidgets.QSizePolicy.Policy.Preferred,
        )
        self.rate.setSizePolicy(ignored, preferred)
        self.message.setWordWrap(True)
        self.message.setTextFormat(Qt.TextFormat.PlainText)
        self.message.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(head)
        layout.addWidget(self.banner)
        layout.addWidget(self.pictures, 1)
        layout.addWidget(self.message)

    def say(self) -> None:
        """Say everything in the language of now."""
        for name, button in self.buttons.items():
            button.setText(self._texts(name))
        for part in (self.banner, self.original, self.result):
            part.say()
        self._refresh_rate()

    def resizeEvent(self, event: QtGui.QResizeEvent) -> None:  # noqa: N802
        """Two pictures stand where both are larger, beside or above each other."""
        size = self.pictures.size()
        is_stacked = min(size.width(), size.height() / 2 * USUAL_ASPECT) > size.width() / 2
        side = Qt.Orientation
        self.pictures.setOrientation(side.Vertical if is_stacked else side.Horizontal)
        super().resizeEvent(event)

    def show_view(self, view: str) -> None:
        """Show the original, the result, or both."""
        self.view = view
        self.original.setVisible(view in (ORIGINAL, BOTH))
        self.result.setVisible(view in (RESULT, BOTH))
        self.buttons[view].setChecked(True)

    def tell(self, words: str) -> None:
        """Show what an answer came to, until the next one."""
        self.message.setText(words)

    def _refresh_rate(self) -> None:
        status = self._model.system.status(*FACES_NODES)
        values = status.values if status else {}
        if 'rate (Hz)' not in values:
            self.rate.clear()
            return
        self.rate.setText(
            self._texts(
                'status_fine', rate=values['rate (Hz)'], dropped=values.get('dropped', '0')
            )
        )


def _embolden(button: QtWidgets.QToolButton, is_checked: bool) -> None:
    """Some styles hardly show which one is down."""
    font = button.font()
    font.setBold(is_checked)
    button.setFont(font)
