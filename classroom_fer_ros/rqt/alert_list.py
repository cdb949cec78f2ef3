"""The alerts: newest first, filtered, acknowledged, and a way to who they are about."""

from __future__ import annotations

import time
from collections.abc import Callable

from classroom_fer_ros.core.results import Alert, AlertStatus, Severity
from classroom_fer_ros.rqt import look
from classroom_fer_ros.rqt.model import MonitorModel
from classroom_fer_ros.rqt.qt import Qt, QtCore, QtGui, QtWidgets
from classroom_fer_ros.rqt.rows import THING, Rows, begin_row
from classroom_fer_ros.rqt.texts import WindowTexts

MARGIN_PX = 4
#: Which alerts are shown, by the key of the filter's text.
FILTERS: dict[str, Callable[[Alert], bool]] = {
    'filter_standing': lambda alert: alert.status is not AlertStatus.CLEARED,
    'filter_all': lambda alert: True,
    'filter_urgent': lambda alert: alert.severity is Severity.URGENT,
    'filter_warning': lambda alert: alert.severity is not Severity.NOTICE,
    'filter_people': lambda alert: bool(alert.subject),
    'filter_class': lambda alert: alert.kind.value.startswith('class_'),
}


class AlertPanel(QtWidgets.QWidget):
    """The list, what is shown in it, and the button of the teacher who has seen one."""

    def __init__(self, model: MonitorModel, texts: WindowTexts) -> None:
        super().__init__()
        self._model, self._texts = model, texts
        self._rows = Rows(self._line)
        self.title = QtWidgets.QLabel()
        self.filter = QtWidgets.QComboBox()
        for key in FILTERS:
            self.filter.addItem('', key)
        self.list = QtWidgets.QListView()
        self.list.setModel(self._rows)
        self.list.setItemDelegate(AlertDelegate(texts, self.list))
        self.list.setUniformItemSizes(True)
        self.acknowledge = QtWidgets.QPushButton()
        self._lay_out()
        self.filter.currentIndexChanged.connect(lambda _: self._refresh())
        self.acknowledge.clicked.connect(lambda _=False: self._acknowledge())
        self.list.clicked.connect(self._jump)
        self.list.activated.connect(self._jump)
        self.list.selectionModel().currentChanged.connect(lambda *_: self._refresh_button())
        model.alerts_changed.connect(self._refresh)
        self.say()

    def _lay_out(self) -> None:
        head = QtWidgets.QHBoxLayout()
        head.addWidget(self.title)
        head.addStretch(1)
        head.addWidget(self.filter)
        head.addWidget(self.acknowledge)
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(head)
        layout.addWidget(self.list, 1)

    def say(self) -> None:
        """Say everything in the language of now."""
        self.title.setText(f'<b>{self._texts("alerts")}</b>')
        self.list.setAccessibleName(self._texts('alerts'))
        self.acknowledge.setText(self._texts('acknowledge'))
        for i, key in enumerate(FILTERS):
            self.filter.setItemText(i, self._texts(key))
        self._refresh()

    @property
    def shown(self) -> list[Alert]:
        """What is in the list now."""
        return list(self._rows.things)

    @property
    def current(self) -> Alert | None:
        """The chosen one."""
        index = self.list.currentIndex()
        return index.data(THING) if index.isValid() else None

    def _refresh(self) -> None:
        """The chosen one stays chosen."""
        chosen = self.current
        wanted = FILTERS[self.filter.currentData()]
        shown = [alert for alert in self._model.log.newest_first if wanted(alert)]
        self._rows.show(shown)
        ids = [alert.alert_id for alert in shown]
        if chosen is not None and chosen.alert_id in ids:
            self.list.setCurrentIndex(self._rows.index(ids.index(chosen.alert_id)))
        else:
            self.list.setCurrentIndex(QtCore.QModelIndex())
        self._refresh_button()

    def _refresh_button(self) -> None:
        current = self.current
        self.acknowledge.setEnabled(current is not None and current.status is AlertStatus.RAISED)

    def _acknowledge(self) -> None:
        if self.current is not None:
            self._model.acknowledge(self.current.alert_id)

    def _jump(self, index: QtCore.QModelIndex) -> None:
        self._model.jump_to(index.data(THING))

    def _line(self, alert: Alert) -> str:
        return f'{self._texts(f"severity.{alert.severity.name.lower()}")}: {alert.text}'


class AlertDelegate(QtWidgets.QStyledItemDelegate):
    """Paints one alert: its symbol, its text, since when, and whether it is over."""

    def __init__(self, texts: WindowTexts, parent: QtCore.QObject) -> None:
        super().__init__(parent)
        self._texts = texts

    def sizeHint(  # noqa: N802
        self, option: QtWidgets.QStyleOptionViewItem, index: QtCore.QModelIndex
    ) -> QtCore.QSize:
        return QtCore.QSize(120, option.fontMetrics.height() + 2 * MARGIN_PX)

    def paint(
        self,
        painter: QtGui.QPainter,
        option: QtWidgets.QStyleOptionViewItem,
        index: QtCore.QModelIndex,
    ) -> None:
        alert: Alert = index.data(THING)
        painter.save()
        ink = begin_row(painter, option)
        if alert.status is AlertStatus.CLEARED:
            ink.setAlpha(140)
        rect = QtCore.QRectF(option.rect).adjusted(MARGIN_PX, 0, -MARGIN_PX, 0)
        size = option.fontMetrics.height() * 0.8
        symbol = QtCore.QRectF(rect.left(), rect.center().y() - size / 2, size, size)
        look.draw_severity(painter, alert.severity, symbol, alert.status is not AlertStatus.RAISED)
        painter.setPen(ink)
        when = self._when(alert)
        painter.drawText(rect, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, when)
        room = option.fontMetrics.horizontalAdvance(when) + 2 * MARGIN_PX
        body = rect.adjusted(size + 2 * MARGIN_PX, 0, -room, 0)
        text = painter.fontMetrics().elidedText(
            alert.text, Qt.TextElideMode.ElideRight, int(body.width())
        )
        painter.drawText(body, Qt.AlignmentFlag.AlignVCenter, text)
        painter.restore()

    def _when(self, alert: Alert) -> str:
        """Time of day, where the pictures' stamps are of this day and age."""
        words = {
            AlertStatus.CLEARED: 'status.cleared',
            AlertStatus.ACKNOWLEDGED: 'status.acknowledged',
        }
        key = words.get(alert.status)
        since = time.strftime('%H:%M', time.localtime(alert.since_s))
        return f'{self._texts(key)} · {since}' if key else since
