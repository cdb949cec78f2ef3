"""
Table of a film's results as a Parquet file: one row a face and picture.

What is not known is null. The file says of each column what it means (field metadata
'description'), and pandas, DuckDB and others read it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from classroom_fer_ros.core.errors import ClassroomFerError, DataError, SourceError
from classroom_fer_ros.core.evaluation.perclos import PerclosCourse
from classroom_fer_ros.core.labels import EXPRESSION_LABELS
from classroom_fer_ros.core.results import (
    Expression,
    Face,
    Fatigue,
    FrameResult,
    HeadPose,
    Judgement,
)

try:
    import pyarrow as pa
    import pyarrow.parquet as pq
except ImportError as error:
    raise ClassroomFerError('the package pyarrow is missing: run `make setup`') from error

#: Rows are kept until there are so many, then written as one group.
GROUP_ROWS = 10_000


@dataclass(frozen=True, slots=True)
class Entry:
    """Everything about one face in one picture."""

    result: FrameResult
    face: Face
    expression: Expression
    fatigue: Fatigue
    pose: HeadPose


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its type, what it means and where it is read."""

    name: str
    type: pa.DataType
    description: str
    read: Callable[[Entry], object]


def _corner(place: int) -> Callable[[Entry], object]:
    return lambda entry: float(entry.face.box_xyxy[place])


def _probability(place: int) -> Callable[[Entry], object]:
    def read(entry: Entry) -> object:
        is_judged = entry.expression.status is not Judgement.CANNOT_JUDGE
        return float(entry.expression.probabilities[place]) if is_judged else None

    return read


INT, FLOAT, TIME = pa.int32(), pa.float32(), pa.float64()
TEXT, TRUTH = pa.string(), pa.bool_()
COLUMNS = (
    Column('frame', INT, 'number of the picture in the film, from 0', lambda e: e.result.index),
    Column('stamp_s', TIME, 'its time in the film, s', lambda e: e.result.stamp_ns * 1e-9),
    Column('face', TEXT, 'number of the face in this film', lambda e: e.face.face_id),
    Column('person_id', TEXT, 'who it is, null for strangers', lambda e: e.face.person_id or None),
    Column('x_min', FLOAT, 'left edge of the box, px', _corner(0)),
    Column('y_min', FLOAT, 'upper edge, px', _corner(1)),
    Column('x_max', FLOAT, 'right edge, px', _corner(2)),
    Column('y_max', FLOAT, 'lower edge, px', _corner(3)),
    Column('score', FLOAT, 'how sure it is that this is a face, 0 to 1', lambda e: e.face.score),
    Column(
        'expression_status',
        TEXT,
        'judged, uncertain or cannot_judge',
        lambda e: e.expression.status,
    ),
    Column('expression', TEXT, 'what the face shows', lambda e: e.expression.label or None),
    Column(
        'confidence',
        FLOAT,
        'probability of that expression',
        lambda e: e.expression.confidence if e.expression.label else None,
    ),
    *(
        Column(f'probability_{label}', FLOAT, f'probability of {label}', _probability(place))
        for place, label in enumerate(EXPRESSION_LABELS)
    ),
    Column(
        'left_openness', FLOAT, 'left eye, 0 closed, 1 open', lambda e: e.fatigue.left_openness
    ),
    Column(
        'right_openness', FLOAT, 'right eye, 0 closed, 1 open', lambda e: e.fatigue.right_openness
    ),
    Column(
        'mouth_openness',
        FLOAT,
        "height over width of the mouth's opening",
        lambda e: e.fatigue.mouth_openness,
    ),
    Column(
        'is_closed',
        TRUTH,
        'whether the eyes are closed (openness of at most 0.2)',
        lambda e: None if math.isnan(e.fatigue.left_openness) else e.fatigue.is_closed,
    ),
    Column('blink_count', INT, 'blinks so far', lambda e: e.fatigue.blink_count),
    Column(
        'blinks_per_minute',
        FLOAT,
        'rate of the last minute, null where blinks cannot be judged',
        lambda e: e.fatigue.blinks_per_minute,
    ),
    Column(
        'perclos',
        FLOAT,
        'share of the judged time of the last 60 s with the eyes closed, 0 to 1',
        lambda e: e.fatigue.perclos,
    ),
    Column('judged_s', FLOAT, 'judged seconds of the last 60 s', lambda e: e.fatigue.judged_s),
    Column(
        'longest_closure_s',
        FLOAT,
        'longest closure of the last 60 s, s',
        lambda e: e.fatigue.longest_closure_s,
    ),
    Column('yawn_count', INT, 'yawns so far', lambda e: e.fatigue.yawn_count),
    Column('fatigue_level', FLOAT, 'fatigue index, 0 to 1', lambda e: e.fatigue.level),
    Column(
        'fatigue_state',
        TEXT,
        'unknown, awake, drowsy, tired or asleep',
        lambda e: e.fatigue.state,
    ),
    Column(
        'fatigue_reasons',
        TEXT,
        'what speaks for it, separated by semicolons',
        lambda e: '; '.join(e.fatigue.reasons),
    ),
    Column('yaw_rad', FLOAT, "head to the person's left > 0, rad", lambda e: e.pose.yaw_rad),
    Column('pitch_rad', FLOAT, 'head down > 0, rad', lambda e: e.pose.pitch_rad),
    Column('roll_rad', FLOAT, 'head to the right shoulder > 0, rad', lambda e: e.pose.roll_rad),
    Column(
        'direction',
        TEXT,
        'unknown, ahead, left, right, up or down, relative to the usual pose',
        lambda e: e.pose.direction,
    ),
    Column(
        'looking_away_since_s',
        TIME,
        'since when the person looks away, s; null while not',
        lambda e: e.pose.looking_away_since_s,
    ),
    Column('motion', TEXT, 'none, shake, nod, turn or left_right', lambda e: e.pose.motion),
)
SCHEMA = pa.schema(
    [
        pa.field(column.name, column.type, metadata={'description': column.description})
        for column in COLUMNS
    ]
)


class FrameTable:
    """Writes the table of one film. Use it in a ``with`` statement: only its end makes a file."""

    def __init__(self, path: Path) -> None:
        """:raises SourceError: if the file cannot be made"""
        self._path = path
        self._cells: dict[str, list[object]] = {column.name: [] for column in COLUMNS}
        try:
            self._writer = pq.ParquetWriter(path, SCHEMA, compression='zstd')
        except OSError as error:
            raise self._failure(error) from error

    def write(self, result: FrameResult) -> None:
        """
        Add one row for each face.

        :raises SourceError: if the disk is full
        """
        for face, *others in zip(
            result.faces, result.expressions, result.fatigue, result.head_poses, strict=True
        ):
            entry = Entry(result, face, *others)
            for column in COLUMNS:
                self._cells[column.name].append(_cell(column.read(entry)))
        if len(self._cells[COLUMNS[0].name]) >= GROUP_ROWS:
            self._flush()

    def close(self) -> None:
        """
        Write the rest and the index, without which the file cannot be read.

        :raises SourceError: if the disk is full
        """
        try:
            self._flush()
        finally:
            try:
                self._writer.close()
            except OSError as error:
                raise self._failure(error) from error

    def __enter__(self) -> FrameTable:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _flush(self) -> None:
        table = pa.table(self._cells, schema=SCHEMA)
        for cells in self._cells.values():
            cells.clear()
        try:
            if table.num_rows:
                self._writer.write_table(table)
        except OSError as error:
            raise self._failure(error) from error

    def _failure(self, error: OSError) -> SourceError:
        return SourceError(f'cannot write {self._path}: {error.strerror or error}')


def _cell(value: object) -> object:
    if isinstance(value, Enum):
        return value.name.lower()
    if isinstance(value, (float, np.floating)) and math.isnan(value):
        return None
    return value


def read_perclos(path: Path) -> list[PerclosCourse]:
    """
    Course of the PERCLOS of every face of a table.

    :raises DataError: if the file is missing or is not such a table
    """
    wanted = ('face', 'stamp_s', 'left_openness', 'right_openness', 'perclos')
    try:
        missing = [name for name in wanted if name not in pq.read_schema(path).names]
        if missing:
            raise DataError(f'{path} lacks the column {", ".join(missing)}')
        return list(_courses(pq.read_table(path, columns=list(wanted))))
    except (OSError, ValueError, pa.ArrowException) as error:
        raise DataError(f'{path} cannot be read as a table of results: {error}') from error


def _courses(table: Any) -> Iterator[PerclosCourse]:
    faces = np.array(table.column('face').to_pylist(), dtype=object)
    stamps_s, left, right, perclos = (
        np.array(table.column(name).cast(TIME).to_pylist(), np.float64)  # null becomes NaN
        for name in ('stamp_s', 'left_openness', 'right_openness', 'perclos')
    )
    for face in sorted(set(faces.tolist())):
        rows = np.flatnonzero(faces == face)
        rows = rows[np.argsort(stamps_s[rows], kind='stable')]
        yield PerclosCourse(
            face=face,
            stamps_s=stamps_s[rows],
            are_eyes_judged=np.isfinite(left[rows] + right[rows]),
            perclos=perclos[rows],
        )
