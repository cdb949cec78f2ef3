"""
Speed of the fused analysis on simulated students: ``make bench``.

Renders each classroom once (the film is kept in ``.cache/bench``) and analyses it picture by
picture; reading the film is no part of what is measured. Leaves
``benchmarks/results/latest.json``.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from pathlib import Path

import cv2
import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from classroom_fer_ros.core.arrays import ImageBgr
from classroom_fer_ros.core.frame import Frame
from classroom_fer_ros.core.memory import resident_megabytes
from classroom_fer_ros.core.pipeline import ClassroomPipeline, PipelineConfig
from classroom_fer_ros.core.simulation import SimulationConfig, render_film

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / 'benchmarks' / 'results'
FILMS = ROOT / '.cache' / 'bench'
FPS = 25
#: Pictures before the measurement begins: models warm up, everybody is found.
WARM_UP_PICTURES = 15
#: Students and size of the picture, as the design's table of numbers asks for them.
CLASSROOMS = ((1, 1280, 720), (8, 1280, 720), (30, 1920, 1080))


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchRun:
    """One measured classroom. Times are medians over its pictures."""

    mode: str
    source: str
    faces: int
    faces_followed: float
    width: int
    height: int
    fps: float
    latency_ms: dict[str, float]
    cpu_ms_per_frame: float
    cpu_ms_per_face: float
    rss_mb_start: float
    rss_mb_end: float
    dropped: int = 0
    stage_ms: dict[str, float] = field(default_factory=dict)


def render(students: int, width: int, height: int, seconds: float) -> Path:
    """Render a simulated classroom once and keep it."""
    film = FILMS / f'{students}x{width}x{height}x{seconds:g}.mp4'
    if not film.is_file():
        film.parent.mkdir(parents=True, exist_ok=True)
        config = SimulationConfig(students=students, width=width, height=height, fps=FPS)
        title = f'rendering {students} students'
        pictures = round(seconds * FPS)
        for _ in track(render_film(config, film, seconds), title, total=pictures):
            pass
    return film


def pictures_of(film: Path) -> Iterator[ImageBgr]:
    """Every picture of a film."""
    capture = cv2.VideoCapture(str(film))
    while capture.grab():
        yield capture.retrieve()[1]
    capture.release()


def measure(students: int, width: int, height: int, seconds: float) -> BenchRun:
    """Analyse one simulated classroom as fast as the machine allows."""
    film = render(students, width, height, seconds)
    pipeline = ClassroomPipeline(PipelineConfig())
    wall_ms, cpu_ms, followed = [], [], []
    stages: dict[str, list[float]] = {}
    rss_start = 0.0
    for index, picture in enumerate(pictures_of(film)):
        if index == WARM_UP_PICTURES:
            rss_start = resident_megabytes()
        wall, cpu = time.perf_counter(), time.process_time()
        result = pipeline.process(Frame(picture, round(index / FPS * 1e9), index))
        if index < WARM_UP_PICTURES:
            continue
        wall_ms.append((time.perf_counter() - wall) * 1e3)
        cpu_ms.append((time.process_time() - cpu) * 1e3)
        followed.append(len(result.faces))
        for stage, milliseconds in result.stage_ms.items():
            stages.setdefault(stage, []).append(milliseconds)
    pipeline.close()
    # The mean, not the median: detection and expression take turns over the pictures.
    cpu_per_frame = statistics.fmean(cpu_ms)
    return BenchRun(
        mode='fused',
        source='simulated',
        faces=students,
        faces_followed=statistics.fmean(followed),
        width=width,
        height=height,
        fps=1e3 / statistics.fmean(wall_ms),
        latency_ms={
            name: float(np.percentile(wall_ms, rank))
            for name, rank in (('p50', 50), ('p95', 95), ('p99', 99))
        },
        cpu_ms_per_frame=cpu_per_frame,
        cpu_ms_per_face=cpu_per_frame / max(statistics.fmean(followed), 1.0),
        rss_mb_start=rss_start,
        rss_mb_end=resident_megabytes(),
        stage_ms={stage: statistics.fmean(values) for stage, values in stages.items()},
    )


def processor() -> str:
    """Name of the processor, as Linux gives it."""
    for line in Path('/proc/cpuinfo').read_text().splitlines():
        if line.startswith('model name'):
            return line.split(':', 1)[1].strip()
    return platform.processor()


def print_runs(runs: list[BenchRun]) -> None:
    """Two tables: rates, and milliseconds a picture by stage."""
    rates = Table(
        'students', 'picture', 'followed', 'fps', 'p50 ms', 'p95 ms', 'CPU ms/face', 'MB'
    )
    stages = Table('students', *runs[0].stage_ms)
    for run in runs:
        rates.add_row(
            str(run.faces),
            f'{run.width}x{run.height}',
            f'{run.faces_followed:.1f}',
            f'{run.fps:.1f}',
            f'{run.latency_ms["p50"]:.1f}',
            f'{run.latency_ms["p95"]:.1f}',
            f'{run.cpu_ms_per_face:.2f}',
            f'{run.rss_mb_end:.0f}',
        )
        stages.add_row(str(run.faces), *(f'{value:.2f}' for value in run.stage_ms.values()))
    console = Console()
    console.print('Fused analysis, simulated students, as fast as possible', style='bold')
    console.print(rates)
    console.print('Wall milliseconds a picture, mean', style='bold')
    console.print(stages)


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description='Speed of the fused analysis.')
    parser.add_argument('--seconds', type=float, default=12.0, help='length of each film')
    arguments = parser.parse_args()
    runs = [measure(*classroom, arguments.seconds) for classroom in CLASSROOMS]
    print_runs(runs)
    stamp = datetime.now(timezone.utc)
    report = {
        'stamp': stamp.isoformat(timespec='seconds'),
        'machine': {'processor': processor(), 'python': platform.python_version()},
        'runs': [asdict(run) for run in runs],
    }
    RESULTS.mkdir(parents=True, exist_ok=True)
    for name in (f'{stamp:%Y%m%dT%H%M%S}.json', 'latest.json'):
        (RESULTS / name).write_text(json.dumps(report, indent=1) + '\n')
    print(f'{processor()}; written to {RESULTS.relative_to(ROOT) / "latest.json"}')


if __name__ == '__main__':
    main()
