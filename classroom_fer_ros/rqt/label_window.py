"""
The window in which captured faces are labelled: one face, one key.

Shows what `core.labelling` says, and tells it what was typed; every step is saved before the next
face is shown. Never shows a name.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from classroom_fer_ros.core.arrays import ImageBgr
from classroom_fer_ros.core.capture_record import CaptureRecord
from classroom_fer_ros.core.errors import ClassroomFerError
from classroom_fer_ros.core.labelling import ANSWERS, LabelQueue
from classroom_fer_ros.core.labels import EXPRESSION_LABELS
from classroom_fer_ros.rqt.qt import Qt, QtGui, QtWidgets

Key = Qt.Key
#: Digits are the labels in their order; the words below the picture say the rest.
LABEL_KEYS = {Key.Key_1 + number: label for number, label in enumerate(EXPRESSION_LABELS)} | {
    Key.Key_0: ANSWERS[-1]
}
CONFIRM_KEYS = (Key.Key_Return, Key.Key_Enter, Key.Key_Space)
SKIP_KEYS = (Key.Key_S, Key.Key_Right)
UNDO_KEYS = (Key.Key_U, Key.Key_Left, Key.Key_Backspace)
EXPORT_KEYS = (Key.Key_E,)
HELP = (
    'Enter confirms · 1 to 7 correct · 0 none of these · S skips · U takes the last step back · '
    'E exports'
)
ALL_DONE = 'Every captured face is labelled. E exports them.'
SHOWN_PX = 448


class LabelWindow(QtWidgets.QWidget):
    """Shows one captured face after the other."""

    def __init__(self, queue: LabelQueue, out: Path, now_s: Callable[[], float]) -> None:
        """
        :param out: folder of the exported set
        :param now_s: tells the time of day, seconds since the epoch
        """
        super().__init__()
        self._queue, self._out, self._now_s = queue, out, now_s
        self.setWindowTitle('Label captured faces')
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.picture, self.words, self.answers, self.message = (
            QtWidgets.QLabel() for _ in range(4)
        )
        self.picture.setFixedSize(SHOWN_PX, SHOWN_PX)
        self.picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.message.setWordWrap(True)
        self.progress = QtWidgets.QProgressBar()
        self.disagreements = QtWidgets.QListWidget()
        self.disagreements.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._lay_out()
        self._show()

    def keyPressEvent(self, event: Any) -> None:  # noqa: N802
        """One key, one step."""
        action = self._action_of(event.key())
        if action is None:
            super().keyPressEvent(event)
            return
        self.act(action)

    def act(self, action: Callable[[], object]) -> None:
        """Do something to the queue; what goes wrong is said, and the window goes on."""
        self.message.setText('')
        try:
            action()
        except ClassroomFerError as error:
            self.message.setText(str(error))
            self._queue.refresh()
        self._show()

    def say(self, label: str) -> None:
        """Label the face that is shown."""
        self._queue.say(label, self._now_s())

    def confirm(self) -> None:
        """Label it as what it was taken to show."""
        self._queue.confirm(self._now_s())

    def skip(self) -> None:
        """Leave it for later."""
        self._queue.skip(self._now_s())

    def undo(self) -> None:
        """Take the last step back."""
        if not self._queue.undo():
            self.message.setText('there is no step to take back')

    def export(self) -> None:
        """Write everything labelled so far."""
        progress = self._queue.export(self._out)
        self.message.setText(f'{progress.labelled} labelled faces are in {self._out}')

    def _action_of(self, key: int) -> Callable[[], object] | None:
        if key in LABEL_KEYS:
            return lambda: self.say(LABEL_KEYS[key])
        for keys, action in (
            (CONFIRM_KEYS, self.confirm),
            (SKIP_KEYS, self.skip),
            (UNDO_KEYS, self.undo),
            (EXPORT_KEYS, self.export),
        ):
            if key in keys:
                return action
        return None

    def _lay_out(self) -> None:
        left = QtWidgets.QVBoxLayout()
        for widget in (self.picture, self.words, self.answers, self._buttons(), self.message):
            if isinstance(widget, QtWidgets.QLayout):
                left.addLayout(widget)
            else:
                left.addWidget(widget)
        left.addStretch()
        left.addWidget(QtWidgets.QLabel(HELP))
        left.addWidget(self.progress)
        right = QtWidgets.QVBoxLayout()
        right.addWidget(QtWidgets.QLabel('Labelled as something else than predicted'))
        right.addWidget(self.disagreements)
        whole = QtWidgets.QHBoxLayout(self)
        whole.addLayout(left)
        whole.addLayout(right)

    def _buttons(self) -> Any:
        """One a label, with its key, for who uses a mouse."""
        row = QtWidgets.QHBoxLayout()
        for number, label in enumerate(ANSWERS, start=1):
            button = QtWidgets.QPushButton(f'{number % len(ANSWERS)} {label}')
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.clicked.connect(lambda _=False, label=label: self.act(lambda: self.say(label)))
            row.addWidget(button)
        return row

    def _show(self) -> None:
        self._show_face()
        progress = self._queue.progress
        self.progress.setRange(0, max(progress.total, 1))
        self.progress.setValue(progress.done)
        self.progress.setFormat(
            f'{progress.done} of {progress.total}: {progress.labelled} labelled, '
            f'{progress.unusable} none of these, {progress.skipped} skipped'
        )
        self.disagreements.clear()
        self.disagreements.addItems(
            f'{one.record.label or "nothing"} → {one.label}' for one in self._queue.disagreements
        )

    def _show_face(self) -> None:
        record = self._queue.current
        if record is None:
            self.picture.clear()
            self.words.setText(ALL_DONE)
            self.answers.setText('')
            return
        try:
            self.picture.setPixmap(_pixmap(self._queue.image()))
        except ClassroomFerError as error:
            self.picture.setText('the picture is gone')
            self.message.setText(f'{error}: skip it')
        self.words.setText(describe(record))
        self.answers.setText('\n'.join(_answer_words(record)))


def describe(record: CaptureRecord) -> str:
    """What a face was taken to show, and why it was kept."""
    reason = record.reason.value.replace('_', ' ')
    predicted = f'{record.label} ({record.confidence:.0%})' if record.label else 'nothing'
    return f'Predicted: {predicted}    kept because: {reason}'


def _answer_words(record: CaptureRecord) -> list[str]:
    """The two likeliest labels of every head."""
    lines = []
    for name, shares in sorted(record.answers.items()):
        best = sorted(zip(shares, EXPRESSION_LABELS, strict=True), reverse=True)[:2]
        likely = ', '.join(f'{label} {share:.0%}' for share, label in best)
        lines.append(f'{name}: {likely}')
    return lines


def _pixmap(image_bgr: ImageBgr) -> Any:
    height, width = image_bgr.shape[:2]
    rgb = image_bgr[:, :, ::-1].copy()
    image = QtGui.QImage(rgb.data, width, height, 3 * width, QtGui.QImage.Format.Format_RGB888)
    return QtGui.QPixmap.fromImage(image).scaled(
        SHOWN_PX,
        SHOWN_PX,
        Qt.AspectRatioMode.KeepAspectRatio,
        Qt.TransformationMode.SmoothTransformation,
    )
