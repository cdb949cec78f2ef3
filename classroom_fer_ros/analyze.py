"""
Analyse films without ROS: ``python -m classroom_fer_ros.analyze FILM… --out DIR``.

    FILM…       films, or folders of films
    --out DIR   for each film a folder of its name with frames.parquet, events.csv, summary.json
    --video     and the film with what was found drawn on it, annotated.mp4
    --fps N     analyse at most N pictures a second
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from classroom_fer_ros.core.annotated_film import AnnotatedFilm
from classroom_fer_ros.core.errors import ClassroomFerError, SourceError
from classroom_fer_ros.core.events import EVENTS_NAME, Event, EventLog, write_events
from classroom_fer_ros.core.film_analysis import analyse, find_films, open_film, result_folders
from classroom_fer_ros.core.film_summary import FilmSummary
from classroom_fer_ros.core.frame import Frame
from classroom_fer_ros.core.overlay import draw_overlay, without_names
from classroom_fer_ros.core.pipeline import ClassroomPipeline, PipelineConfig
from classroom_fer_ros.core.results import FrameResult
from classroom_fer_ros.core.session_output import (
    PICTURES_A_LOOK,
    prepare_folder,
    require_space,
)
from classroom_fer_ros.core.sources.film import FilmSource

TABLE_NAME, SUMMARY_NAME = 'frames.parquet', 'summary.json'
FPS_RANGE = (1.0, 240.0)
#: More threads than faces in a class gain nothing.
MAX_THREADS = 16
INTERRUPTED = 130


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What was asked for; `fps` 0 is every picture."""

    has_video: bool
    fps: float


class Stop:
    """Whether the user has asked for the end, by Ctrl-C or a signal."""

    def __init__(self) -> None:
        self.is_asked = False

    def on_signal(self, *_: object) -> None:
        """Called between two instructions: the picture in work is finished."""
        self.is_asked = True


class FilmResults:
    """The files of one film."""

    def __init__(self, folder: Path, source: FilmSource, options: Options) -> None:
        """:raises SourceError: if the folder cannot be written to"""
        from classroom_fer_ros.frame_table import FrameTable

        prepare_folder(folder)
        self.summary = FilmSummary()
        self._folder, self._source, self._options = folder, source, options
        self._log = EventLog()
        fps = min(options.fps or source.fps, source.fps)
        self._film = AnnotatedFilm(folder, fps) if options.has_video else None
        self._table = FrameTable(folder / TABLE_NAME)

    def write(self, frame: Frame, result: FrameResult) -> None:
        """:raises SourceError: if the disk is full"""
        if self.summary.pictures % PICTURES_A_LOOK == 0:
            require_space(self._folder)
        self.summary.add(result)
        self._log.add(result)
        self._table.write(result)
        if self._film is not None:
            self._film.write(draw_overlay(frame.image_bgr, without_names(result)))

    def close(self, is_complete: bool) -> list[Event]:
        """
        Finish every file, also of a film that was broken off.

        :raises SourceError: if the disk is full
        """
        events = self._log.events()
        with ExitStack() as rest:  # each is finished whatever happens to the others
            rest.callback(self._write_summary, events, is_complete)
            rest.callback(write_events, self._folder / EVENTS_NAME, events)
            if self._film is not None:
                rest.callback(self._film.close)
            rest.callback(self._table.close)
        return events

    def _write_summary(self, events: Sequence[Event], is_complete: bool) -> None:
        source = self._source
        content = {
            'film': source.path.name,
            'size_wh': list(source.size_wh),
            'film_fps': round(source.fps, 6),
            'analysed_fps': round(min(self._options.fps or source.fps, source.fps), 6),
            'is_complete': is_complete,
            'problem': source.problem,
            **self.summary.to_json(events),
        }
        path = self._folder / SUMMARY_NAME
        try:
            path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + '\n', 'utf-8')
        except OSError as error:
            raise SourceError(f'cannot write {path}: {error.strerror}') from error


def main(arguments: Sequence[str] | None = None) -> int:
    """
    Entry point.

    :return: 0 if every film was analysed, 1 if one was not or not to its end, 2 if nothing could
        be begun, 130 on Ctrl-C, which leaves the files of the film in work readable
    """
    options = _parser().parse_args(arguments)
    try:
        folders = result_folders(find_films(options.films), options.out)
        prepare_folder(options.out)
        chosen = Options(has_video=options.video, fps=options.fps)
        with _stoppable() as stop, _progress() as progress:
            is_whole = _analyse_all(folders, chosen, stop, progress)
    except ClassroomFerError as error:
        print(f'analyze: {error}', file=sys.stderr)
        return 2
    if stop.is_asked:
        return INTERRUPTED
    return 0 if is_whole else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog='analyze', description='Analyse films as fast as the machine can, without ROS.'
    )
    parser.add_argument('films', nargs='+', type=_path, metavar='FILM', help='film or folder')
    parser.add_argument('--out', type=_path, required=True, help='folder for the results')
    parser.add_argument('--video', action='store_true', help='write the annotated film too')
    parser.add_argument(
        '--fps', type=_fps, default=0.0, help='analyse at most so many pictures a second'
    )
    return parser


def _path(text: str) -> Path:
    return Path(text).expanduser()


def _fps(text: str) -> float:
    low, high = FPS_RANGE
    try:
        fps = float(text)
    except ValueError:
        fps = 0.0
    if not low <= fps <= high:
        raise argparse.ArgumentTypeError(f'{text!r} is no rate from {low:g} to {high:g}')
    return fps


@contextmanager
def _stoppable() -> Iterator[Stop]:
    stop = Stop()
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, stop.on_signal) for number in numbers]
    try:
        yield stop
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def _progress() -> Progress:
    return Progress(
        TextColumn('{task.description}'),
        BarColumn(),
        TextColumn('{task.completed:.0f} of {task.total:.0f} pictures'),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )


def _analyse_all(
    folders: dict[Path, Path], options: Options, stop: Stop, progress: Progress
) -> bool:
    """Whether every film was analysed to its end; what went wrong is told at once."""
    is_whole = True
    for film, folder in folders.items():
        if stop.is_asked:
            return False
        try:
            problem = _analyse_one(film, folder, options, stop, progress)
        except SourceError as error:
            problem = str(error)
        if problem:
            is_whole = False
            print(f'analyze: {problem}', file=sys.stderr)
    return is_whole


def _analyse_one(
    film: Path, folder: Path, options: Options, stop: Stop, progress: Progress
) -> str:
    """
    Analyse one film.

    :return: why it was not analysed to its end, empty if it was
    :raises SourceError: if it cannot be played, or its results cannot be written
    :raises ModelError: if a model is missing, broken or not the one its card describes
    """
    started_s = time.perf_counter()
    config = PipelineConfig(num_threads=min(os.cpu_count() or 1, MAX_THREADS))
    with open_film(film) as source, closing(ClassroomPipeline(config)) as pipeline:
        results = FilmResults(folder, source, options)
        task = progress.add_task(escape(film.name), total=max(source.picture_count, 1))
        is_complete = False
        try:
            for frame, result in analyse(source, pipeline, options.fps):
                results.write(frame, result)
                progress.update(task, completed=frame.index + 1)
                if stop.is_asked:
                    break
            is_complete = not stop.is_asked and not source.problem
        finally:
            progress.remove_task(task)
            events = results.close(is_complete)
        print(_line(folder, results.summary, events, time.perf_counter() - started_s))
        return f'{film} was broken off' if stop.is_asked else source.problem


def _line(folder: Path, summary: FilmSummary, events: Sequence[Event], elapsed_s: float) -> str:
    """One line about one film."""
    unknown = f'; unknown at this rate: {", ".join(summary.unknown)}' if summary.unknown else ''
    return (
        f'{folder}: {summary.pictures} pictures in {elapsed_s:.1f} s '
        f'({summary.pictures / elapsed_s:.1f} a second), {summary.faces} faces, '
        f'{len(events)} events{unknown}'
    )


if __name__ == '__main__':
    sys.exit(main())
