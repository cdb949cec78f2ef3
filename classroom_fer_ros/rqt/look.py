"""
Colours and symbols. Meaning is never in a colour alone: each severity has a shape too.

Colours are Okabe and Ito's (2008), which colour-blind people can tell apart.
"""

from __future__ import annotations

import math

from classroom_fer_ros.core.results import Direction, FatigueState, Severity
from classroom_fer_ros.rqt.qt import Qt, QtCore, QtGui, QtWidgets

SYSTEM, LIGHT, DARK = 'system', 'light', 'dark'
THEMES = (SYSTEM, LIGHT, DARK)
SEVERITY_COLORS = {
    Severity.NOTICE: QtGui.QColor(86, 180, 233),
    Severity.WARNING: QtGui.QColor(230, 159, 0),
    Severity.URGENT: QtGui.QColor(213, 94, 0),
}
FATIGUE_COLORS = {
    FatigueState.UNKNOWN: QtGui.QColor(150, 150, 150),
    FatigueState.AWAKE: QtGui.QColor(0, 158, 115),
    FatigueState.DROWSY: QtGui.QColor(240, 228, 66),
    FatigueState.TIRED: QtGui.QColor(230, 159, 0),
    FatigueState.ASLEEP: QtGui.QColor(213, 94, 0),
}
BOX_COLOR = QtGui.QColor(86, 180, 233)
SELECTED_COLOR = QtGui.QColor(255, 255, 255)
BAR_COLOR = QtGui.QColor(0, 114, 178)
#: Curves of the class and of expressions, in the order of `class_history.CURVES`.
CURVE_COLORS = (
    *('#0072b2', '#d55e00', '#e69f00'),
    *('#d55e00', '#8c6d31', '#9467bd', '#e69f00', '#0072b2', '#cc79a7', '#7f7f7f'),
)
#: Turned by so much clockwise, an arrow that points up shows the direction in the picture.
ARROW_DEG = {Direction.UP: 0, Direction.LEFT: 90, Direction.DOWN: 180, Direction.RIGHT: 270}


def severity_shape(severity: Severity, box: QtCore.QRectF) -> QtGui.QPainterPath:
    """A circle, a triangle, or an octagon, in a square."""
    path = QtGui.QPainterPath()
    if severity is Severity.NOTICE:
        path.addEllipse(box)
        return path
    corners, start_deg = (3, -90.0) if severity is Severity.WARNING else (8, 22.5)
    center, radius = box.center(), box.width() / 2 * (1.15 if corners == 3 else 1.05)
    shift = 0.12 * box.height() if corners == 3 else 0.0
    points = [
        QtCore.QPointF(
            center.x() + radius * math.cos(math.radians(start_deg + 360 / corners * i)),
            center.y() + shift + radius * math.sin(math.radians(start_deg + 360 / corners * i)),
        )
        for i in range(corners)
    ]
    path.addPolygon(QtGui.QPolygonF(points))
    path.closeSubpath()
    return path


def draw_severity(
    painter: QtGui.QPainter, severity: Severity, box: QtCore.QRectF, is_hollow: bool = False
) -> None:
    """Draw the symbol; hollow for what is over or was seen."""
    painter.save()
    painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
    color = SEVERITY_COLORS[severity]
    painter.setPen(QtGui.QPen(color if is_hollow else color.darker(150), 1.5))
    painter.setBrush(Qt.BrushStyle.NoBrush if is_hollow else color)
    painter.drawPath(severity_shape(severity, box))
    if not is_hollow and severity is not Severity.NOTICE:
        painter.setPen(QtGui.QPen(QtGui.QColor('black'), max(1.5, box.width() / 8)))
        x, top, height = box.center().x(), box.top(), box.height()
        painter.drawLine(
            QtCore.QPointF(x, top + 0.32 * height), QtCore.QPointF(x, top + 0.62 * height)
        )
        painter.drawPoint(QtCore.QPointF(x, top + 0.82 * height))
    painter.restore()


def draw_arrow(
    painter: QtGui.QPainter, direction: Direction, box: QtCore.QRectF, color: QtGui.QColor
) -> None:
    """Draw where a head points, as seen in the picture; a dot for ahead, nothing if unknown."""
    if direction is Direction.UNKNOWN:
        return
    painter.save()
    painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color)
    painter.translate(box.center())
    size = box.width() / 2
    if direction is Direction.AHEAD:
        painter.drawEllipse(QtCore.QPointF(0, 0), size / 2.5, size / 2.5)
    else:
        painter.rotate(ARROW_DEG[direction])
        corners = ((0.0, -1.0), (0.8, 0.7), (0.0, 0.3), (-0.8, 0.7))
        points = [QtCore.QPointF(x * size, y * size) for x, y in corners]
        painter.drawPolygon(QtGui.QPolygonF(points))
    painter.restore()


def palette_of(theme: str) -> QtGui.QPalette:
    """Colours of a theme; those of the desktop where the theme is the system's."""
    if theme == SYSTEM:
        return QtWidgets.QApplication.palette()
    role = QtGui.QPalette.ColorRole
    window, base, text, button, dim = (
        ('#2b2b2b', '#1f1f1f', '#e8e8e8', '#3a3a3a', '#8c8c8c')
        if theme == DARK
        else ('#f3f3f3', '#ffffff', '#1a1a1a', '#e6e6e6', '#777777')
    )
    palette = QtGui.QPalette(QtGui.QColor(button), QtGui.QColor(window))
    for one in (role.WindowText, role.Text, role.ButtonText, role.ToolTipText):
        palette.setColor(one, QtGui.QColor(text))
        palette.setColor(QtGui.QPalette.ColorGroup.Disabled, one, QtGui.QColor(dim))
    palette.setColor(role.Base, QtGui.QColor(base))
    palette.setColor(role.AlternateBase, QtGui.QColor(window))
    palette.setColor(role.ToolTipBase, QtGui.QColor(base))
    palette.setColor(role.PlaceholderText, QtGui.QColor(dim))
    palette.setColor(role.Highlight, BAR_COLOR)
    palette.setColor(role.HighlightedText, QtGui.QColor('white'))
    return palette
