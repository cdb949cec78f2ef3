"""The window as its own program."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from classroom_fer_ros.rqt.qt import QtGui

COMMAND = [sys.executable, '-m', 'classroom_fer_ros.monitor', '--namespace', '/classroom/nobody']


def run(
    *arguments: str, settings: Path, platform: str = 'offscreen'
) -> subprocess.CompletedProcess:
    environment = {**os.environ, 'QT_QPA_PLATFORM': platform, 'XDG_CONFIG_HOME': str(settings)}
    for name in ('DISPLAY', 'WAYLAND_DISPLAY') + (() if platform else ('QT_QPA_PLATFORM',)):
        environment.pop(name, None)
    return subprocess.run(
        [*COMMAND, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


@pytest.mark.parametrize('language', ['en', 'zh'])
def test_it_opens_where_nothing_runs(tmp_path: Path, language: str) -> None:
    shot = tmp_path / 'window.png'
    done = run(
        *('--shot', str(shot), '--after', '0.5', '--language', language, '--theme', 'dark'),
        settings=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    picture = QtGui.QImage(str(shot))
    assert picture.width() > 700
    assert picture.pixelColor(2, 2).lightness() < 100


def test_without_a_screen_it_says_so(tmp_path: Path) -> None:
    done = run(settings=tmp_path, platform='')
    assert done.returncode == 2
    assert 'DISPLAY' in done.stderr
