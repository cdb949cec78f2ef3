"""Memory of this process, as Linux tells it."""

from __future__ import annotations

from pathlib import Path

STATUS = Path('/proc/self/status')


def resident_megabytes() -> float:
    """Memory that this process holds in RAM, in 10^6 bytes; NaN where the system does not tell."""
    if STATUS.is_file():
        for line in STATUS.read_text().splitlines():
            if line.startswith('VmRSS:'):
                return int(line.split()[1]) * 1024 / 1e6
    return float('nan')
