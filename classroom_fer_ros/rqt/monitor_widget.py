"""The whole window in three parts: controls, pictures, and students with their alerts."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from classroom_fer_ros.core.texts import languages
from classroom_fer_ros.rqt import look
from classroom_fer_ros.rqt.alert_list import AlertPanel
from classroom_fer_ros.rqt.answers import words_of
from classroom_fer_ros.rqt.class_plot import ClassPlot
from classroom_fer_ros.rqt.control_panel import ControlPanel
from classroom_fer_ros.rqt.facts import Answer
from classroom_fer_ros.rqt.model import MonitorModel
from classroom_fer_ros.rqt.people_dialogs import EnrolDialog, PeopleDialog
from classroom_fer_ros.rqt.picture_panel import VIEWS, PicturePanel
from classroom_fer_ros.rqt.qt import QShortcut, Qt, QtCore, QtGui, QtWidgets
from classroom_fer_ros.rqt.student_list import StudentList
from classroom_fer_ros.rqt.texts import WindowTexts, language_of_environment
from classroom_fer_ros.rqt.toasts import Toasts
from classroom_fer_ros.rqt.window_panel import WindowPanel

#: Widths of the three parts, and heights of those at the right, before the user changes them.
WIDTHS, HEIGHTS = (230, 720, 400), (340, 190, 190)


class MonitorWidget(QtWidgets.QWidget):
    """What a teacher watches. The same in rqt and by itself."""

    def __init__(self, model: MonitorModel, language: str = '', theme: str = look.SYSTEM) -> None:
        """:param language: empty for that of the desktop"""
        super().__init__()
        self.model = model
        self.texts = WindowTexts(language or language_of_environment())
        self._theme = theme
        self.controls = ControlPanel(model, self.texts)
        self.window_panel = WindowPanel(self.texts)
        self.pictures = PicturePanel(model, self.texts)
        self.students = StudentList(model, self.texts)
        self.alerts = AlertPanel(model, self.texts)
        self.plot = ClassPlot(model, self.texts)
        self.students_title = QtWidgets.QLabel()
        self.enrol = QtWidgets.QPushButton()
        self.toasts = Toasts(model, self)
        self.dialog: QtWidgets.QDialog | None = None
        self._lay_out()
        self._connect()
        self.set_theme(theme)
        self.set_language(self.texts.language)

    def _lay_out(self) -> None:
        left = QtWidgets.QWidget()
        left_layout = QtWidgets.QVBoxLayout(left)
        left_layout.setContentsMargins(0, 0, 4, 0)
        left_layout.addWidget(self.controls)
        left_layout.addWidget(self.window_panel)
        left_layout.addStretch(1)
        scroll = QtWidgets.QScrollArea()
        scroll.setWidget(left)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QtWidgets.QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        bar = scroll.verticalScrollBar().sizeHint().width()
        scroll.setMinimumWidth(left.minimumSizeHint().width() + bar)
        self.parts = QtWidgets.QSplitter(Qt.Orientation.Horizontal)
        self.lists = QtWidgets.QSplitter(Qt.Orientation.Vertical)
        for part in (self._student_panel(), self.alerts, self.plot):
            self.lists.addWidget(part)
        for part in (scroll, self.pictures, self.lists):
            self.parts.addWidget(part)
        self.parts.setStretchFactor(1, 1)
        self.parts.setSizes(list(WIDTHS))
        self.lists.setSizes(list(HEIGHTS))
        for splitter in (self.parts, self.lists):
            splitter.setChildrenCollapsible(False)
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(6, 6, 6, 6)
        layout.addWidget(self.parts)

    def _student_panel(self) -> QtWidgets.QWidget:
        panel = QtWidgets.QWidget()
        head = QtWidgets.QHBoxLayout()
        head.addWidget(self.students_title, 1)
        head.addWidget(self.enrol)
        layout = QtWidgets.QVBoxLayout(panel)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(head)
        layout.addWidget(self.students, 1)
        return panel

    def _connect(self) -> None:
        panel = self.window_panel
        panel.language_chosen.connect(self.set_language)
        panel.theme_chosen.connect(self.set_theme)
        panel.popups.toggled.connect(self._on_popups)
        panel.people.clicked.connect(lambda _=False: self.open_people())
        self.enrol.clicked.connect(lambda _=False: self.open_enrolment())
        self.model.students_changed.connect(self._refresh_title)
        self.model.selection_changed.connect(lambda _: self._refresh_title())
        self.model.answered.connect(self._on_answer)
        self.model.link.failed.connect(self._on_failure)
        self._shortcut('Ctrl+M', panel.popups.toggle)
        self._shortcut('Ctrl+K', self.alerts.acknowledge.click)
        self._shortcut('Ctrl+E', self.enrol.click)
        for number, view in enumerate(VIEWS, start=1):
            self._shortcut(f'Ctrl+{number}', self.pictures.buttons[view].click)

    def _shortcut(self, keys: str, action: Callable[[], object]) -> None:
        shortcut = QShortcut(QtGui.QKeySequence(keys), self)
        shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        shortcut.activated.connect(action)

    # What the user chooses

    def set_language(self, language: str) -> None:
        """Say everything in another language."""
        self.texts.language = language
        self.setWindowTitle(self.texts('title'))
        self.enrol.setText(self.texts('enrol'))
        self.enrol.setToolTip(self.texts('enrol_hint'))
        for part in (
            *(self.controls, self.window_panel, self.pictures),
            *(self.students, self.alerts, self.plot),
        ):
            part.say()
        self.window_panel.show_choice(language, self._theme)
        self._refresh_title()

    def set_theme(self, theme: str) -> None:
        """Take other colours."""
        self._theme = theme
        self.setPalette(look.palette_of(theme))
        self.setAutoFillBackground(True)
        self.window_panel.show_choice(self.texts.language, theme)

    def open_enrolment(self) -> None:
        """Give the selected face a name."""
        self._open(EnrolDialog(self.model, self.texts, self.students.crops, self))

    def open_people(self) -> None:
        """List the enrolled."""
        self._open(PeopleDialog(self.model, self.texts, self))

    def _open(self, dialog: QtWidgets.QDialog) -> None:
        if self.dialog is not None:
            self.dialog.close()
        self.dialog = dialog
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.destroyed.connect(lambda _=None, dialog=dialog: self._forget(dialog))
        dialog.show()

    def _forget(self, dialog: QtWidgets.QDialog) -> None:
        if self.dialog is dialog:
            self.dialog = None

    def _on_popups(self, are_on: bool) -> None:
        self.toasts.is_muted = not are_on
        if not are_on:
            self.toasts.clear()

    # What is heard

    def _refresh_title(self) -> None:
        count = len(self.model.students)
        self.students_title.setText(f'<b>{self.texts("students", count=count)}</b>')
        self.enrol.setEnabled(bool(self.model.selected))

    def _on_answer(self, answer: Answer) -> None:
        self.pictures.tell(words_of(answer, self.texts))

    def _on_failure(self, problem: str) -> None:
        self.pictures.tell(self.texts('unreadable', problem=problem))

    # Settings

    def state(self) -> dict[str, str]:
        """What is to be found again the next time, as texts."""
        return {
            'language': self.texts.language,
            'theme': self._theme,
            'view': self.pictures.view,
            'popups': str(int(not self.toasts.is_muted)),
            'filter': self.alerts.filter.currentData(),
            'plot': self.plot.view.currentData(),
            'parts': _hex(self.parts),
            'lists': _hex(self.lists),
        }

    def restore(self, state: Mapping[str, str]) -> None:
        """Find again what was saved; what cannot be is passed over."""
        if state.get('language') in languages():
            self.set_language(state['language'])
        if state.get('theme') in look.THEMES:
            self.set_theme(state['theme'])
        if state.get('view') in VIEWS:
            self.pictures.show_view(state['view'])
        self.window_panel.popups.setChecked(state.get('popups', '1') != '0')
        for box, key in ((self.alerts.filter, 'filter'), (self.plot.view, 'plot')):
            if box.findData(state.get(key)) >= 0:
                box.setCurrentIndex(box.findData(state[key]))
        for splitter, key in ((self.parts, 'parts'), (self.lists, 'lists')):
            saved = QtCore.QByteArray.fromHex(str(state.get(key, '')).encode())
            if not saved.isEmpty():
                splitter.restoreState(saved)


def _hex(splitter: QtWidgets.QSplitter) -> str:
    return bytes(splitter.saveState().toHex()).decode()
