"""
Files of one session: the annotated film and a table (CSV) for each topic.

Every row is written at once, so that whatever ends the session leaves readable files. Tables hold
`person_id`, never names.
"""

from __future__ import annotations

import csv
import dataclasses
import math
import shutil
import tempfile
from contextlib import suppress
from enum import Enum
from pathlib import Path
from typing import IO, Any

from classroom_fer_ros.core.annotated_film import AnnotatedFilm
from classroom_fer_ros.core.arrays import ImageBgr
from classroom_fer_ros.core.errors import SourceError
from classroom_fer_ros.core.labels import EXPRESSION_LABELS
from classroom_fer_ros.core.person_records import erase_from_text
from classroom_fer_ros.core.results import (
    Alert,
    ClassState,
    Expression,
    Face,
    Fatigue,
    FrameResult,
    HeadPose,
)

#: Writing ends while so much of the disk is free, so that the film can still be finished: its
#: index is written last, and without it nothing of the film can be read.
MIN_FREE_BYTES = 64_000_000
#: The free space is looked at once in so many pictures.
PICTURES_A_LOOK = 10
#: Fields that are too big for a table, or that would put a name into it.
LEFT_OUT = {'keypoints_xy', 'landmarks', 'person_name', 'subject', 'text', 'stamp_s'}
#: Fields that take several columns.
SPREAD_COLUMNS = {
    'box_xyxy': ('x_min', 'y_min', 'x_max', 'y_max'),
    'probabilities': tuple(f'probability_{label}' for label in EXPRESSION_LABELS),
    'expression_shares': tuple(f'expression_share_{label}' for label in EXPRESSION_LABELS),
}
TABLES: dict[str, type] = {
    'faces': Face,
    'expressions': Expression,
    'fatigue': Fatigue,
    'head_pose': HeadPose,
    'alerts': Alert,
    'class_state': ClassState,
}

Row = dict[str, object]


def prepare_folder(folder: Path) -> None:
    """
    Make the folder of a session.

    :raises SourceError: if it cannot be made or written to
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SourceError(f'cannot make the output folder {folder}: {error.strerror}') from error
    try:
        with tempfile.TemporaryFile(dir=folder):  # asking for permission is not enough for root
            pass
    except OSError as error:
        raise SourceError(
            f'cannot write into the output folder {folder} ({error.strerror}): name another, or '
            'change its owner'
        ) from error
    require_space(folder)


def require_space(folder: Path) -> None:
    """:raises SourceError: if the disk is nearly full"""
    free_bytes = shutil.disk_usage(folder).free
    if free_bytes < MIN_FREE_BYTES:
        raise SourceError(
            f'the disk of {folder} is full ({free_bytes / 1e6:.0f} MB are left, '
            f'{MIN_FREE_BYTES / 1e6:.0f} MB are kept free to finish the files): free some space, '
            'or name another output folder'
        )


class SessionOutput:
    """Writes the annotated film and the tables of one session into a folder."""

    def __init__(self, folder: Path, fps: float, has_film: bool = True) -> None:
        """
        :param has_film: False writes tables only
        :param folder: made if missing; files of an earlier session in it are replaced
        :param fps: pictures a second of the annotated film
        :raises SourceError: if the folder cannot be written to
        """
        prepare_folder(folder)
        self.folder = folder
        self._film = AnnotatedFilm(folder, fps) if has_film else None
        self._pictures = 0
        self._tables = {
            topic: _Table(folder / f'{topic}.csv', kind) for topic, kind in TABLES.items()
        }

    def write(self, overlay_bgr: ImageBgr, result: FrameResult) -> None:
        """
        Add one picture and what was found in it.

        :param overlay_bgr: annotated picture, shape (height, width, 3), uint8
        :raises SourceError: if the film cannot be opened, or the disk is full; what was written
            before stays readable
        """
        if self._pictures % PICTURES_A_LOOK == 0:
            require_space(self.folder)
        self._pictures += 1
        if self._film is not None:
            self._film.write(overlay_bgr)
        entries = {
            'faces': result.faces,
            'expressions': result.expressions,
            'fatigue': result.fatigue,
            'head_pose': result.head_poses,
            'alerts': result.alert_changes,
            'class_state': () if result.class_state is None else (result.class_state,),
        }
        for topic, rows in entries.items():
            self._tables[topic].write(result, rows)

    def erase_person(self, person_id: str) -> str:
        """
        Take a person's id out of the tables, as of `PersonRecords`; the film stays.

        :raises DataError: if a table cannot be changed
        """
        count = sum(table.erase(person_id) for table in self._tables.values())
        if not count:
            return ''
        words = f'{count} entries in the tables of {self.folder}'
        return words if self._film is None else f'{words} (its film shows faces still)'

    def close(self) -> None:
        """Finish every file."""
        if self._film is not None:
            self._film.close()
        for table in self._tables.values():
            table.close()


class _Table:
    """One CSV file of one kind of entry."""

    def __init__(self, path: Path, kind: type) -> None:
        self._path = path
        try:
            self._lines: IO[str] = path.open('w', newline='', encoding='utf-8', buffering=1)
            self._writer = csv.DictWriter(self._lines, ['stamp_ns', 'frame', *columns_of(kind)])
            self._writer.writeheader()
        except OSError as error:
            raise self._failure(error) from error

    def write(self, result: FrameResult, entries: tuple[Any, ...]) -> None:
        try:
            for entry in entries:
                self._writer.writerow(
                    {'stamp_ns': result.stamp_ns, 'frame': result.index, **flatten(entry)}
                )
        except OSError as error:
            self._end_with_whole_row()
            raise self._failure(error) from error

    def close(self) -> None:
        with suppress(OSError):  # `write` has told of it
            self._lines.close()

    def erase(self, person_id: str) -> int:
        """Take an id out of the rows that were written; how often it was there."""
        fields = self._writer.fieldnames
        self.close()
        try:
            return erase_from_text(self._path, person_id)
        finally:  # the session goes on, whatever came of it
            self._lines = self._path.open('a', newline='', encoding='utf-8', buffering=1)
            self._writer = csv.DictWriter(self._lines, fields)

    def _end_with_whole_row(self) -> None:
        """Take back the part of a row that still found room."""
        self.close()
        with suppress(OSError), self._path.open('r+b') as content:
            content.truncate(content.read().rfind(b'\n') + 1)

    def _failure(self, error: OSError) -> SourceError:
        return SourceError(
            f'cannot write {self._path} ({error.strerror}): free some space, or name another '
            'output folder; what was written before stays'
        )


def columns_of(kind: type) -> list[str]:
    """Columns that the table of one kind of result has."""
    return [
        column
        for field in dataclasses.fields(kind)
        if field.name not in LEFT_OUT
        for column in SPREAD_COLUMNS.get(field.name, (field.name,))
    ]


def flatten(entry: Any) -> Row:
    """
    Turn one result into a row: enums by their names in lower case, unknown measures (NaN) empty.

    :param entry: instance of a dataclass of `core.results`
    """
    row: Row = {}
    for field in dataclasses.fields(entry):
        if field.name in LEFT_OUT:
            continue
        value = getattr(entry, field.name)
        if field.name in SPREAD_COLUMNS:
            columns = SPREAD_COLUMNS[field.name]
            row.update(zip(columns, (_cell(float(part)) for part in value), strict=True))
        else:
            row[field.name] = _cell(value)
    return row


def _cell(value: object) -> object:
    if isinstance(value, Enum):
        return value.name.lower()
    if isinstance(value, tuple):
        return '; '.join(str(part) for part in value)
    if isinstance(value, float):
        return '' if math.isnan(value) else round(value, 5)
    if isinstance(value, bool):
        return int(value)
    return value
