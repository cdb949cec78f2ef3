"""Enrolling somebody from a face, and the list of the enrolled."""

from __future__ import annotations

from classroom_fer_ros.nodes import topics
from classroom_fer_ros.rqt.answers import words_of
from classroom_fer_ros.rqt.facts import Answer
from classroom_fer_ros.rqt.model import MonitorModel
from classroom_fer_ros.rqt.qt import Qt, QtGui, QtWidgets
from classroom_fer_ros.rqt.student_list import Crops
from classroom_fer_ros.rqt.texts import WindowTexts

VIEW_PX = 64


class EnrolDialog(QtWidgets.QDialog):
    """Gives the selected face a name, and shows the views that go by while the system looks."""

    def __init__(
        self, model: MonitorModel, texts: WindowTexts, crops: Crops, parent: QtWidgets.QWidget
    ) -> None:
        super().__init__(parent)
        self._model, self._texts, self._crops = model, texts, crops
        self.setWindowTitle(texts('enrol_title'))
        self.face = QtWidgets.QLabel()
        self.name = QtWidgets.QLineEdit()
        self.enrol = QtWidgets.QPushButton(texts('enrol_action'))
        self.enrol.setDefault(True)
        self.views = QtWidgets.QListWidget()
        self.message = QtWidgets.QLabel()
        self._is_waiting = False
        self._lay_out()
        self.name.textChanged.connect(lambda _: self._refresh())
        self.enrol.clicked.connect(lambda _=False: self._on_enrol())
        model.selection_changed.connect(lambda _: self._refresh())
        model.students_changed.connect(self._on_students)
        model.answered.connect(self._on_answer)
        self._refresh()

    def _lay_out(self) -> None:
        self.face.setFixedSize(VIEW_PX, VIEW_PX)
        self.views.setViewMode(QtWidgets.QListView.ViewMode.IconMode)
        self.views.setIconSize(self.face.size())
        self.views.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.views.setFixedHeight(VIEW_PX + 24)
        self.message.setWordWrap(True)
        self.count = QtWidgets.QLabel()
        advice = QtWidgets.QLabel(self._texts('enrol_advice'))
        advice.setWordWrap(True)
        label = QtWidgets.QLabel(self._texts('name'))
        label.setBuddy(self.name)
        top = QtWidgets.QGridLayout()
        top.addWidget(self.face, 0, 0, 2, 1)
        top.addWidget(label, 0, 1)
        top.addWidget(self.name, 0, 2)
        top.addWidget(self.enrol, 1, 2)
        done = QtWidgets.QPushButton(self._texts('done'))
        done.clicked.connect(lambda _=False: self.close())
        layout = QtWidgets.QVBoxLayout(self)
        layout.addLayout(top)
        for widget in (self.count, self.views, advice, self.message, done):
            layout.addWidget(widget)
        self.setMinimumWidth(360)

    def _crop(self) -> QtGui.QImage | None:
        selected = self._model.selected
        return self._crops.crop(selected, VIEW_PX) if selected else None

    def _refresh(self) -> None:
        crop = self._crop()
        if crop is None:
            self.face.clear()
            key = 'face_gone' if self._model.selected else 'no_face_selected'
            self.message.setText(self._texts(key))
        else:
            self.face.setPixmap(QtGui.QPixmap.fromImage(crop))
            if self.message.text() in (
                self._texts('face_gone'),
                self._texts('no_face_selected'),
            ):
                self.message.clear()
        is_ready = crop is not None and bool(self._person_name)
        self.enrol.setEnabled(is_ready and not self._is_waiting)
        self.count.setText(self._texts('views', count=self.views.count()))

    def _on_students(self) -> None:
        if self._is_waiting:
            self._add_view()
        self._refresh()

    def _add_view(self) -> None:
        crop = self._crop()
        if crop is not None:
            icon = QtGui.QIcon(QtGui.QPixmap.fromImage(crop))
            self.views.addItem(QtWidgets.QListWidgetItem(icon, ''))
            self.views.scrollToBottom()

    @property
    def _person_name(self) -> str:
        return self.name.text().strip()

    def _on_enrol(self) -> None:
        self._is_waiting = True
        self.views.clear()
        self._add_view()
        self._model.link.requests.ask(
            topics.ENROLL_PERSON, face_id=self._model.selected, person_name=self._person_name
        )
        self._refresh()

    def _on_answer(self, answer: Answer) -> None:
        if answer.name != topics.ENROLL_PERSON:
            return
        self._is_waiting = False
        self.message.setText(words_of(answer, self._texts))
        self._refresh()


class PeopleDialog(QtWidgets.QDialog):
    """Who is enrolled, and a way to erase them."""

    def __init__(self, model: MonitorModel, texts: WindowTexts, parent: QtWidgets.QWidget) -> None:
        super().__init__(parent)
        self._model, self._texts = model, texts
        self.setWindowTitle(texts('people_title'))
        self.list = QtWidgets.QListWidget()
        self.forget = QtWidgets.QPushButton(texts('forget'))
        self.refresh = QtWidgets.QPushButton(texts('refresh'))
        self.message = QtWidgets.QLabel()
        self.message.setWordWrap(True)
        done = QtWidgets.QPushButton(texts('done'))
        buttons = QtWidgets.QHBoxLayout()
        for button in (self.forget, self.refresh, done):
            buttons.addWidget(button)
        layout = QtWidgets.QVBoxLayout(self)
        layout.addWidget(self.list, 1)
        layout.addWidget(self.message)
        layout.addLayout(buttons)
        self.forget.clicked.connect(lambda _=False: self._on_forget())
        self.refresh.clicked.connect(lambda _=False: self.ask())
        done.clicked.connect(lambda _=False: self.close())
        self.list.currentItemChanged.connect(lambda *_: self._refresh())
        model.answered.connect(self._on_answer)
        self._refresh()
        self.ask()

    def ask(self) -> None:
        """Ask the system who is enrolled."""
        self._model.link.requests.ask(topics.LIST_PEOPLE)

    def confirm(self, name: str) -> bool:
        """Ask the user; nothing brings an erased person back."""
        question = self._texts('forget_question', name=name)
        buttons = QtWidgets.QMessageBox.StandardButton
        answer = QtWidgets.QMessageBox.question(
            self, self.windowTitle(), question, buttons.Yes | buttons.Cancel, buttons.Cancel
        )
        return answer == buttons.Yes

    def _refresh(self) -> None:
        self.forget.setEnabled(self.list.currentItem() is not None)

    def _on_forget(self) -> None:
        item = self.list.currentItem()
        if item is not None and self.confirm(item.text()):
            person_id = item.data(Qt.ItemDataRole.UserRole)
            self._model.link.requests.ask(topics.FORGET_PERSON, person_id=person_id)

    def _on_answer(self, answer: Answer) -> None:
        if answer.name == topics.LIST_PEOPLE:
            self._show(answer)
        elif answer.name in (topics.FORGET_PERSON, topics.ENROLL_PERSON):
            self.message.setText(words_of(answer, self._texts))
            self.ask()

    def _show(self, answer: Answer) -> None:
        if not answer.is_success:
            self.message.setText(words_of(answer, self._texts))
        self.list.clear()
        response = answer.response
        ids = response.person_ids if response is not None else ()
        for person_id, name in zip(ids, response.person_names if ids else (), strict=True):
            item = QtWidgets.QListWidgetItem(name)
            item.setData(Qt.ItemDataRole.UserRole, person_id)
            item.setToolTip(person_id)
            self.list.addItem(item)
        self._refresh()
