"""The fused analysis of a whole film, as fast as it can be read. Needs no ROS and no clock."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

from classroom_fer_ros.core.errors import SourceError
from classroom_fer_ros.core.frame import Frame
from classroom_fer_ros.core.pipeline import ClassroomPipeline
from classroom_fer_ros.core.results import FrameResult
from classroom_fer_ros.core.sources.base import Source
from classroom_fer_ros.core.sources.config import SourceConfig
from classroom_fer_ros.core.sources.film import FilmSource
from classroom_fer_ros.core.sources.kind import SourceKind, kind_of

#: Endings by which a film is told from other files of a folder.
FILM_SUFFIXES = {
    '.3gp',
    '.avi',
    '.flv',
    '.m4v',
    '.mkv',
    '.mov',
    '.mp4',
    '.mpeg',
    '.mpg',
    '.mts',
    '.ogv',
    '.ts',
    '.webm',
    '.wmv',
}


def find_films(paths: list[Path]) -> list[Path]:
    """
    Films that files and folders name, each once; those of a folder by name, without its folders.

    :raises SourceError: if a path does not exist, or a folder holds no film or may not be read
    """
    films: dict[Path, None] = {}
    for path in paths:
        try:
            found = sorted(path.iterdir()) if path.is_dir() else [path]
            is_there = path.exists()
        except OSError as error:
            raise SourceError(f'{path} cannot be read: {error.strerror}') from error
        if not is_there:
            raise SourceError(f'film {path} does not exist')
        if path.is_dir():
            found = [film for film in found if _is_film(film)]
        if not found:
            endings = ' '.join(sorted(FILM_SUFFIXES))
            raise SourceError(f'{path} holds no film: they must end in one of {endings}')
        films |= dict.fromkeys(Path(film).absolute() for film in found)
    return list(films)


def _is_film(path: Path) -> bool:
    is_hidden = path.name.startswith('.')
    return path.suffix.lower() in FILM_SUFFIXES and not is_hidden and path.is_file()


def result_folders(films: list[Path], out: Path) -> dict[Path, Path]:
    """
    Folder for the results of each film: that of its name without the ending.

    :raises SourceError: if two films have one name, or a folder holds something already
    """
    folders: dict[Path, Path] = {}
    for film in films:
        if film.stem in ('', '.', '..'):
            raise SourceError(f'{film} has no name to call its folder of results by: rename it')
        folder = out / film.stem
        other = folders.setdefault(folder, film)
        if other != film:
            raise SourceError(
                f'{other} and {film} would both be written to {folder}: rename one, or give them '
                'output folders of their own'
            )
        if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
            raise SourceError(
                f'{folder} exists already: take it away, or name another output folder'
            )
    return {film: folder for folder, film in folders.items()}


def open_film(path: Path) -> FilmSource:
    """
    Open a film to be read as fast as possible, with stamps from 0 on.

    :raises SourceError: if it is no film, or cannot be played
    """
    path = path.absolute()  # so that no name means a camera
    kind = kind_of(str(path))
    if kind is not SourceKind.FILM:
        raise SourceError(f'{path} is no film: it is a {kind.value}')
    return FilmSource(path, SourceConfig(source=str(path), is_paced=False), start_ns=0)


def thinned(source: Source, fps: float) -> Iterator[Frame]:
    """
    Pictures of a source, at most so many a second by their stamps.

    :param fps: 0 for every picture
    """
    last_slot = -1
    while (frame := source.read()) is not None:
        # Stamps are rounded to nanoseconds: one that falls onto a slot's beginning is in it.
        slot = math.floor(frame.stamp_s * fps + 1e-6)
        if fps > 0 and slot == last_slot:
            continue
        last_slot = slot
        yield frame


def analyse(
    source: Source, pipeline: ClassroomPipeline, fps: float = 0.0
) -> Iterator[tuple[Frame, FrameResult]]:
    """
    Analyse one picture after the other; the same film gives the same results.

    :param pipeline: a new one for each film, so that faces and alerts are numbered from 1
    :param fps: analyse at most so many pictures a second, 0 for every one
    """
    for frame in thinned(source, fps):
        yield frame, pipeline.process(frame)
