"""Processor time and memory of other processes, as Linux tells them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

PROC = Path('/proc')
TICKS_PER_S = os.sysconf('SC_CLK_TCK')


def cpu_seconds(pids: Iterable[int]) -> float:
    """Processor time that some processes have used, all their threads together."""
    return sum(_ticks(pid) for pid in pids) / TICKS_PER_S


def resident_megabytes(pids: Iterable[int]) -> float:
    """Memory in RAM of some processes together, in 10^6 bytes; shared pages count in each."""
    return sum(_resident_kib(pid) for pid in pids) * 1024 / 1e6


def _ticks(pid: int) -> int:
    # The name of the command, in brackets, may hold spaces.
    fields = (PROC / str(pid) / 'stat').read_text().rpartition(')')[2].split()
    return int(fields[11]) + int(fields[12])


def _resident_kib(pid: int) -> int:
    for line in (PROC / str(pid) / 'status').read_text().splitlines():
        if line.startswith('VmRSS:'):
            return int(line.split()[1])
    return 0
