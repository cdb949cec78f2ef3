"""
Ratios of two results of `make bench`: ``make bench-compare A=old.json B=new.json``.

Runs are matched by mode, source, faces and size. Above 1, B has more of it.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.report import BenchRun, read

#: What is compared, and whether more of it is better.
MEASURES = {
    'fps': True,
    'p50': False,
    'p95': False,
    'cpu_ms_per_frame': False,
    'cpu_ms_per_face': False,
    'rss_mb_end': False,
}
#: A change by less than this is no change: runs lie so far apart.
NOISE = 0.05


def ratios(before: Sequence[BenchRun], after: Sequence[BenchRun]) -> dict[str, dict[str, float]]:
    """Measures of B over those of A, by run; runs that only one of them has are left out."""
    old = {_key(run): run for run in before}
    found = {}
    for run in after:
        if _key(run) in old:
            first, second = _values(old[_key(run)]), _values(run)
            found[_key(run)] = {
                name: second[name] / first[name]
                for name in MEASURES
                if first.get(name) and second.get(name)
            }
    return found


def _key(run: BenchRun) -> str:
    # In a real film the number of faces is a result.
    return f'{run.mode}, {run.title}, {run.width}x{run.height}'


def _values(run: BenchRun) -> dict[str, float]:
    named = {name: getattr(run, name) for name in MEASURES if hasattr(run, name)}
    return named | {name: run.latency_ms[name] for name in MEASURES if name in run.latency_ms}


def _style(name: str, ratio: float) -> str:
    if abs(ratio - 1.0) <= NOISE:
        return ''
    return 'green' if (ratio > 1.0) == MEASURES[name] else 'red'


def main() -> int:
    """Entry point: 0 if there was something to compare, 2 if not."""
    parser = argparse.ArgumentParser(prog='bench-compare', description=__doc__.strip())
    parser.add_argument('before', type=Path, metavar='A')
    parser.add_argument('after', type=Path, metavar='B')
    options = parser.parse_args()
    try:
        found = ratios(read(options.before), read(options.after))
    except (OSError, ValueError, KeyError, TypeError, json.JSONDecodeError) as error:
        print(f'bench-compare: not a result of `make bench`: {error}', file=sys.stderr)
        return 2
    if not found:
        print('bench-compare: the two have no run in common', file=sys.stderr)
        return 2
    table = Table('B / A', *MEASURES)
    for key, measures in found.items():
        cells = (
            f'[{style}]{ratio:.2f}[/]' if (style := _style(name, ratio)) else f'{ratio:.2f}'
            for name, ratio in ((name, measures.get(name, float('nan'))) for name in MEASURES)
        )
        table.add_row(key, *cells)
    Console().print(table)
    return 0


if __name__ == '__main__':
    sys.exit(main())
