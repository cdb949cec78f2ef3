"""
The same film through what one would take otherwise: ``make bench-peers``.

MediaPipe's FaceMesh with the `fer` package on Haar's and YuNet's boxes, and `face_recognition`
(dlib), each picture by picture as their own examples do; and this project's fused analysis, which
does all of it and fatigue, heads and alerts besides. One after the other, on the same machine.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks import peer_runs
from benchmarks.films import CACHE, DATA, ROOT, film_of
from benchmarks.people import make_gallery
from benchmarks.plan import PUPILS, Scene
from benchmarks.report import RESULTS, machine
from classroom_fer_ros.core.errors import ModelError
from classroom_fer_ros.core.frame import Frame
from classroom_fer_ros.core.model_manifest import find_model
from classroom_fer_ros.core.pipeline import ClassroomPipeline, PipelineConfig

VENV = CACHE.parent / 'bench-peers'
REQUIREMENTS = ROOT / 'requirements'
READY = VENV / 'ready.json'
OURS = 'classroom_fer_ros'
FPS = 25
#: Where YuNet lies beside the test data, if it was not fetched.
YUNET_BESIDE_DATA = DATA.parent / 'models' / 'face_detection_yunet_2023mar.onnx'


def set_up() -> Path:
    """
    Make the virtual environment of the peers, unless it is as it should be.

    :return: its Python
    """
    files = [REQUIREMENTS / f'{name}.txt' for name in ('peers', 'peers-alone')]
    wanted = json.dumps([sys.version, *(path.read_text() for path in files)])
    python = VENV / 'bin' / 'python'
    if READY.is_file() and READY.read_text() == wanted:
        return python
    print(f'installing the peers into {VENV.relative_to(ROOT)} (about 2 GB)', flush=True)
    subprocess.run([sys.executable, '-m', 'venv', '--clear', str(VENV)], check=True)
    pip = [str(python), '-m', 'pip', 'install', '-q', '--disable-pip-version-check']
    subprocess.run([*pip, '-r', str(files[0])], check=True)
    subprocess.run([*pip, '--no-deps', '-r', str(files[1])], check=True)
    READY.write_text(wanted)
    return python


def run_peer(python: Path, peer: str, film: Path, pictures: int) -> dict[str, Any] | None:
    """Measure a peer in its own process; None, with the reason printed, if it cannot be run."""
    command = [str(python), peer_runs.__file__, peer, str(film), str(pictures)]
    if peer.endswith('yunet'):
        yunet = _yunet()
        if yunet is None:
            print(f'{peer}: left out, YuNet is missing: make fetch-models', file=sys.stderr)
            return None
        command.append(str(yunet))
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ['no reason given'])[-1]
        print(f'{peer}: left out, {last}', file=sys.stderr)
        return None
    return dict(json.loads(done.stdout.splitlines()[-1]))


def run_ours(film: Path, pictures: int) -> dict[str, Any]:
    """Measure the fused analysis, identification included, the same way."""
    pipeline = ClassroomPipeline(PipelineConfig(gallery_path=str(make_gallery())))
    index = -1

    def work(image_bgr: Any) -> int:
        nonlocal index
        index += 1
        return len(pipeline.process(Frame(image_bgr, round(index / FPS * 1e9), index)).faces)

    figures = peer_runs.measure(work, str(film), pictures)
    pipeline.close()
    return figures


def _yunet() -> Path | None:
    try:
        return find_model('yunet')
    except ModelError:
        return YUNET_BESIDE_DATA if YUNET_BESIDE_DATA.is_file() else None


def _print(found: dict[str, dict[str, Any]]) -> None:
    table = Table('', 'faces', 'pictures a second', 'p50', 'p95', 'CPU a picture', 'memory')
    for name, figures in found.items():
        table.add_row(
            name,
            f'{figures["faces"]:.1f}',
            f'{figures["fps"]:.1f}',
            f'{figures["latency_ms"]["p50"]:.0f} ms',
            f'{figures["latency_ms"]["p95"]:.0f} ms',
            f'{figures["cpu_ms_per_frame"]:.0f} ms',
            f'{figures["rss_mb_end"]:.0f} MB',
        )
    Console().print(table)


def main() -> int:
    """Entry point: 0 if at least one peer could be measured."""
    parser = argparse.ArgumentParser(prog='bench-peers', description='The usual ways, measured.')
    parser.add_argument('--film', type=Path, help='default: the classroom film of the test data')
    parser.add_argument('--pictures', type=int, default=100, help='how many of them')
    options = parser.parse_args()
    film = options.film or film_of(Scene(source=PUPILS), 0.0) or film_of(Scene(students=8), 8.0)
    found = {OURS: run_ours(film, options.pictures)}
    python = set_up()
    for peer in peer_runs.WAYS:
        print(f'{peer} …', flush=True)
        figures = run_peer(python, peer, film, options.pictures)
        if figures is not None:
            found[peer] = figures
    _print(found)
    RESULTS.mkdir(parents=True, exist_ok=True)
    report = {'machine': machine(), 'film': film.name, 'peers': found}
    (RESULTS / 'peers.json').write_text(json.dumps(report, indent=1) + '\n')
    return 0 if len(found) > 1 else 1


if __name__ == '__main__':
    sys.exit(main())
