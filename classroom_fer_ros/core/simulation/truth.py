"""Ground truth of the simulated classroom, as JSON lines beside a film."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from classroom_fer_ros.core.arrays import BoxXyxy
from classroom_fer_ros.core.errors import DataError


@dataclass(frozen=True, slots=True, kw_only=True)
class StudentTruth:
    """
    What is really there of one student in one picture. Angles as in `core.results`.

    :param size_px: height of the face in the picture
    :param eyes_open: 0 closed, 1 open
    :param mouth_open: 0 at rest, 1 at a full yawn
    :param expression: one of `labels.EXPRESSION_LABELS`, empty where nobody can say
    :param event: what the student is doing (`script.EVENTS`), empty where nothing special; who
        blinks during something longer shows it in `eyes_open` alone
    """

    stamp_s: float
    student: str
    box_xyxy: BoxXyxy
    size_px: float
    yaw_rad: float
    pitch_rad: float
    roll_rad: float
    eyes_open: float
    mouth_open: float
    expression: str = ''
    event: str = ''


def truth_path(film: Path) -> Path:
    """Where the truth of a film lies: ``class.mp4`` has ``class.truth.jsonl`` beside it."""
    return film.with_name(f'{film.stem}.truth.jsonl')


def write_truth_line(stream: IO[str], frame: int, truth: StudentTruth) -> None:
    """Append one student of one picture."""
    values: dict[str, object] = {'frame': frame}
    for name, value in dataclasses.asdict(truth).items():
        values[name] = _rounded(value)
    stream.write(json.dumps(values, separators=(',', ':')) + '\n')


def read_truth(path: Path) -> Iterator[tuple[int, StudentTruth]]:
    """
    Read a truth file line by line: the picture's number and one student in it.

    :raises DataError: if the file is missing or a line is not one student's truth
    """
    try:
        lines = path.read_text(encoding='utf-8').splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f'{path}: no truth file ({error})') from error
    for number, line in enumerate(lines, 1):
        try:
            values = json.loads(line)
            frame = int(values.pop('frame'))
            x_min, y_min, x_max, y_max = (float(value) for value in values.pop('box_xyxy'))
            box_xyxy = (x_min, y_min, x_max, y_max)
            yield frame, StudentTruth(box_xyxy=box_xyxy, **values)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise DataError(f'{path}, line {number}: not the truth of a student') from error


def _rounded(value: object) -> object:
    if isinstance(value, float):
        return round(value, 6)
    if isinstance(value, tuple):
        return [_rounded(one) for one in value]
    return value
