"""
Film of the simulated classroom with its truth: ``python -m classroom_fer_ros.simulate``.

    --out FILM.mp4 [--seconds 60] [--students 6] [--size 1280x720] [--fps 25] [--seed 1]
    [--people-dir DIR]

Writes the film and, beside it, ``FILM.truth.jsonl``: one line for each student in each picture.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.progress import Progress

from classroom_fer_ros.core.errors import ClassroomFerError
from classroom_fer_ros.core.simulation import SimulationConfig, render_film, truth_path


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point: 0 if the film was written, 2 if a setting or the photographs were wrong."""
    options = _parser().parse_args(arguments)
    width, height = options.size
    try:
        config = SimulationConfig(
            students=options.students,
            width=width,
            height=height,
            fps=options.fps,
            seed=options.seed,
            people_dir=options.people_dir,
        )
        _render(config, options.out, options.seconds)
    except ClassroomFerError as error:
        print(f'simulate: {error}', file=sys.stderr)
        return 2
    print(options.out)
    print(truth_path(options.out))
    return 0


def _render(config: SimulationConfig, out: Path, seconds: float) -> None:
    with Progress(transient=True) as progress:
        task = progress.add_task(f'rendering {config.students} students', total=None)
        for done, total in render_film(config, out, seconds):
            progress.update(task, completed=done, total=total)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog='simulate', description='Film of a simulated classroom.')
    parser.add_argument('--out', type=Path, required=True, help='film to write, .mp4')
    parser.add_argument('--seconds', type=float, default=60.0, help='length of the film')
    parser.add_argument('--students', type=int, default=6, help='1 to 40')
    parser.add_argument('--size', type=_size, default=(1280, 720), help='WIDTHxHEIGHT in pixels')
    parser.add_argument('--fps', type=float, default=25.0, help='pictures a second')
    parser.add_argument('--seed', type=int, default=1, help='another seed is another class')
    parser.add_argument(
        '--people-dir', default='', metavar='DIR', help='own photographs, <name>/<label>.jpg'
    )
    return parser


def _size(text: str) -> tuple[int, int]:
    match = re.fullmatch(r'(\d+)x(\d+)', text)
    if match is None:
        raise argparse.ArgumentTypeError(f'{text!r} is not WIDTHxHEIGHT, for example 1280x720')
    return int(match[1]), int(match[2])


if __name__ == '__main__':
    sys.exit(main())
