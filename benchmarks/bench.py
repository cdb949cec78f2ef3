"""
Speed and memory of the whole system: ``make bench``, and ``make bench QUICK=1`` for a short look.

Plays pre-rendered classrooms and real films to the nodes as they are in use, and measures what the
stages of the analysis cost. Leaves JSON, Markdown and plots in ``benchmarks/results``.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable

from rich.console import Console

from benchmarks import core_run, live_run, plan, report
from benchmarks.films import film_of
from benchmarks.people import make_gallery
from benchmarks.plan import FUSED, Plan, Scene

console = Console()


def main() -> int:
    """Entry point: 0 if everything was measured, 1 if a run broke."""
    options = _parse()
    chosen = _plan(options)
    runs, problems = [], []
    with live_run.ros():
        for number, (mode, scene) in enumerate(chosen.runs, start=1):
            title = f'[{number}/{len(chosen.runs)}] {mode}: {scene.title}'
            console.print(title, markup=False, highlight=False)
            try:
                runs += _measure(mode, scene, chosen)
            except live_run.BenchError as error:
                problems.append(f'{title}: {error}')
                print(f'bench: {problems[-1]}', file=sys.stderr)
    if runs:
        _conclude(runs)
    return 1 if problems else 0


def _measure(mode: str, scene: Scene, chosen: Plan) -> Iterable[report.BenchRun]:
    film = film_of(scene, chosen.film_s)
    if film is None:
        console.print(f'  left out: {scene.source} is not in CLASSROOM_FER_DATA')
        return ()
    figures = live_run.measure(mode, film, chosen)
    # The stages are the same in every mode.
    stages = (
        core_run.measure(film, chosen.core_pictures, make_gallery()) if mode == FUSED else None
    )
    run = report.run_of(mode, scene, figures, stages, chosen.steady_s)
    console.print(
        f'  {run.fps:.1f} pictures a second, p95 {run.latency_ms.get("p95", 0.0):.0f} ms, '
        f'{run.cpu_ms_per_frame:.1f} ms of CPU a picture, {run.rss_mb_end:.0f} MB',
        highlight=False,
    )
    return (run,)


def _conclude(runs: list[report.BenchRun]) -> None:
    path = report.write(runs)
    print(path.with_suffix('.md').read_text())
    try:
        from benchmarks import plots
    except ImportError as error:
        print(f'no plots: {error.name} is missing; `make bench` installs it')
    else:
        plots.draw(runs, path.with_suffix(''))
    print(f'written to {path.relative_to(report.ROOT).with_suffix("")}.*')


def _plan(options: argparse.Namespace) -> Plan:
    make = plan.quick_plan if options.quick else plan.full_plan
    chosen = make(60.0 * options.minutes) if options.minutes else make()
    return plan.narrowed(chosen, tuple(options.mode), tuple(options.students))


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog='bench', description='Speed of the whole system.')
    parser.add_argument('--quick', action='store_true', help='six runs in three minutes')
    parser.add_argument(
        '--minutes',
        type=float,
        default=0.0,
        help='how long each run is watched, for its memory; default: seconds',
    )
    parser.add_argument(
        '--mode', action='append', default=[], choices=plan.MODES, help='of these modes only'
    )
    parser.add_argument(
        '--students', action='append', default=[], type=int, help='of so many only; 0: real films'
    )
    return parser.parse_args()


if __name__ == '__main__':
    sys.exit(main())
