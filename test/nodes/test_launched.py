"""The launch files for real, where launch is installed: `ros2 launch` in a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

pytest.importorskip('launch_ros.actions', reason='no launch: it comes with a ROS 2 installation')

import rclpy
from ament_index_python.packages import PackageNotFoundError, get_package_prefix
from classroom_fer_msgs.msg import FaceArray
from lifecycle_msgs.srv import GetState
from rclpy.node import Node

from harness import wait_until

ROOT = Path(__file__).resolve().parent.parent.parent
NAMESPACE = '/classroom/launched'
NAMED = f'{NAMESPACE}/pipeline_node'
TIMEOUT_S = 60.0
#: What `ros2 launch FILE` does.
LAUNCH = """
import signal
import sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
from launch import LaunchService
from launch.launch_description_sources import get_launch_description_from_python_launch_file
service = LaunchService(argv=sys.argv[2:])
service.context.launch_configurations.update(word.split(':=', 1) for word in sys.argv[2:])
service.include_launch_description(get_launch_description_from_python_launch_file(sys.argv[1]))
sys.exit(service.run())
"""


@contextmanager
def launching(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """Launch the fused node on the simulated classroom; yields launch and what it prints."""
    try:
        get_package_prefix('classroom_fer_ros')
    except PackageNotFoundError:
        pytest.skip('the package is not built: colcon build, then source install/setup.bash')
    printed, path = folder / 'printed.txt', ROOT / 'launch' / 'classroom.launch.py'
    with printed.open('w') as output:
        process = subprocess.Popen(
            [sys.executable, '-c', LAUNCH, str(path), f'namespace:={NAMESPACE}'],
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env={**os.environ, 'ROS_LOG_DIR': str(folder)},
            start_new_session=True,
        )
    try:
        yield process, printed
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(TIMEOUT_S)
        finally:
            with suppress(ProcessLookupError):  # all have ended, as they should
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


class Watcher:
    """Counts pictures with faces and asks for the node's state."""

    def __init__(self, printed: Path) -> None:
        self.pictures, self.since_s = 0, 0.0
        self._printed = printed
        self._node = Node('watcher')
        self._node.create_subscription(FaceArray, f'{NAMESPACE}/faces', self._on_faces, 10)
        self._client = self._node.create_client(GetState, f'{NAMED}/get_state')

    def _on_faces(self, message: FaceArray) -> None:
        is_new = message.header.stamp.sec > self.since_s
        self.pictures += is_new and bool(message.faces)

    def wait_for(self, condition: Callable[[], bool]) -> None:
        """Listen until something is true."""
        end_s = time.monotonic() + TIMEOUT_S
        while not condition():
            assert time.monotonic() < end_s, self._printed.read_text()
            rclpy.spin_once(self._node, timeout_sec=0.2)

    def wait_for_pictures(self, number: int) -> None:
        """Wait for so many pictures with faces, all taken from now on."""
        self.pictures, self.since_s = 0, time.time()
        self.wait_for(lambda: self.pictures >= number)

    def state(self) -> str:
        """State of the node's lifecycle; empty while it does not answer."""
        asked = self._client.call_async(GetState.Request())
        rclpy.spin_until_future_complete(self._node, asked, timeout_sec=TIMEOUT_S)
        return asked.result().current_state.label if asked.done() else ''


def _pids() -> list[int]:
    """Processes of launched nodes, found by the namespace that only these tests give."""
    wanted, found = f'__ns:={NAMESPACE}'.encode(), []
    for folder in Path('/proc').iterdir():
        try:
            words = (folder / 'cmdline').read_bytes().split(b'\0') if folder.name.isdigit() else []
        except OSError:  # it has ended
            continue
        if wanted in words:
            found.append(int(folder.name))
    return found


def test_a_node_is_activated_and_once_killed_activated_again(ros: None, tmp_path: Path) -> None:
    with launching(tmp_path) as (_, printed):
        watcher = Watcher(printed)
        watcher.wait_for_pictures(5)
        assert watcher.state() == 'active'
        (killed,) = _pids()
        os.kill(killed, signal.SIGKILL)
        watcher.wait_for(lambda: 'is started again' in printed.read_text())
        watcher.wait_for_pictures(5)
        assert _pids() != [killed]
    ending = printed.read_text().split('ctrl-c')[1]
    assert 'camera closed' in ending
    assert 'finished cleanly' in ending


def test_nothing_is_left_behind_when_interrupted_early(tmp_path: Path) -> None:
    """While the node is still waited for: it has started and does not answer yet."""
    with launching(tmp_path) as (process, printed):
        wait_until(_pids)
        process.send_signal(signal.SIGINT)
        assert process.wait(TIMEOUT_S) == 0, printed.read_text()
        assert not _pids()
