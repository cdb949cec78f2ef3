"""The command that runs it all, as a user starts it."""

from __future__ import annotations

import csv
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import pytest

pytest.importorskip('rclpy', reason='no ROS 2: run `make setup`')
COMMAND = [sys.executable, '-m', 'classroom_fer_ros.run']
TIMEOUT_S = 120


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments], capture_output=True, text=True, timeout=TIMEOUT_S, check=False
    )


def test_a_film_into_a_folder(data_dir: Path, tmp_path: Path) -> None:
    out = tmp_path / 'lesson'
    film = data_dir / 'video' / 'face_smile.mp4'
    done = run('--source', str(film), '--out', str(out))
    assert done.returncode == 0, done.stderr
    assert '1 face' in done.stdout
    source = cv2.VideoCapture(str(film))
    annotated = cv2.VideoCapture(str(out / 'annotated.mp4'))
    for quantity in (cv2.CAP_PROP_FRAME_COUNT, cv2.CAP_PROP_FPS, cv2.CAP_PROP_FRAME_WIDTH):
        assert annotated.get(quantity) == pytest.approx(source.get(quantity), abs=0.1)
    with (out / 'expressions.csv').open() as lines:
        rows = list(csv.DictReader(lines))
    assert len(rows) == source.get(cv2.CAP_PROP_FRAME_COUNT)  # nothing is passed over
    assert 'happy' in {row['label'] for row in rows}


def test_any_file_name(data_dir: Path, tmp_path: Path) -> None:
    film = tmp_path / "Zoë's lesson: 1.mp4"
    film.symlink_to(data_dir / 'video' / 'face_smile.mp4')
    done = run('--source', str(film), '--seconds', '2')
    assert done.returncode == 0, done.stderr
    assert "Zoë's lesson: 1.mp4" in done.stderr


def test_no_film_of_a_european_school(data_dir: Path, tmp_path: Path) -> None:
    film = data_dir / 'video' / 'face_smile.mp4'
    arguments = ('--ros-args', '-p', 'profile:=eu_school')
    done = run('--source', str(film), '--out', str(tmp_path), '--seconds', '3', *arguments)
    assert done.returncode == 0, done.stderr
    assert 'profile: eu_school' in done.stderr
    assert not (tmp_path / 'annotated.mp4').exists()
    assert (tmp_path / 'fatigue.csv').exists()


def test_the_live_table_ends_with_ctrl_c(tmp_path: Path) -> None:
    """In a terminal: rows of faces, then a summary."""
    controller, terminal = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, '--source', 'simulated', '--ros-args', '-p', 'camera.students:=2'],
        stdout=terminal,
        stderr=subprocess.DEVNULL,
        env={**os.environ, 'TERM': 'xterm', 'COLUMNS': '120', 'LINES': '40'},
    )
    os.close(terminal)
    shown = b''
    end_s = time.monotonic() + TIMEOUT_S
    while b'002' not in shown and time.monotonic() < end_s:
        shown += os.read(controller, 65536)
    process.send_signal(signal.SIGINT)
    while True:
        try:
            shown += os.read(controller, 65536)
        except OSError:  # the other end is closed
            break
    assert process.wait(TIMEOUT_S) == 0
    text = shown.decode()
    assert 'simulated classroom with 2 students' in text
    assert 'pictures over' in text
    assert '2 faces' in text


@pytest.mark.parametrize(
    ('arguments', 'words'),
    [
        pytest.param(['--source', '/no/such/film.mp4'], '/no/such/film.mp4', id='film'),
        pytest.param(['--config', '/no/such.yaml'], '/no/such.yaml', id='parameter file'),
        pytest.param(
            ['--ros-args', '-p', 'detection.min_score:=7.0'], 'min_score', id='out of range'
        ),
        pytest.param(
            ['--ros-args', '-p', 'detection.min_score:=high'], 'min_score', id='wrong type'
        ),
        pytest.param(['--out', '/proc/lesson'], '/proc/lesson', id='output folder'),
        pytest.param(['--source', 'topic:/cam/'], '/cam/', id='topic'),
        pytest.param(['--namespace', 'class room'], 'class room', id='namespace'),
        pytest.param(['--students', '12'], '--students', id='option'),
        pytest.param(['--ros-args', '-p', 'nonsense'], 'nonsense', id='ROS argument'),
        pytest.param(['--out', '/proc'], 'change its owner', id='closed output folder'),
    ],
)
def test_what_cannot_be_run_is_named(arguments: list[str], words: str) -> None:
    done = run('--source', 'simulated', *arguments)
    assert done.returncode not in (0, -6, -11)
    assert words in done.stderr
    assert 'Traceback' not in done.stderr
