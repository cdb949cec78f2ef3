"""Other processes that tests talk to."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LISTENER = Path(__file__).parent / 'listener.py'
TIMEOUT_S = 60


class ListenerProcess:
    """A running `listener.py`."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    @property
    def pid(self) -> int:
        """Of the process, for signals."""
        return self._process.pid

    def finish(self) -> dict[str, list[int]]:
        """End it: stamps of every message by topic, in the order in which they came."""
        printed, _ = self._process.communicate(input='', timeout=TIMEOUT_S)
        return json.loads(printed.splitlines()[-1])


@contextmanager
def listening(namespace: str) -> Iterator[ListenerProcess]:
    """Listen to every topic of a namespace from a process of its own."""
    process = subprocess.Popen(
        [sys.executable, str(LISTENER), namespace],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout.readline() == 'ready\n'
        yield ListenerProcess(process)
    finally:
        process.kill()
        process.wait()
