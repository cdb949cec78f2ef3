"""What is wrong with the running system, in words, above the picture, with what to do."""

from __future__ import annotations

from classroom_fer_ros.rqt.health import Level
from classroom_fer_ros.rqt.model import MonitorModel
from classroom_fer_ros.rqt.qt import QtWidgets
from classroom_fer_ros.rqt.texts import WindowTexts

#: Text and background of each level, the same in the dark.
COLORS = {Level.HINT: ('#1a1a1a', '#cfe6f5'), Level.PROBLEM: ('#1a1a1a', '#f5c77e')}
SIGNS = {Level.HINT: 'ⓘ', Level.PROBLEM: '⚠'}


class Banner(QtWidgets.QLabel):
    """Hidden while all is well."""

    def __init__(self, model: MonitorModel, texts: WindowTexts) -> None:
        super().__init__()
        self._model, self._texts = model, texts
        self.setWordWrap(True)
        self.setMargin(6)
        model.health_changed.connect(self.say)
        self.say()

    def say(self) -> None:
        """Say what is wrong now; the worst first."""
        troubles = self._model.troubles
        self.setVisible(bool(troubles))
        if not troubles:
            self.setText('')
            return
        texts = self._texts
        lines = [
            f'{SIGNS[one.level]} <b>{_plain(texts(one.key, **one.fields))}</b> '
            f'{_plain(texts(f"{one.key}_do"))}'
            for one in troubles
        ]
        self.setText('<br>'.join(lines))
        worst = max((one.level for one in troubles), key=lambda level: level.value)
        ink, paper = COLORS[worst]
        self.setStyleSheet(f'color: {ink}; background: {paper}; border-radius: 3px;')


def _plain(text: str) -> str:
    """Names of nodes and errors are no markup."""
    return text.replace('&', '&amp;').replace('<', '&lt;')
