"""How the window itself looks and speaks."""

from __future__ import annotations

from classroom_fer_ros.rqt import look
from classroom_fer_ros.rqt.qt import QtWidgets, Signal
from classroom_fer_ros.rqt.texts import WindowTexts, language_names


class WindowPanel(QtWidgets.QGroupBox):
    """Language, colours, pop-ups, and the way to the enrolled people."""

    language_chosen = Signal(str)
    theme_chosen = Signal(str)

    def __init__(self, texts: WindowTexts) -> None:
        super().__init__()
        self._texts = texts
        self.language, self.theme = QtWidgets.QComboBox(), QtWidgets.QComboBox()
        for language, name in language_names().items():
            self.language.addItem(name, language)
        for theme in look.THEMES:
            self.theme.addItem('', theme)
        self.popups = QtWidgets.QCheckBox()
        self.popups.setChecked(True)
        self.people = QtWidgets.QPushButton()
        self._language_label, self._theme_label = QtWidgets.QLabel(), QtWidgets.QLabel()
        layout = QtWidgets.QFormLayout(self)
        layout.setContentsMargins(6, 6, 6, 6)
        layout.setSpacing(4)
        layout.addRow(self._language_label, self.language)
        layout.addRow(self._theme_label, self.theme)
        layout.addRow(self.popups)
        layout.addRow(self.people)
        self.language.activated.connect(
            lambda _=0: self.language_chosen.emit(self.language.currentData())
        )
        self.theme.activated.connect(lambda _=0: self.theme_chosen.emit(self.theme.currentData()))
        self.say()

    def say(self) -> None:
        """Say everything in the language of now."""
        texts = self._texts
        self.setTitle(texts('window'))
        self._language_label.setText(texts('language'))
        self._theme_label.setText(texts('theme'))
        for i, theme in enumerate(look.THEMES):
            self.theme.setItemText(i, texts(f'theme_{theme}'))
        self.popups.setText(texts('popups'))
        self.popups.setToolTip(texts('popups_hint'))
        self.people.setText(texts('people'))

    def show_choice(self, language: str, theme: str) -> None:
        """Show what was restored."""
        self.language.setCurrentIndex(self.language.findData(language))
        self.theme.setCurrentIndex(self.theme.findData(theme))
