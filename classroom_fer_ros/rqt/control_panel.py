"""The camera and what is analysed: controls act on the running system and show its state."""

from __future__ import annotations

import glob
import time
from dataclasses import dataclass

from classroom_fer_ros.core.profiles import PROFILES, Feature
from classroom_fer_ros.core.switches import ANALYSES, ANALYSIS_FEATURES
from classroom_fer_ros.nodes import topics
from classroom_fer_ros.rqt.facts import CAPTURE, CAPTURE_IS_ON, THRESHOLDS, Answer
from classroom_fer_ros.rqt.model import MonitorModel
from classroom_fer_ros.rqt.qt import Qt, QtWidgets
from classroom_fer_ros.rqt.texts import WindowTexts

SWITCHES = (*ANALYSES, CAPTURE)
#: What a profile must allow for each.
FEATURES = {**ANALYSIS_FEATURES, CAPTURE: Feature.CAPTURE}
#: Until then a switch shows what was asked for; a node tells once a second what is so.
PATIENCE_S = 4.0


@dataclass(frozen=True, slots=True)
class Unit:
    """How a threshold is shown: its unit, how much of it is 1, digits and step."""

    suffix: str
    scale: float = 1.0
    decimals: int = 1
    step: float = 0.5


SECONDS, PERCENT = Unit(' s'), Unit(' %', 100.0, 0, 5.0)
UNITS = {
    **{name: SECONDS for name in THRESHOLDS if name.endswith('_s')},
    'alerts.class_attention.below': PERCENT,
    'alerts.class_tired.from_share': PERCENT,
    'detection.min_score': Unit('', 1.0, 2, 0.05),
    'smoothing.min_confidence': PERCENT,
}


def threshold_key(name: str) -> str:
    """Key of a threshold's text."""
    return 'threshold_' + name.removeprefix('alerts.').replace('.', '_')


class ControlPanel(QtWidgets.QWidget):
    """Source, open and close, switches, profile, thresholds."""

    def __init__(self, model: MonitorModel, texts: WindowTexts) -> None:
        super().__init__()
        self._model, self._texts = model, texts
        self._asked: dict[str, tuple[bool, float]] = {}
        self._is_chosen = False
        self.camera_box = QtWidgets.QGroupBox()
        self.source = QtWidgets.QComboBox()
        self.open, self.close_camera = QtWidgets.QPushButton(), QtWidgets.QPushButton()
        self.profile = QtWidgets.QLabel()
        self.analyses_box = QtWidgets.QGroupBox()
        self.switches = {name: QtWidgets.QCheckBox() for name in SWITCHES}
        self.thresholds_box = QtWidgets.QGroupBox()
        self.thresholds = {name: _spin_box(UNITS[name]) for name in THRESHOLDS}
        self._labels = {name: QtWidgets.QLabel() for name in THRESHOLDS}
        self._lay_out()
        self._connect()
        self.say()

    def _lay_out(self) -> None:
        self.source.setEditable(True)
        self.source.setInsertPolicy(QtWidgets.QComboBox.InsertPolicy.NoInsert)
        self.source.setMinimumContentsLength(12)
        self.source.setSizeAdjustPolicy(
            QtWidgets.QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        buttons = QtWidgets.QHBoxLayout()
        buttons.addWidget(self.open)
        buttons.addWidget(self.close_camera)
        camera = QtWidgets.QVBoxLayout(self.camera_box)
        camera.addWidget(self.source)
        camera.addLayout(buttons)
        camera.addWidget(self.profile)
        analyses = QtWidgets.QVBoxLayout(self.analyses_box)
        for switch in self.switches.values():
            analyses.addWidget(switch)
        grid = QtWidgets.QFormLayout(self.thresholds_box)
        grid.setRowWrapPolicy(QtWidgets.QFormLayout.RowWrapPolicy.DontWrapRows)
        for name, box in self.thresholds.items():
            self._labels[name].setBuddy(box)
            grid.addRow(self._labels[name], box)
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for box in (self.camera_box, self.analyses_box, self.thresholds_box):
            layout.addWidget(box)
            for inner in (box.layout(),):
                inner.setContentsMargins(6, 6, 6, 6)
                inner.setSpacing(4)

    def _connect(self) -> None:
        self.source.lineEdit().textEdited.connect(self._on_choice)
        self.source.activated.connect(self._on_choice)
        self.open.clicked.connect(lambda _=False: self._on_open())
        self.source.lineEdit().returnPressed.connect(self.open.click)
        self.close_camera.clicked.connect(lambda _=False: self._model.close_camera())
        for name, switch in self.switches.items():
            switch.clicked.connect(lambda is_on, name=name: self._on_switch(name, is_on))
        for name, box in self.thresholds.items():
            box.editingFinished.connect(lambda name=name: self._on_threshold(name))
        self._model.controls_changed.connect(self.refresh)
        self._model.answered.connect(self._on_answer)

    def say(self) -> None:
        """Say everything in the language of now."""
        texts = self._texts
        self.camera_box.setTitle(texts('camera'))
        self.source.setAccessibleName(texts('source'))
        self.source.lineEdit().setPlaceholderText(texts('source_hint'))
        self.source.setToolTip(texts('source_hint'))
        self.open.setText(texts('open'))
        self.close_camera.setText(texts('close'))
        self.analyses_box.setTitle(texts('analyses'))
        self.thresholds_box.setTitle(texts('thresholds'))
        for name, switch in self.switches.items():
            switch.setText(texts(name))
        for name, label in self._labels.items():
            label.setText(texts(threshold_key(name)))
        self.thresholds['smoothing.min_confidence'].setSpecialValueText(texts('card_limit'))
        self.refresh()

    def refresh(self) -> None:
        """Show what is so now, but for what the user is about to change."""
        model = self._model
        is_there = topics.OPEN_CAMERA in model.system.graph.services
        self.open.setEnabled(is_there)
        self.close_camera.setEnabled(is_there and model.system.is_open)
        self._refresh_source()
        profile = model.system.profile or self._texts('profile_unknown')
        self.profile.setText(f'{self._texts("profile")}: {profile}')
        for name in SWITCHES:
            self._refresh_switch(name)
        for name, box in self.thresholds.items():
            self._refresh_threshold(name, box)

    def _refresh_source(self) -> None:
        if self._is_chosen or self.source.view().isVisible():
            return
        offered = ['simulated', *sorted(glob.glob('/dev/video*'))]  # noqa: PTH207
        offered += [f'topic:{name}' for name in self._model.system.graph.picture_topics]
        shown = [self.source.itemText(i) for i in range(self.source.count())]
        if shown != offered:
            self.source.clear()
            self.source.addItems(offered)
        text = self._model.system.source
        if text and self.source.currentText() != text:
            self.source.setEditText(text)

    def _on_choice(self, *_: object) -> None:
        """What the user types or chooses stays until it is opened."""
        self._is_chosen = True

    def _on_open(self) -> None:
        self._is_chosen = False
        self._model.open_camera(self.source.currentText().strip())

    def _refresh_switch(self, name: str) -> None:
        switch, model = self.switches[name], self._model
        is_on = model.system.is_on(name)
        asked, until_s = self._asked.get(name, (is_on, 0.0))
        if is_on == asked or time.monotonic() > until_s:
            self._asked.pop(name, None)
            asked = is_on
        switch.setChecked(asked)
        is_offered = model.system.is_offered(name)
        profile, feature = PROFILES.get(model.system.profile), FEATURES.get(name)
        is_allowed = profile is None or feature is None or profile.allows(feature)
        switch.setEnabled(is_offered and is_allowed)
        if not is_allowed:
            switch.setToolTip(self._texts('forbidden', profile=model.system.profile))
        else:
            switch.setToolTip('' if is_offered else self._texts('not_offered'))

    def _refresh_threshold(self, name: str, box: QtWidgets.QDoubleSpinBox) -> None:
        value, known = self._model.system.value(name), self._model.system.range(name)
        box.setEnabled(value is not None)
        if value is None or box.hasFocus():
            return
        scale = UNITS[name].scale
        if known is not None:
            box.setRange(known.low * scale, known.high * scale)
            box.setToolTip(f'{name}: {known.description}')
        box.setValue(value * scale)

    def _on_switch(self, name: str, is_on: bool) -> None:
        self._asked[name] = is_on, time.monotonic() + PATIENCE_S
        self._model.switch(name, is_on)

    def _on_threshold(self, name: str) -> None:
        value, shown = self._model.system.value(name), self.thresholds[name].value()
        scale = UNITS[name].scale
        if value is not None and abs(value * scale - shown) > 0.5 * 10 ** -UNITS[name].decimals:
            self._model.set_parameter(name, shown / scale)

    def _on_answer(self, answer: Answer) -> None:
        """What was refused goes back at once."""
        if not answer.is_success:
            name = CAPTURE if answer.name == CAPTURE_IS_ON else answer.name
            self._asked.pop(name.removeprefix('enable_'), None)
            self.refresh()


def _spin_box(unit: Unit) -> QtWidgets.QDoubleSpinBox:
    box = QtWidgets.QDoubleSpinBox()
    box.setDecimals(unit.decimals)
    box.setSingleStep(unit.step)
    box.setSuffix(unit.suffix)
    box.setRange(0.0, 1e6)
    box.setKeyboardTracking(False)
    box.setEnabled(False)
    box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # the wheel scrolls the panel instead
    box.setMaximumWidth(110)
    return box
