"""Two machines in this one: network namespaces that only a cable of their own connects."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from harness import wait_until

ADDRESSES = ('10.77.0.1', '10.77.0.2')
TIMEOUT_S = 10.0
TOOLS = ('unshare', 'nsenter', 'ip')


@dataclass(frozen=True, slots=True)
class Machine:
    """
    One of them.

    :param pid: of a process that lives in its namespace
    """

    pid: int
    address: str

    def command(self, *words: str) -> list[str]:
        """What to run so that some command runs there."""
        return ['nsenter', '-t', str(self.pid), '-U', '-n', '--preserve-credentials', *words]


@contextmanager
def two_machines() -> Iterator[tuple[Machine, Machine]]:
    """Machines that reach each other and nothing else; skips where that is not allowed."""
    lacking = [tool for tool in TOOLS if shutil.which(tool) is None]
    if lacking:
        pytest.skip(f'no {", ".join(lacking)} to make network namespaces with')
    sleepers: list[subprocess.Popen[str]] = []
    try:
        first = _sleeper(sleepers, ['unshare', '--map-root-user', '--net'])
        machines = [Machine(first, ADDRESSES[0])]
        second = _sleeper(sleepers, machines[0].command('unshare', '--net'))
        machines.append(Machine(second, ADDRESSES[1]))
        _connect(*machines)
        yield machines[0], machines[1]
    finally:
        for sleeper in sleepers:
            sleeper.kill()
            sleeper.communicate()


def _sleeper(sleepers: list[subprocess.Popen[str]], inside: list[str]) -> int:
    """Process that keeps a new namespace alive; the commands before it replace themselves."""
    sleeper = subprocess.Popen(
        [*inside, 'sh', '-c', 'echo $$; exec sleep 600'],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    sleepers.append(sleeper)
    pid = sleeper.stdout.readline().strip()
    if not pid:
        pytest.skip(f'no network namespaces here: {sleeper.communicate()[1].strip()}')
    return int(pid)


def _connect(first: Machine, second: Machine) -> None:
    _run(first, f'ip link add cable type veth peer name cable netns {second.pid}')
    for machine in (first, second):
        _run(machine, 'ip link set lo up')
        _run(machine, f'ip addr add {machine.address}/24 dev cable')
        _run(machine, 'ip link set cable up')
    for machine in (first, second):
        # Fast DDS looks at the network once, at its start: a cable must have its carrier by then.
        wait_until(lambda machine=machine: ' UP ' in _run(machine, 'ip -br link show cable'))


def _run(machine: Machine, command: str) -> str:
    done = subprocess.run(
        machine.command(*command.split()), capture_output=True, text=True, timeout=TIMEOUT_S
    )
    if done.returncode:
        pytest.skip(f'network namespaces cannot be set up here: {done.stderr.strip()}')
    return done.stdout
