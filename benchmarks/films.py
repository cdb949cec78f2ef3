"""Films of the scenes: simulated ones are rendered once and kept in ``.cache/bench``."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import cv2
from rich.progress import track

from benchmarks.plan import SIMULATED, Scene
from classroom_fer_ros.core.arrays import ImageBgr
from classroom_fer_ros.core.simulation import SimulationConfig, render_film

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / '.cache' / 'bench'
DATA = Path(os.environ.get('CLASSROOM_FER_DATA', ROOT.parent / 'shared' / 'data'))
FPS = 25.0


def film_of(scene: Scene, seconds: float) -> Path | None:
    """
    The film of a scene.

    :param seconds: length of a simulated one
    :return: None where a real film is missing
    """
    if scene.source != SIMULATED:
        film = DATA / 'video' / f'{scene.source}.mp4'
        return film if film.is_file() else None
    width, height = scene.size_wh
    film = CACHE / f'{scene.students}x{width}x{height}x{seconds:g}.mp4'
    if not film.is_file():
        config = SimulationConfig(students=scene.students, width=width, height=height, fps=FPS)
        title = f'rendering {scene.title}'
        for _ in track(render_film(config, film, seconds), title, total=round(seconds * FPS)):
            pass
    return film


def pictures_of(film: Path, count: int) -> Iterator[ImageBgr]:
    """The first pictures of a film; over its end it begins again."""
    return islice(_endless(film), count)


def _endless(film: Path) -> Iterator[ImageBgr]:
    while True:
        capture = cv2.VideoCapture(str(film))
        is_read, picture = capture.read()
        if not is_read:
            raise SystemExit(f'bench: {film} cannot be played: delete it and try again')
        while is_read:
            yield picture
            is_read, picture = capture.read()
        capture.release()
