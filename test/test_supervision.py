"""Processes that are started again when they break, and never outlive their owner."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from classroom_fer_ros import supervision
from classroom_fer_ros.supervision import LEASH, Ended, Started, Supervisor

TIMEOUT_S = 20.0
FOREVER = ['sh', '-c', "trap '' TERM INT; echo ready; while :; do sleep 0.05; done"]


def wait_until(condition: Callable[[], object]) -> None:
    end_s = time.monotonic() + TIMEOUT_S
    while not condition():
        assert time.monotonic() < end_s, 'waited in vain'
        time.sleep(0.01)


class Owner:
    """Keeps a supervisor going and everything that comes of it."""

    def __init__(self, supervisor: Supervisor, lines: list[str]) -> None:
        self.supervisor, self.lines = supervisor, lines
        self.events: list[Started | Ended] = []

    def tick(self) -> None:
        self.events += self.supervisor.tick()

    def tick_until(self, condition: Callable[[], object]) -> None:
        def is_true() -> object:
            self.tick()
            return condition()

        wait_until(is_true)

    @property
    def ends(self) -> list[Ended]:
        return [event for event in self.events if isinstance(event, Ended)]


@contextmanager
def owner_of(pause_s: Callable[[int], float] = lambda _: 0.0, **commands: list[str]) -> Iterator:
    lines: list[str] = []
    with Supervisor(commands, pause_s, lines.append) as supervisor:
        yield Owner(supervisor, lines)
        supervisor.stop(grace_s=0.2)


def is_alive(pid: int) -> bool:
    try:
        return Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()[0] != 'Z'
    except FileNotFoundError:
        return False


def test_nothing_to_do() -> None:
    with owner_of() as owner:
        owner.tick()
        assert owner.supervisor.is_idle


def test_the_pause_grows_with_every_restart() -> None:
    with owner_of(lambda restarts: 0.01 * 2**restarts, broken=['sh', '-c', 'exit 3']) as owner:
        owner.tick_until(lambda: len(owner.ends) == 4)
    assert owner.ends == [Ended('broken', 3, 0.01 * 2**n) for n in range(4)]


def test_a_pause_is_kept() -> None:
    with owner_of(lambda _: 0.5, broken=['false']) as owner:
        start_s = time.monotonic()
        owner.tick_until(lambda: owner.events.count(Started('broken')) == 2)
        assert time.monotonic() - start_s >= 0.5


def test_after_a_sound_run_the_pause_is_short_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervision, 'SOUND_AFTER_S', 0.0)
    with owner_of(lambda restarts: 0.01 * 2**restarts, broken=['false']) as owner:
        owner.tick_until(lambda: len(owner.ends) == 3)
    assert {end.pause_s for end in owner.ends} == {0.01}


def test_who_ended_well_is_left_so() -> None:
    with owner_of(done=['sh', '-c', 'echo one; printf two']) as owner:
        owner.tick_until(lambda: owner.supervisor.is_idle)
        time.sleep(0.05)
        owner.tick()
    assert owner.events == [Started('done'), Ended('done', 0, None)]
    assert owner.lines == ['one', 'two'] == owner.supervisor.lines('done')


def test_who_is_killed_comes_back() -> None:
    with owner_of(one=FOREVER, other=FOREVER) as owner:
        owner.tick_until(lambda: owner.lines == ['ready'] * 2)
        before = owner.supervisor.pids()
        os.kill(before['one'], signal.SIGKILL)
        owner.tick_until(lambda: len(owner.lines) == 3)
        after = owner.supervisor.pids()
        assert owner.ends == [Ended('one', -signal.SIGKILL, 0.0)]
        assert after['one'] != before['one']
        assert after['other'] == before['other']
        owner.supervisor.restart('other')
        owner.tick_until(lambda: len(owner.lines) == 4)


def test_more_output_than_a_pipe_holds_blocks_nobody() -> None:
    with owner_of(talker=['sh', '-c', 'seq -f %09.0f 50000']) as owner:
        owner.tick_until(lambda: owner.supervisor.is_idle)
    assert owner.lines == [f'{number:09}' for number in range(1, 50001)]


def test_the_end_leaves_nobody() -> None:
    """Neither who listens to the signal, nor who does not, nor who is due again."""
    polite = ['sh', '-c', 'trap "echo bye; exit 0" TERM; echo ready; while :; do sleep 0.05; done']
    with owner_of(lambda _: 60.0, polite=polite, deaf=FOREVER, broken=['false']) as owner:
        owner.tick_until(lambda: len(owner.lines) == 2 and owner.ends)
        pids = owner.supervisor.pids()
        owner.supervisor.stop(0.3)
        assert owner.supervisor.is_idle
    assert set(pids) == {'polite', 'deaf'}
    assert not any(map(is_alive, pids.values()))
    assert owner.lines[-1] == 'bye'


def test_whatever_goes_wrong_meanwhile_leaves_nobody() -> None:
    pids = {}

    def fail() -> None:
        with owner_of(sleeper=['sleep', '60']) as owner:
            owner.tick()
            pids.update(owner.supervisor.pids())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert pids
    assert not any(map(is_alive, pids.values()))


def test_an_owner_that_is_killed_leaves_nobody() -> None:
    script = (
        'import time\n'
        'from classroom_fer_ros.supervision import Supervisor\n'
        f'supervisor = Supervisor({{"a": {FOREVER}, "b": {FOREVER}}}, float, lambda _: print(\n'
        '    *supervisor.pids().values(), flush=True))\n'
        'while True:\n'
        '    supervisor.tick()\n'
        '    time.sleep(0.01)\n'
    )
    with subprocess.Popen([sys.executable, '-c', script], stdout=subprocess.PIPE) as owner:
        owner.stdout.readline()
        pids = [int(word) for word in owner.stdout.readline().split()]  # both are on the leash
        assert len(pids) == 2
        assert all(map(is_alive, pids))
        owner.kill()
    wait_until(lambda: not any(map(is_alive, pids)))


def test_a_leash_without_a_parent_starts_nothing(tmp_path: Path) -> None:
    made = tmp_path / 'made'
    done = subprocess.run(
        [sys.executable, '-I', '-S', str(LEASH), '1', 'touch', str(made)], check=False
    )
    assert done.returncode == 1
    assert not made.exists()
