"""The window as a plugin of rqt: a shell around the widget."""

from __future__ import annotations

import argparse
from typing import Any

from rqt_gui_py.plugin import Plugin

from classroom_fer_ros.rqt.model import MonitorModel
from classroom_fer_ros.rqt.monitor_widget import MonitorWidget
from classroom_fer_ros.rqt.ros_link import RosLink

NAMESPACE = '/classroom/front'


class ClassroomMonitor(Plugin):
    """`rqt --standalone classroom_fer_ros --args --namespace /classroom/front`."""

    def __init__(self, context: Any) -> None:
        super().__init__(context)
        self.setObjectName('ClassroomMonitor')
        self._link = RosLink(_namespace(context.argv()))
        self.widget = MonitorWidget(MonitorModel(self._link))
        if context.serial_number() > 1:
            title = f'{self.widget.windowTitle()} ({context.serial_number()})'
            self.widget.setWindowTitle(title)
        context.add_widget(self.widget)
        self._link.begin()

    def shutdown_plugin(self) -> None:
        """Let go of ROS."""
        self.widget.toasts.clear()
        self._link.end()

    def save_settings(self, plugin_settings: Any, instance_settings: Any) -> None:
        """Called by rqt when it closes."""
        for key, value in self.widget.state().items():
            instance_settings.set_value(key, value)

    def restore_settings(self, plugin_settings: Any, instance_settings: Any) -> None:
        """Called by rqt after it has opened the plugin."""
        keys = self.widget.state()
        saved = {key: instance_settings.value(key) for key in keys}
        self.widget.restore({key: value for key, value in saved.items() if value is not None})


def _namespace(arguments: list[str]) -> str:
    parser = argparse.ArgumentParser(prog='ClassroomMonitor', add_help=False)
    parser.add_argument('--namespace', default=NAMESPACE)
    return parser.parse_known_args(arguments)[0].namespace
