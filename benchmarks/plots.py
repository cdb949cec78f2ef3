"""Plots of `make bench`: cost over the number of faces by stage, rates and latencies by mode."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from benchmarks.plan import FUSED, SIMULATED
from benchmarks.report import BenchRun


def draw(runs: Sequence[BenchRun], stem: Path) -> list[Path]:
    """
    Draw what there is to draw.

    :param stem: beginning of the files' names, and their folder
    :return: the PNG files, also as ``latest…``
    """
    simulated = [run for run in runs if run.source == SIMULATED]
    sizes = sorted({(run.width, run.height) for run in simulated})
    figures = {}
    for size in sizes:
        staged = _of_size([r for r in simulated if r.mode == FUSED and r.stage_cpu_ms], size)
        if len(staged) > 1:
            figures[f'stages_{size[1]}p'] = _stages(staged)
    if len(simulated) > 1:
        figures['rates'] = _lines(simulated, 'pictures a second', lambda run: run.fps)
        figures['latency'] = _lines(
            simulated, 'stamp to result, p95 (ms)', lambda run: run.latency_ms.get('p95', 0.0)
        )
    return [path for name, figure in figures.items() for path in _save(figure, stem, name)]


def _of_size(runs: Sequence[BenchRun], size_wh: tuple[int, int]) -> list[BenchRun]:
    chosen = [run for run in runs if (run.width, run.height) == size_wh]
    return sorted(chosen, key=lambda run: run.faces)


def _stages(runs: Sequence[BenchRun]) -> Figure:
    """Cost over the number of faces, one stage on top of the other."""
    figure, axes = _axes('faces', 'processor time a picture (ms)')
    names = list(dict.fromkeys(name for run in runs for name in run.stage_cpu_ms))
    costs = [[run.stage_cpu_ms.get(name, 0.0) for run in runs] for name in names]
    axes.stackplot([run.faces for run in runs], costs, labels=names)
    axes.set_title(f'Fused, {runs[0].width}x{runs[0].height}')
    axes.legend(loc='upper left')
    return figure


def _lines(runs: Sequence[BenchRun], what: str, value: object) -> Figure:
    figure, axes = _axes('faces', what)
    for mode in dict.fromkeys(run.mode for run in runs):
        of_mode = [run for run in runs if run.mode == mode]
        for size in sorted({(run.width, run.height) for run in of_mode}):
            line = _of_size(of_mode, size)
            axes.plot(
                [run.faces for run in line],
                [value(run) for run in line],
                marker='o',
                label=f'{mode}, {size[1]}p',
            )
    axes.set_ylim(bottom=0)
    axes.legend()
    return figure


def _axes(x_label: str, y_label: str) -> tuple[Figure, object]:
    figure = Figure(figsize=(8, 5), layout='constrained')
    FigureCanvasAgg(figure)
    axes = figure.add_subplot(xlabel=x_label, ylabel=y_label)
    axes.grid(alpha=0.3)
    return figure, axes


def _save(figure: Figure, stem: Path, name: str) -> list[Path]:
    paths = [stem.with_name(f'{first}_{name}.png') for first in (stem.name, 'latest')]
    for path in paths:
        figure.savefig(path, dpi=120)
    return paths
