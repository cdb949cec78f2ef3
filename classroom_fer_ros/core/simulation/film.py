"""Films of the simulated classroom with their truth beside them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import cv2

from classroom_fer_ros.core.errors import ConfigError, SourceError
from classroom_fer_ros.core.simulation.classroom import SimulatedClassroom
from classroom_fer_ros.core.simulation.config import SimulationConfig
from classroom_fer_ros.core.simulation.truth import truth_path, write_truth_line

FILM_CODEC = 'mp4v'


def render_film(config: SimulationConfig, path: Path, seconds: float) -> Iterator[tuple[int, int]]:
    """
    Render a film, and ``<stem>.truth.jsonl`` beside it, picture by picture.

    Both appear under their names only when they are complete.

    :param path: an ``.mp4``; its folder is made where it is missing
    :param seconds: length of the film
    :return: yields how many pictures are done, and how many there will be
    :raises ConfigError: if `seconds` holds no picture, or `path` does not end in ``.mp4``
    :raises SourceError: if the film cannot be written
    """
    if not (math.isfinite(seconds) and seconds * config.fps >= 0.5):
        raise ConfigError('seconds', seconds, 'must hold at least one picture')
    if path.suffix != '.mp4':
        raise ConfigError('out', str(path), 'must end in .mp4')
    count = round(seconds * config.fps)
    classroom = SimulatedClassroom(config)
    part, truth_part = path.with_suffix('.part.mp4'), path.with_suffix('.part.jsonl')
    film = _open_film(part, config)
    try:
        with truth_part.open('w', encoding='utf-8') as truth_file:
            for index in range(count):
                picture, truths = classroom.render(index / config.fps)
                film.write(picture)
                for truth in truths:
                    write_truth_line(truth_file, index, truth)
                yield index + 1, count
        film.release()
        part.replace(path)
        truth_part.replace(truth_path(path))
    finally:
        film.release()
        part.unlink(missing_ok=True)
        truth_part.unlink(missing_ok=True)


def _open_film(path: Path, config: SimulationConfig) -> cv2.VideoWriter:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SourceError(f'{path.parent}: cannot be made ({error})') from error
    film = cv2.VideoWriter(
        str(path), cv2.VideoWriter.fourcc(*FILM_CODEC), config.fps, (config.width, config.height)
    )
    if not film.isOpened():
        raise SourceError(f'{path}: OpenCV {cv2.__version__} cannot write this film here')
    return film
