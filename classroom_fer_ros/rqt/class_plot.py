"""The class over the last minutes."""

from __future__ import annotations

from classroom_fer_ros.core.labels import EXPRESSION_LABELS
from classroom_fer_ros.core.results import Trend
from classroom_fer_ros.rqt import look
from classroom_fer_ros.rqt.class_history import CURVES, SPAN_S
from classroom_fer_ros.rqt.model import MonitorModel
from classroom_fer_ros.rqt.qt import Qt, QtCore, QtGui, QtWidgets
from classroom_fer_ros.rqt.texts import WindowTexts

try:
    import pyqtgraph  # takes the binding that is imported already
except ImportError:  # apt has it as python3-pyqtgraph; all else works without
    pyqtgraph = None

#: Gives way to what matters more.
SHRINKING = (QtWidgets.QSizePolicy.Policy.Ignored, QtWidgets.QSizePolicy.Policy.Preferred)
#: Curves of each view, by the key of its text.
VIEWS = {'shares': CURVES[:3], 'expressions': EXPRESSION_LABELS}
#: What a curve is called, where not as itself.
CURVE_KEYS = {
    'tired': 'class_tired',
    **{label: f'expression.{label}' for label in EXPRESSION_LABELS},
}
#: Lines differ too, for whom colours do not.
STYLES = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DotLine)


class ClassPlot(QtWidgets.QWidget):
    """Shares of the class as curves, and what they are now in words."""

    def __init__(self, model: MonitorModel, texts: WindowTexts) -> None:
        super().__init__()
        self._model, self._texts = model, texts
        self.title, self.line = QtWidgets.QLabel(), QtWidgets.QLabel()
        self.legend = QtWidgets.QLabel()
        self.legend.setWordWrap(True)
        self.line.setSizePolicy(*SHRINKING)
        self.view = QtWidgets.QComboBox()
        for key in VIEWS:
            self.view.addItem('', key)
        self.plot = None if pyqtgraph is None else pyqtgraph.PlotWidget()
        self.curves: dict[str, object] = {}
        self._lay_out()
        self.view.currentIndexChanged.connect(lambda _: self.refresh())
        model.class_changed.connect(self.refresh)
        self.say()

    def _lay_out(self) -> None:
        head = QtWidgets.QHBoxLayout()
        head.addWidget(self.title)
        head.addWidget(self.line, 1)
        head.addWidget(self.view)
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(head)
        if self.plot is None:
            self.notice = QtWidgets.QLabel()
            self.notice.setWordWrap(True)
            layout.addWidget(self.notice, 1)
            return
        self._set_up_plot()
        layout.addWidget(self.plot, 1)
        layout.addWidget(self.legend)

    def _set_up_plot(self) -> None:
        item = self.plot.getPlotItem()
        item.setXRange(-SPAN_S / 60, 0, padding=0.01)
        item.setYRange(0, 100, padding=0.08)
        item.setMouseEnabled(False, False)
        item.setMenuEnabled(False)
        item.hideButtons()
        item.showGrid(y=True, alpha=0.2)
        item.getAxis('left').setWidth(32)
        item.getAxis('left').setTicks([[(share, f'{share}') for share in (0, 50, 100)]])
        self.plot.setMinimumHeight(70)
        for i, name in enumerate(CURVES):
            style = STYLES[i % len(STYLES)]
            pen = pyqtgraph.mkPen(look.CURVE_COLORS[i], width=2, style=style)
            self.curves[name] = item.plot(pen=pen, connect='finite')
        self._color()

    def say(self) -> None:
        """Say everything in the language of now."""
        self.title.setText(f'<b>{self._texts("class")}</b>')
        for i, key in enumerate(VIEWS):
            self.view.setItemText(i, self._texts(key))
        if self.plot is None:
            self.notice.setText(self._texts('no_pyqtgraph'))
        self.refresh()

    def changeEvent(self, event: QtCore.QEvent) -> None:  # noqa: N802
        if event.type() == QtCore.QEvent.Type.PaletteChange and self.plot is not None:
            self._color()
        super().changeEvent(event)

    def _color(self) -> None:
        """Take the colours of the other widgets."""
        role = QtGui.QPalette.ColorRole
        self.plot.setBackground(self.palette().color(role.Base))
        for side in ('left', 'bottom'):
            axis = self.plot.getPlotItem().getAxis(side)
            axis.setTextPen(self.palette().color(role.Text))
            axis.setPen(self.palette().color(role.Mid))

    def refresh(self) -> None:
        """Draw what is known now."""
        self.line.setText(self._words())
        shown = VIEWS[self.view.currentData()]
        if self.plot is None:
            return
        ago_s, curves = self._model.history.curves()
        for name, curve in self.curves.items():
            curve.setVisible(name in shown)
            if name in shown:
                curve.setData(ago_s / 60, curves[name])
        self.legend.setText('  '.join(self._entry(name, curves[name]) for name in shown))

    def _entry(self, name: str, shares: object) -> str:
        """A line of the legend: colour, name, and the share of now."""
        color = look.CURVE_COLORS[CURVES.index(name)]
        word = self._texts(CURVE_KEYS.get(name, name)).replace(' ', '\N{NO-BREAK SPACE}')
        word = '\N{WORD JOINER}'.join(word)  # Chinese may be broken anywhere
        now = f'&nbsp;{shares[-1]:.0f}&nbsp;%' if len(shares) and shares[-1] == shares[-1] else ''
        mark = '▬▪●'[CURVES.index(name) % len(STYLES)]
        return f'<span style="color:{color}">{mark}</span>&nbsp;{word}{now}'

    def _words(self) -> str:
        state = self._model.class_state
        if state is None:
            return ''
        words = self._texts('class_line', seen=state.num_seen, judged=state.num_judged)
        if state.attentive_share != state.attentive_share and state.num_judged < 5:
            return f'{words} · {self._texts("few_judged")}'
        if state.trend is not Trend.UNKNOWN:
            words += f' · {self._texts(f"trend_{state.trend.value}")}'
        return words
