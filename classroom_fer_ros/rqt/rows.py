"""A list of things that change in place, so that scrolling and focus stay where they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from classroom_fer_ros.rqt.qt import Qt, QtCore, QtGui, QtWidgets

#: Role under which a row's thing is found.
THING = Qt.ItemDataRole.UserRole


def begin_row(painter: QtGui.QPainter, option: QtWidgets.QStyleOptionViewItem) -> QtGui.QColor:
    """Paint what lies behind a row, selected or not, and give the colour to write with."""
    is_selected = bool(option.state & QtWidgets.QStyle.StateFlag.State_Selected)
    if is_selected:
        painter.fillRect(option.rect, option.palette.highlight())
    role = QtGui.QPalette.ColorRole
    return option.palette.color(role.HighlightedText if is_selected else role.Text)


class Rows(QtCore.QAbstractListModel):
    """Rows of a list; `words` tells screen readers and tool tips what a row says."""

    def __init__(self, words: Callable[[Any], str]) -> None:
        super().__init__()
        self.things: list[Any] = []
        self._words = words

    def show(self, things: Sequence[Any]) -> None:
        """Show these from now on."""
        before, after = len(self.things), len(things)
        nowhere = QtCore.QModelIndex()
        if after > before:
            self.beginInsertRows(nowhere, before, after - 1)
            self.things = list(things)
            self.endInsertRows()
        elif after < before:
            self.beginRemoveRows(nowhere, after, before - 1)
            self.things = list(things)
            self.endRemoveRows()
        self.things = list(things)
        if things:
            self.dataChanged.emit(self.index(0), self.index(after - 1))

    def rowCount(self, parent: QtCore.QModelIndex | None = None) -> int:  # noqa: N802
        return 0 if parent is not None and parent.isValid() else len(self.things)

    def data(self, index: QtCore.QModelIndex, role: int = 0) -> Any:
        if not index.isValid() or index.row() >= len(self.things):
            return None
        thing = self.things[index.row()]
        if role == THING:
            return thing
        if role in (
            Qt.ItemDataRole.DisplayRole,
            Qt.ItemDataRole.ToolTipRole,
            Qt.ItemDataRole.AccessibleTextRole,
        ):
            return self._words(thing)
        return None
