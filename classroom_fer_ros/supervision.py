"""
Processes that are started again when they break, and that never outlive this one.

Plain Python without threads: whoever owns a `Supervisor` calls `tick` now and then.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

LEASH = Path(__file__).with_name('leash.py')
#: A process that ran for so long is not broken for good: its next pause is a short one again.
SOUND_AFTER_S = 60.0
#: Processes get so long to end by themselves before they are killed.
GRACE_S = 8.0
#: While they are ending, they are looked after this often.
STOP_PERIOD_S = 0.02
READ_BYTES = 65536
KEPT_LINES = 50


def is_broken(returncode: int) -> bool:
    """Whether a process ended otherwise than by being asked to."""
    return returncode not in (0, -signal.SIGINT)


@dataclass(frozen=True, slots=True)
class Started:
    """A process was started."""

    name: str


@dataclass(frozen=True, slots=True)
class Ended:
    """
    A process ended.

    :param pause_s: time until it is started again; None if it is not
    """

    name: str
    returncode: int
    pause_s: float | None


class Supervised:
    """
    One command and its process.

    :ivar lines: the last that it printed
    """

    def __init__(self, name: str, command: Sequence[str]) -> None:
        self.name = name
        self.lines: deque[str] = deque(maxlen=KEPT_LINES)
        self.restarts = 0
        self.due_s: float | None = 0.0
        self.started_s = 0.0
        self._command = list(command)
        self._process: subprocess.Popen[bytes] | None = None
        self._rest = b''

    @property
    def pid(self) -> int | None:
        """None while it does not run."""
        return self._process.pid if self._process else None

    def start(self, now_s: float) -> None:
        """
        Start the process, in a session of its own: a Ctrl-C of the terminal is not for it.

        :raises OSError: if the machine has no room for another
        """
        self._process = subprocess.Popen(
            [sys.executable, '-I', '-S', str(LEASH), str(os.getpid()), *self._command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        os.set_blocking(self._process.stdout.fileno(), False)
        self.started_s, self.due_s = now_s, None

    def send(self, number: int) -> None:
        """Send a signal; without effect if the process has ended."""
        if self._process is not None:
            self._process.send_signal(number)

    def read(self) -> Iterator[str]:
        """Lines that were printed meanwhile."""
        if self._process is None:
            return
        with suppress(BlockingIOError):
            while chunk := os.read(self._process.stdout.fileno(), READ_BYTES):
                self._rest += chunk
            if self._rest:  # nothing comes any more: the last line is whole
                self._rest = self._rest.removesuffix(b'\n') + b'\n'
        *whole, self._rest = self._rest.split(b'\n')
        for line in whole:
            self.lines.append(line.decode(errors='replace').rstrip('\r'))
            yield self.lines[-1]

    def poll(self) -> int | None:
        """The return code, once, when the process has ended; its output stays to be read."""
        return self._process.poll() if self._process else None

    def forget(self) -> None:
        """Let go of a process that has ended."""
        self._process.stdout.close()
        self._process, self._rest = None, b''


class Supervisor:
    """
    Starts processes, relays what they print, and starts those again that broke.

    Use it in a ``with`` statement, which ends them all.
    """

    def __init__(
        self,
        commands: Mapping[str, Sequence[str]],
        pause_s: Callable[[int], float],
        on_line: Callable[[str], None],
    ) -> None:
        """
        :param commands: by name
        :param pause_s: how long to wait after so many restarts before the next one
        :param on_line: gets every line that a process prints
        """
        self._all = {name: Supervised(name, command) for name, command in commands.items()}
        self._pause_s, self._on_line = pause_s, on_line

    def __enter__(self) -> Supervisor:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def is_idle(self) -> bool:
        """Whether no process runs and none will be started again."""
        return all(one.pid is None and one.due_s is None for one in self._all.values())

    def pids(self) -> dict[str, int]:
        """Of the running processes, by name."""
        return {name: one.pid for name, one in self._all.items() if one.pid is not None}

    def lines(self, name: str) -> list[str]:
        """The last lines of a process, oldest first."""
        return list(self._all[name].lines)

    def tick(self) -> list[Started | Ended]:
        """Start who is due, relay output, and notice who has ended."""
        now_s = time.monotonic()
        events: list[Started | Ended] = []
        for one in self._all.values():
            if one.due_s is not None and now_s >= one.due_s:
                one.start(now_s)
                events.append(Started(one.name))
            returncode = one.poll()  # first, so that nothing printed at the end is missed
            self._relay(one)
            if returncode is not None:
                one.forget()
                events.append(self._after(one, returncode, now_s))
        return events

    def restart(self, name: str) -> None:
        """Kill a process that is of no use; it counts as one that broke."""
        self._all[name].send(signal.SIGKILL)

    def stop(self, grace_s: float = GRACE_S) -> None:
        """End every process: asked first, killed after a while."""
        for one in self._all.values():
            one.due_s = None
            one.send(signal.SIGTERM)
        end_s = time.monotonic() + grace_s
        while any(self._is_running(one) for one in self._all.values()):
            if time.monotonic() > end_s:
                for one in self._all.values():
                    one.send(signal.SIGKILL)
            time.sleep(STOP_PERIOD_S)

    def _after(self, one: Supervised, returncode: int, now_s: float) -> Ended:
        if not is_broken(returncode):
            return Ended(one.name, returncode, None)
        if now_s - one.started_s > SOUND_AFTER_S:
            one.restarts = 0
        pause_s = self._pause_s(one.restarts)
        one.restarts += 1
        one.due_s = now_s + pause_s
        return Ended(one.name, returncode, pause_s)

    def _is_running(self, one: Supervised) -> bool:
        if one.pid is None:
            return False
        returncode = one.poll()
        with suppress(OSError):  # nobody may be there any more to tell
            self._relay(one)
        if returncode is not None:
            one.forget()
        return returncode is None

    def _relay(self, one: Supervised) -> None:
        for line in one.read():
            self._on_line(line)
