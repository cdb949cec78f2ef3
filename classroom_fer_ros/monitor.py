"""
The window by itself: ``python -m classroom_fer_ros.monitor [--namespace …] [--source …]``.

The same widget as in rqt. With ``--source`` it starts a system too, and ends it with the window.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from classroom_fer_ros.core.errors import ClassroomFerError

NAMESPACE = '/classroom/front'
LEASH = Path(__file__).with_name('leash.py')
#: A system that is asked to end gets so long.
GRACE_S = 10.0
#: Organisation and program, as Qt names the file of settings.
SETTINGS = ('classroom_fer_ros', 'monitor')
#: Until the user makes it another size, where the screen has room for it.
FIRST_SIZE_WH = (1440, 810)
#: Python's signal handlers run while Python does: Qt's loop is woken this often.
WAKE_MS = 200


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point: 0 when the window was closed, 2 if there can be none."""
    options, ros_arguments = _parser().parse_known_args(arguments)
    try:
        return _show(options, ros_arguments)
    except (ClassroomFerError, ImportError) as error:
        print(f'monitor: {error}', file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog='monitor', description='Watch a running system.')
    parser.add_argument('--namespace', default=NAMESPACE, help='of the camera')
    parser.add_argument(
        '--language', default='', help='en or zh, of a started system too; default: as last time'
    )
    parser.add_argument('--theme', default='', help='system, light or dark')
    parser.add_argument(
        '--source', default='', help='start a system with this source besides, simulated for one'
    )
    parser.add_argument('--shot', default='', help='save a picture of the window, and end')
    parser.add_argument('--after', type=float, default=30.0, help='seconds until --shot')
    parser.epilog = 'With --source, further arguments go to `run`, for example --profile eu_school'
    return parser


def _show(options: argparse.Namespace, further: Sequence[str]) -> int:
    _require_display()
    from classroom_fer_ros.rqt.qt import QtWidgets

    application = QtWidgets.QApplication(['monitor'])
    from classroom_fer_ros.rqt.model import MonitorModel
    from classroom_fer_ros.rqt.monitor_widget import MonitorWidget
    from classroom_fer_ros.rqt.ros_link import RosLink

    with _system(options, further):
        link = RosLink(options.namespace)
        widget = MonitorWidget(MonitorModel(link))
        _restore(widget, options, application.primaryScreen())
        link.begin()
        widget.show()
        _end_on_signals(application)
        if options.shot:
            _save_later(widget, options.shot, options.after)
        code = application.exec()
        if not options.shot:
            _remember(widget)
        widget.toasts.clear()
        link.end()
    return code


def _restore(widget: Any, options: argparse.Namespace, screen: Any) -> None:
    """As it was the last time, but for what is asked for now."""
    from classroom_fer_ros.rqt.qt import QtCore

    settings = QtCore.QSettings(*SETTINGS)
    given = {'language': options.language, 'theme': options.theme}
    chosen = {key: value for key, value in given.items() if value}
    widget.restore(_saved(settings, widget.state()) | chosen)
    room = screen.availableGeometry().size()
    widget.resize(QtCore.QSize(*FIRST_SIZE_WH).boundedTo(room * 0.95))
    geometry = settings.value('geometry')
    if isinstance(geometry, QtCore.QByteArray):
        widget.restoreGeometry(geometry)


def _remember(widget: Any) -> None:
    from classroom_fer_ros.rqt.qt import QtCore

    settings = QtCore.QSettings(*SETTINGS)
    for key, value in {**widget.state(), 'geometry': widget.saveGeometry()}.items():
        settings.setValue(key, value)
    settings.sync()


def _saved(settings: Any, keys: Sequence[str]) -> dict[str, str]:
    found = {key: settings.value(key) for key in keys}
    return {key: value for key, value in found.items() if isinstance(value, str)}


def _save_later(widget: Any, file: str, after_s: float) -> None:
    from classroom_fer_ros.rqt.qt import QtCore, QtWidgets

    def save() -> None:
        if not widget.grab().save(file):
            print(f'monitor: {file} cannot be written', file=sys.stderr)
        QtWidgets.QApplication.quit()

    QtCore.QTimer.singleShot(round(1000 * after_s), save)


def _require_display() -> None:
    """Qt ends the process where it finds no screen: say why before it does."""
    has_display = os.environ.get('DISPLAY') or os.environ.get('WAYLAND_DISPLAY')
    if not has_display and not os.environ.get('QT_QPA_PLATFORM'):
        raise ClassroomFerError(
            'there is no screen (DISPLAY and WAYLAND_DISPLAY are unset): start the window on a '
            'desktop, or with `ssh -X`; it may be another machine than that of the camera'
        )


def _end_on_signals(application: Any) -> None:
    from classroom_fer_ros.rqt.qt import QtCore

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: application.quit())
    timer = QtCore.QTimer(application)
    timer.timeout.connect(lambda: None)
    timer.start(WAKE_MS)


@contextmanager
def _system(options: argparse.Namespace, further: Sequence[str]) -> Iterator[None]:
    """A system besides, if one is asked for; it ends with this process however that ends."""
    if not options.source:
        yield
        return
    command = [
        *(sys.executable, '-I', '-S', str(LEASH), str(os.getpid())),
        *(sys.executable, '-m', 'classroom_fer_ros.run', '--source', options.source),
        *('--namespace', options.namespace, *further),
        # Alerts are told in the words of the system, not of the window.
        *(('--ros-args', '-p', f'language:={options.language}') if options.language else ()),
    ]
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True
    )
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


if __name__ == '__main__':
    sys.exit(main())
