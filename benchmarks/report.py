"""Results as JSON, Markdown and on the terminal."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.core_run import StageFigures
from benchmarks.films import ROOT
from benchmarks.plan import FULL_HD, FUSED, HD, PUPILS, SIMULATED, Scene

RESULTS = ROOT / 'benchmarks' / 'results'
PERCENTILES = (50, 95, 99)


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchRun:
    """
    One scene in one mode.

    :param faces: students of a simulated scene, faces followed in a real film
    :param fps: pictures a second that get through whole
    :param latency_ms: from the camera's stamp to the result, at `offered_fps`
    :param alert_latency_ms: from the stamp of the picture that satisfies a rule to its alert;
        empty where none was raised
    :param dropped: pictures of those offered at `offered_fps` that have no result
    :param rate_hz: how often each face has landmarks, expression and identity made anew
    :param stage_cpu_ms: processor milliseconds a picture, of the fused analysis alone
    :param accuracy: share of the simulated students that is followed, and error of their yaw
    """

    mode: str
    source: str
    faces: int
    width: int
    height: int
    fps: float
    latency_ms: dict[str, float]
    cpu_ms_per_frame: float
    cpu_ms_per_face: float
    rss_mb_start: float
    rss_mb_end: float
    dropped: int
    offered_fps: float = 0.0
    faces_followed: float = 0.0
    alerts: int = 0
    alert_latency_ms: dict[str, float] = field(default_factory=dict)
    rate_hz: dict[str, float] = field(default_factory=dict)
    seconds: float = 0.0
    first_result_s: float = 0.0
    first_face_s: float = 0.0
    stage_cpu_ms: dict[str, float] = field(default_factory=dict)
    stage_cpu_ms_per_face: dict[str, float] = field(default_factory=dict)
    accuracy: dict[str, float] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """What the run is about."""
        return self.source if self.source != SIMULATED else f'{self.faces} simulated'


def percentiles(values_ms: Sequence[float]) -> dict[str, float]:
    """p50, p95 and p99; empty of nothing."""
    if not values_ms:
        return {}
    return {f'p{rank}': float(np.percentile(values_ms, rank)) for rank in PERCENTILES}


def run_of(
    mode: str, scene: Scene, figures: Any, stages: StageFigures | None, seconds: float
) -> BenchRun:
    """
    Put the figures of a scene together.

    :param figures: `live_run.LiveFigures`
    :param stages: None where they were not measured
    """
    heed = figures.heed
    width, height = scene.size_wh
    return BenchRun(
        mode=mode,
        source=scene.source,
        faces=scene.students or round(heed.faces),
        width=width,
        height=height,
        fps=figures.fps,
        latency_ms=percentiles(heed.latencies_ms),
        cpu_ms_per_frame=figures.cpu_ms,
        cpu_ms_per_face=figures.cpu_ms / max(heed.faces, 1.0),
        rss_mb_start=figures.rss_mb_start,
        rss_mb_end=figures.rss_mb_end,
        dropped=figures.dropped,
        offered_fps=figures.offered_fps,
        faces_followed=heed.faces,
        alerts=len(heed.alert_latencies_ms),
        alert_latency_ms=percentiles(heed.alert_latencies_ms),
        rate_hz={
            'landmarks': heed.landmark_hz,
            'expression': heed.expression_hz,
            **({'identity': stages.identity_hz} if stages else {}),
        },
        seconds=seconds,
        first_result_s=figures.first_result_s,
        first_face_s=figures.first_face_s,
        stage_cpu_ms=stages.cpu_ms if stages else {},
        stage_cpu_ms_per_face=stages.cpu_ms_per_face if stages else {},
        accuracy=stages.accuracy if stages else {},
    )


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    return {
        'processor': _processor(),
        'cores': len(_allowed_cores()),
        'memory_gb': round(_memory_gb(), 1),
        'system': platform.platform(terse=True),
        'python': platform.python_version(),
    }


def write(runs: Sequence[BenchRun], commit: str = '') -> Path:
    """
    Write ``<stamp>.json`` and ``.md`` and the same as ``latest``.

    :return: the JSON file with the stamp
    """
    stamp = datetime.now(timezone.utc)
    report = {
        'stamp': stamp.isoformat(timespec='seconds'),
        'commit': commit or _commit(),
        'machine': machine(),
        'runs': [asdict(run) for run in runs],
    }
    RESULTS.mkdir(parents=True, exist_ok=True)
    text = markdown(runs, report['machine'])
    for name in (f'{stamp:%Y%m%dT%H%M%S}', 'latest'):
        (RESULTS / f'{name}.json').write_text(json.dumps(report, indent=1) + '\n')
        (RESULTS / f'{name}.md').write_text(text)
    return RESULTS / f'{stamp:%Y%m%dT%H%M%S}.json'


def read(path: Path) -> list[BenchRun]:
    """Runs of a file that `write` has written."""
    return [BenchRun(**run) for run in json.loads(path.read_text())['runs']]


HEADER = (
    *('mode', 'source', 'picture', 'pictures a second', 'p50', 'p95', 'p99'),
    *('to the alert, p95', 'CPU a picture', 'CPU a face', 'memory', 'lost'),
)


def markdown(runs: Sequence[BenchRun], on: dict[str, Any]) -> str:
    """Tables of everything measured."""
    lines = [
        f'{on["processor"]}, {on["cores"]} cores, Python {on["python"]}',
        '',
        *_table(HEADER, [_row(run) for run in runs]),
    ]
    if rated := [run for run in runs if run.rate_hz]:
        header = ('mode', 'source', 'picture', *_names(rated, 'rate_hz'), 'start', 'first face')
        rows = [
            (
                *_what(run),
                *(_hz(run.rate_hz.get(name)) for name in _names(rated, 'rate_hz')),
                f'{run.first_result_s:.1f} s',
                f'{run.first_face_s:.1f} s',
            )
            for run in rated
        ]
        lines += ['', 'A second and face, and from the start:', '', *_table(header, rows)]
    if staged := [run for run in runs if run.stage_cpu_ms]:
        names = _names(staged, 'stage_cpu_ms')
        rows = [
            (*_what(run), *(f'{run.stage_cpu_ms.get(name, 0.0):.2f}' for name in names))
            for run in staged
        ]
        lines += ['', 'Processor milliseconds a picture:', '']
        lines += _table(('mode', 'source', 'picture', *names), rows)
    if scored := [run for run in runs if run.accuracy]:
        rows = [
            (
                *_what(run),
                f'{100.0 * run.accuracy["followed"]:.1f} %',
                f'{run.accuracy["yaw_error_deg"]:.1f} deg',
            )
            for run in scored
        ]
        lines += ['', 'Accuracy of the same analysis, simulated:', '']
        lines += _table(('mode', 'source', 'picture', 'followed', 'error of yaw'), rows)
    lines += ['', 'Targets on two cores:', '', *_table(('target', 'here'), targets(runs))]
    return '\n'.join(lines) + '\n'


def targets(runs: Sequence[BenchRun]) -> list[tuple[str, str]]:
    """The design's targets, and what was measured of them."""
    fused = [run for run in runs if run.mode == FUSED]
    one = _find(fused, SIMULATED, 1, HD)
    thirty = _find(fused, SIMULATED, 30, FULL_HD)
    pupils = next((run for run in fused if run.source == PUPILS), None)
    slope = cost_of_a_face([run for run in fused if run.source == SIMULATED])
    most_mb = max((run.rss_mb_end for run in fused), default=float('nan'))
    latest_s = max((run.first_result_s for run in fused), default=float('nan'))
    return [
        ('one face, 1280x720: 30 pictures a second', _fps(one)),
        ('classroom film, 1280x720: 25 pictures a second', _fps(pupils)),
        ('30 faces, 1920x1080: 15 pictures a second', _fps(thirty)),
        (
            '30 faces: expression 3 times a second',
            _hz(thirty.rate_hz.get('expression')) if thirty else '-',
        ),
        (
            'classroom film: 150 ms to the alert, p95',
            _ms(pupils.alert_latency_ms.get('p95')) if pupils else '-',
        ),
        ('one face more: 3.5 ms of CPU a picture', _ms(slope)),
        ('memory: 600 MB', f'{most_mb:.0f} MB'),
        ('start to the first result: 5 s', f'{latest_s:.1f} s'),
    ]


def cost_of_a_face(runs: Sequence[BenchRun]) -> float | None:
    """Processor milliseconds a picture that one more face costs, by a straight line over all."""
    if len({run.faces for run in runs}) < 2:
        return None
    return float(np.polyfit([r.faces for r in runs], [r.cpu_ms_per_frame for r in runs], 1)[0])


def _find(
    runs: Sequence[BenchRun], source: str, faces: int, size_wh: tuple[int, int]
) -> BenchRun | None:
    wanted = (source, faces, *size_wh)
    return next((r for r in runs if (r.source, r.faces, r.width, r.height) == wanted), None)


def _row(run: BenchRun) -> tuple[str, ...]:
    return (
        *_what(run),
        f'{run.fps:.1f}',
        *(_ms(run.latency_ms.get(f'p{rank}')) for rank in PERCENTILES),
        _ms(run.alert_latency_ms.get('p95')),
        _ms(run.cpu_ms_per_frame),
        _ms(run.cpu_ms_per_face),
        f'{run.rss_mb_start:.0f} to {run.rss_mb_end:.0f} MB',
        f'{run.dropped} of {round(run.offered_fps * run.seconds)}',
    )


def _what(run: BenchRun) -> tuple[str, str, str]:
    return run.mode, run.title, f'{run.width}x{run.height}'


def _names(runs: Sequence[BenchRun], attribute: str) -> list[str]:
    """Keys of all runs' mappings, in the order in which they come up."""
    return list(dict.fromkeys(name for run in runs for name in getattr(run, attribute)))


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return ['| ' + ' | '.join(cells) + ' |' for cells in (header, ['---'] * len(header), *rows)]


def _ms(value: float | None) -> str:
    return '-' if value is None else f'{value:.1f} ms'


def _hz(value: float | None) -> str:
    return '-' if value is None else f'{value:.1f}'


def _fps(run: BenchRun | None) -> str:
    return '-' if run is None else f'{run.fps:.1f}'


def _processor() -> str:
    for line in Path('/proc/cpuinfo').read_text().splitlines():
        if line.startswith('model name'):
            return line.split(':', 1)[1].strip()
    return platform.processor()


def _allowed_cores() -> set[int]:
    return os.sched_getaffinity(0)


def _memory_gb() -> float:
    for line in Path('/proc/meminfo').read_text().splitlines():
        if line.startswith('MemTotal:'):
            return int(line.split()[1]) * 1024 / 1e9
    return float('nan')


def _commit() -> str:
    """Of the checkout, with a plus sign where it was changed; empty outside of one."""
    done = subprocess.run(
        ['git', 'describe', '--always', '--dirty=+'],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip()
