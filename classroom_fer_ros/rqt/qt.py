"""
Qt, whichever binding there is: that of rqt where it is installed, else PyQt5, PySide6 or PyQt6.

The other modules write enums in full (`Qt.AlignmentFlag.AlignLeft`), which Qt 5 and 6 both take.
"""

from __future__ import annotations

import importlib
import os
from types import ModuleType

from classroom_fer_ros.core.errors import ClassroomFerError

#: Names one of `BINDINGS`, where not the first that can be imported is wanted.
CHOICE = 'CLASSROOM_FER_QT'
BINDINGS = ('python_qt_binding', 'PyQt5', 'PySide6', 'PyQt6')


class QtError(ClassroomFerError):
    """There is no Qt for Python, or the libraries that it needs are missing."""


def _load() -> tuple[str, tuple[ModuleType, ModuleType, ModuleType]]:
    """Name and modules of the first binding that can be imported."""
    chosen = os.environ.get(CHOICE)
    problems = []
    for name in (chosen,) if chosen else BINDINGS:
        try:
            parts = tuple(
                importlib.import_module(f'{name}.{part}')
                for part in ('QtCore', 'QtGui', 'QtWidgets')
            )
        except ImportError as error:
            problems.append(f'{name}: {error}')
            continue
        return name, parts
    raise QtError(
        'no Qt for Python can be imported: run `make monitor`, which installs it, or sudo apt-get '
        'install python3-pyqt5 libgl1 libegl1 libxkbcommon-x11-0 (' + '; '.join(problems) + ')'
    )


BINDING, (QtCore, QtGui, QtWidgets) = _load()
Qt = QtCore.Qt
Signal = getattr(QtCore, 'Signal', None) or QtCore.pyqtSignal
#: Qt 6 moved them from the widgets to the GUI module.
QAction = getattr(QtGui, 'QAction', None) or QtWidgets.QAction
QShortcut = getattr(QtGui, 'QShortcut', None) or QtWidgets.QShortcut
