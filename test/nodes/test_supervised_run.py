"""The command that starts one process a node: for real, on real films."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import pytest
from lifecycle_msgs.msg import State
from lifecycle_msgs.srv import GetState

from classroom_fer_ros.nodes import topics
from classroom_fer_ros.run import main
from distributed import ear
from harness import NAMESPACE, Client, wait_until

COMMAND = [sys.executable, '-m', 'classroom_fer_ros.run']
TIMEOUT_S = 90
NODES = {
    *('camera_node', 'face_node', 'expression_node', 'fatigue_node'),
    *('head_pose_node', 'alert_node', 'overlay_node', 'dataset_node'),
}
pytestmark = pytest.mark.usefixtures('ros')


class Run:
    """A running command."""

    def __init__(self, process: subprocess.Popen[bytes], printed: Path) -> None:
        self.process, self._printed = process, printed

    @property
    def text(self) -> str:
        """What it has printed so far."""
        return self._printed.read_text()

    def pids(self) -> dict[str, int]:
        """Of its nodes, by name."""
        folder = Path(f'/proc/{self.process.pid}')
        ids = itertools.chain(
            *(path.read_text().split() for path in folder.glob('task/*/children'))
        )
        return {name: int(pid) for pid in ids if (name := node_of(int(pid)))}


def node_of(pid: int) -> str:
    """Name of the node of a process; empty if it is gone or something else."""
    try:
        words = Path(f'/proc/{pid}/cmdline').read_text().split('\0')
    except FileNotFoundError:
        return ''
    return next((w.rpartition('.')[2] for w in words if w.startswith('classroom_fer_ros.')), '')


@contextmanager
def running(folder: Path, *arguments: str) -> Iterator[Run]:
    printed = folder / 'printed.txt'
    with printed.open('w') as output:
        process = subprocess.Popen([*COMMAND, *arguments], stdout=output, stderr=output)
    try:
        yield Run(process, printed)
    finally:
        process.kill()
        process.wait()


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments], capture_output=True, text=True, timeout=TIMEOUT_S, check=False
    )


def film_of(data_dir: Path, path: Path, count: int, fps: float) -> Path:
    """The first pictures of a real film at another rate."""
    source = cv2.VideoCapture(str(data_dir / 'video' / 'face_talking_a.mp4'))
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*'mp4v'), fps, (512, 512))
    for _ in range(count):
        is_read, picture = source.read()
        assert is_read
        writer.write(cv2.resize(picture, (512, 512)))
    writer.release()
    return path


def test_a_killed_node_comes_back_and_ctrl_c_leaves_nobody(data_dir: Path, tmp_path: Path) -> None:
    film = film_of(data_dir, tmp_path / 'long.mp4', 440, fps=4.0)  # longer than the test
    arguments = ('--mode', 'distributed', '--namespace', NAMESPACE, '--source', str(film))
    results = (topics.FACES, topics.EXPRESSIONS, topics.FATIGUE, topics.HEAD_POSE)
    with ear(*results) as listener, running(tmp_path, *arguments) as system:
        wait_until(lambda: all(listener.heard[name] for name in results), TIMEOUT_S)
        client = Client(listener.executor)
        pids = system.pids()
        assert set(pids) == NODES
        for name in NODES:
            answer = client.call(GetState, f'{name}/get_state')
            assert answer.current_state.id == State.PRIMARY_STATE_ACTIVE, name
        os.kill(pids['expression_node'], signal.SIGKILL)
        again = f'{NAMESPACE}/expression_node is active again'
        wait_until(lambda: again in system.text or system.process.poll() is not None)
        assert again in system.text
        renewed = system.pids()
        assert {n for n in NODES if renewed[n] != pids[n]} == {'expression_node'}
        listener.heard.clear()
        wait_until(lambda: listener.heard[topics.EXPRESSIONS])
        system.process.send_signal(signal.SIGINT)
        assert system.process.wait(TIMEOUT_S) == 0, system.text
        assert 'pictures over' in system.text
    assert not any(map(node_of, renewed.values()))
    assert (
        f'{NAMESPACE}/expression_node ended with code -9, is started again in 1 s' in system.text
    )


def test_cameras_of_a_file_end_with_their_films(data_dir: Path, tmp_path: Path) -> None:
    film = film_of(data_dir, tmp_path / 'short.mp4', 30, fps=30.0)
    cameras = tmp_path / 'cameras.yaml'
    cameras.write_text(''.join(f'- {{namespace: /room/{n}, source: {film}}}\n' for n in 'ab'))
    done = run('--cameras', str(cameras), '--profile', 'eu_school')
    assert done.returncode == 0, done.stderr
    for namespace in ('/room/a', '/room/b'):
        assert f'{namespace}: profile eu_school' in done.stderr
        assert f'{namespace}/pipeline_node is active' in done.stderr
    assert '/room/room_node is active' in done.stderr
    assert done.stdout.count('1 face,') == 2, done.stdout


def test_a_killed_command_leaves_nobody(tmp_path: Path) -> None:
    arguments = ('--mode', 'distributed', '--profile', 'eu_school', '--namespace', NAMESPACE)
    with running(tmp_path, *arguments) as system:
        allowed = NODES - {'expression_node', 'dataset_node'}
        wait_until(lambda: system.pids().keys() == allowed, TIMEOUT_S)
        pids = system.pids()
        system.process.kill()
        wait_until(lambda: not any(map(node_of, pids.values())))
    assert f'{NAMESPACE}/expression_node is not started: eu_school forbids it' in system.text


@pytest.mark.parametrize(
    ('source', 'setting', 'words'),
    [
        pytest.param(
            'simulated',
            'detection.min_score:=7.0',
            '/pipeline_node cannot be started: pipeline_node: detection.min_score takes a number',
            id='parameter',
        ),
        pytest.param(
            '/no/such/film.mp4',
            'detection.min_score:=0.7',
            "/pipeline_node: source '/no/such/film.mp4' does not exist",
            id='source',
        ),
    ],
)
def test_a_node_that_cannot_start_gives_its_reason(
    tmp_path: Path, source: str, setting: str, words: str
) -> None:
    cameras = tmp_path / 'cameras.yaml'
    cameras.write_text(f'- {{namespace: /room/a, source: {source}}}\n')
    done = run('--cameras', str(cameras), '--ros-args', '-p', setting)
    assert done.returncode == 2, done.stderr
    assert f'run: /room/a{words}' in done.stderr.splitlines()[-1]
    assert 'Traceback' not in done.stderr


@pytest.mark.parametrize(
    ('arguments', 'words'),
    [
        pytest.param(['--cameras', '/no/such.yaml'], '/no/such.yaml', id='file of cameras'),
        pytest.param(
            ['--cameras', 'a.yaml', '--out', 'out'], 'leave it or --cameras out', id='cameras'
        ),
        pytest.param(
            ['--out', 'out'], '--out works with one camera in fused mode only', id='output folder'
        ),
        pytest.param(['--namespace', 'class room'], 'class room', id='namespace'),
        pytest.param(['--ros-args', '-p', 'nonsense'], 'nonsense', id='ROS argument'),
        pytest.param(['--config', '/no/such.yaml'], '/no/such.yaml', id='parameter file'),
        pytest.param(
            ['--profile', 'standard', '--config', '/no/such.yaml'], '/no/such.yaml', id='file only'
        ),
        pytest.param(['--ros-args', '-p', 'profile:=us_school'], 'us_school', id='profile'),
    ],
)
def test_what_makes_no_plan_is_named(
    capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    mode = [] if '--cameras' in arguments else ['--mode', 'distributed']
    try:
        code = main([*mode, *arguments])
    except SystemExit as error:
        code = error.code
    assert code == 2
    assert words in capsys.readouterr().err.splitlines()[-1]
