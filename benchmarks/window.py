"""
What the window costs: ``python -m benchmarks.window [--students 30] [--fps 15] [--seconds 60]``.

Another process publishes simulated students as the system would, by the truth of the simulation,
over DDS; the window is drawn off screen. Prints its processor time, how old the shown picture is,
what was passed over, and how the memory grew. ``--png`` saves what the window looked like.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from classroom_fer_ros.core.memory import resident_megabytes

NAMESPACE = '/classroom/bench_window'
#: Windows are as wide and high as a small laptop's screen.
SIZE_WH = (1366, 768)
WARM_UP_S = 6.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point."""
    parser = argparse.ArgumentParser(prog='benchmarks.window', description='Cost of the window.')
    parser.add_argument('--students', type=int, default=30)
    parser.add_argument('--fps', type=float, default=15.0)
    parser.add_argument('--seconds', type=float, default=60.0)
    parser.add_argument('--size', type=_size, default=SIZE_WH, help='of the window')
    parser.add_argument('--png', type=Path, help='picture of the window at the end')
    parser.add_argument(
        '--set', action='append', default=[], metavar='KEY=VALUE', help='view=both, theme=dark …'
    )
    options = parser.parse_args(arguments)
    # Where there is a screen, this would be a window that somebody may touch.
    os.environ.setdefault('QT_QPA_PLATFORM', 'offscreen')
    command = [sys.executable, '-m', 'benchmarks.window_load', NAMESPACE]
    publisher = subprocess.Popen(
        [*command, str(options.students), str(options.fps)], stdout=subprocess.PIPE
    )
    try:
        publisher.stdout.readline()  # rendered
        _measure(options)
    finally:
        publisher.terminate()
        publisher.wait()
    return 0


def _size(text: str) -> tuple[int, int]:
    width, height = text.split('x')
    return int(width), int(height)


def _measure(options: argparse.Namespace) -> None:
    from classroom_fer_ros.rqt.model import MonitorModel
    from classroom_fer_ros.rqt.monitor_widget import MonitorWidget
    from classroom_fer_ros.rqt.qt import BINDING, QtCore, QtWidgets
    from classroom_fer_ros.rqt.ros_link import RosLink

    application = QtWidgets.QApplication(['bench'])
    link = RosLink(NAMESPACE)
    model = MonitorModel(link)
    widget = MonitorWidget(model, 'en')
    widget.restore(dict(pair.split('=', 1) for pair in options.set))
    widget.resize(*options.size)
    widget.show()
    link.begin()
    ages_ms: dict[int, float] = {}

    def note() -> None:
        picture = model.result_picture
        if picture is not None and picture.stamp_ns not in ages_ms:
            ages_ms[picture.stamp_ns] = (time.time_ns() - picture.stamp_ns) * 1e-6

    def run(seconds: float) -> None:
        QtCore.QTimer.singleShot(round(1000 * seconds), application.quit)
        application.exec()

    model.picture_changed.connect(note)
    run(WARM_UP_S)
    ages_ms.clear()
    before = (time.process_time(), time.monotonic(), resident_megabytes())
    run(options.seconds)
    cpu_s, wall_s = time.process_time() - before[0], time.monotonic() - before[1]
    median_ms, p95_ms = np.percentile(list(ages_ms.values()), (50, 95))
    rate_hz = len(ages_ms) / wall_s
    print(
        f'{BINDING}, {len(model.faces)} students, {rate_hz:.1f} pictures a second: '
        f'{100 * cpu_s / wall_s:.1f} % of one core, '
        f'{1e3 * cpu_s / len(ages_ms):.1f} ms of it a picture; '
        f'shown {median_ms:.0f} ms (median) and {p95_ms:.0f} ms (p95) after the stamp, '
        f'{link.pictures.passed_over} pictures passed over, '
        f'memory {before[2]:.0f} to {resident_megabytes():.0f} MB'
    )
    if options.png is not None:
        widget.grab().save(str(options.png))
    link.end()


if __name__ == '__main__':
    sys.exit(main())
