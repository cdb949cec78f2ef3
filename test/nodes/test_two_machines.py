"""A room whose cameras are on two machines that multicast does not join."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from harness import wait_until
from machines import Machine, two_machines

MEMBER = Path(__file__).parent / 'room_member.py'
PORT = 11811
TIMEOUT_S = 40.0


@contextmanager
def running(machine: Machine, words: list[str], env: dict[str, str]) -> Iterator[list[str]]:
    """Run something on a machine; yields the lines that it prints."""
    process = subprocess.Popen(
        machine.command(*words),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | env,
    )
    lines: list[str] = []

    def read() -> None:
        for line in process.stdout:
            lines.append(line.strip())

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    try:
        yield lines
    finally:
        process.kill()
        process.wait()
        reader.join()


def join(server: Path | None, *environments: dict[str, str]) -> list[str]:
    """What the room on the first machine says once it has heard of eight pupils."""
    with ExitStack() as stack:
        front, back = stack.enter_context(two_machines())
        if server is not None:
            command = [str(server), '-i', '0', '-l', front.address, '-p', str(PORT)]
            stack.enter_context(running(front, command, {}))
        member = [sys.executable, str(MEMBER)]
        stack.enter_context(running(back, [*member, '/room/back'], environments[1]))
        said = stack.enter_context(
            running(front, [*member, '/room/front', '--room'], environments[0])
        )
        wait_until(lambda: '8' in said, TIMEOUT_S)
        return said


def test_one_machine_that_is_told_of_the_other_is_enough() -> None:
    said = join(
        None,
        {'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST', 'ROS_STATIC_PEERS': '10.77.0.2'},
        {'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST'},
    )
    assert said


def test_a_discovery_server_joins_two_machines() -> None:
    beside = Path(sys.executable).with_name('fast-discovery-server')
    server = beside if beside.exists() else shutil.which('fast-discovery-server')
    if server is None:
        pytest.skip('no fast-discovery-server: it comes with Fast DDS')
    env = {'ROS_DISCOVERY_SERVER': f'10.77.0.1:{PORT}', 'ROS_AUTOMATIC_DISCOVERY_RANGE': 'SUBNET'}
    assert join(Path(server), env, env)
