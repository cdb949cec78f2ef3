"""The window comes up where only apt's packages are, with either Qt."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys

import pytest

#: What neither Ubuntu nor ROS has as a package; pyqtgraph is there, but may be left out.
BLOCKED = ('onnxruntime', 'ai_edge_litert', 'mediapipe', 'torch', 'rich', 'pyarrow', 'pyqtgraph')
SCRIPT = """
import sys, types

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.split('.')[0] in {blocked!r}:
            raise ImportError(f'{{name}} is not to be needed')

sys.meta_path.insert(0, Blocker())
try:
    import rqt_gui_py.plugin
except ImportError:  # rqt is not installed: stand in for the base class only
    package, module = types.ModuleType('rqt_gui_py'), types.ModuleType('rqt_gui_py.plugin')
    module.Plugin = type('Plugin', (), {{}})
    sys.modules.update({{'rqt_gui_py': package, 'rqt_gui_py.plugin': module}})

from classroom_fer_ros.rqt.qt import BINDING, QtWidgets
application = QtWidgets.QApplication(['test'])
from classroom_fer_ros.rqt.plugin import ClassroomMonitor
from classroom_fer_ros.rqt.model import MonitorModel
from classroom_fer_ros.rqt.monitor_widget import MonitorWidget
from classroom_fer_ros.rqt.ros_link import RosLink
link = RosLink('/classroom/nobody')
widget = MonitorWidget(MonitorModel(link), 'en')
link.begin()
widget.show()
application.processEvents()
assert not widget.grab().isNull()
link.end()
print(BINDING, 'pyqtgraph' in widget.plot.notice.text())
"""


@pytest.mark.parametrize('binding', ['PyQt5', 'PySide6'])
def test_the_plugin_needs_nothing_else(binding: str) -> None:
    if importlib.util.find_spec(binding) is None:
        pytest.skip(f'no {binding}')
    done = subprocess.run(
        [sys.executable, '-c', SCRIPT.format(blocked=BLOCKED)],
        env={**os.environ, 'CLASSROOM_FER_QT': binding, 'QT_QPA_PLATFORM': 'offscreen'},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [binding, 'True']
