"""What is known of one captured face."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import Enum
from typing import Any

from classroom_fer_ros.core.results import NAN

#: Answers of the models by ``model/head``, each a probability for every served label.
Answers = Mapping[str, tuple[float, ...]]


class Reason(str, Enum):
    """Why a face is worth keeping; the values are the words used in files."""

    ASKED = 'asked'
    DISAGREEING = 'disagreeing'
    UNCERTAIN = 'uncertain'
    CHANGED = 'changed'
    NEW_POSE = 'new_pose'
    NEW_LIGHT = 'new_light'


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureRecord:
    """
    What stands beside one crop.

    :param file: below the folder of the store; empty before it is stored
    :param stamp_ns: of the picture
    :param captured_at_s: time of day, seconds since the epoch
    :param expires_at_s: when it is to be erased
    :param session: from the opening of the capture to its end; `face_id` is unique within
    :param subject: whose it is for the limits: the person, or the session's track
    :param label: what the face was taken to show; empty if that could not be judged
    :param confidence: of the label, smoothed as it was shown
    :param answers: what each head and model said of this crop
    :param models: sha256 by name of the models behind `answers`
    :param face_px: height of the face in the picture
    :param luminance: mean of the crop, 0 to 255
    :param sharpness: variance of the crop's Laplacian, which blur and distance lower
    :param yaw_rad: as `results.HeadPose`, NaN where it was not known
    :param pitch_rad: likewise
    """

    capture_id: str
    stamp_ns: int
    captured_at_s: float
    expires_at_s: float
    session: str
    face_id: str
    person_id: str = ''
    reason: Reason
    label: str = ''
    confidence: float = 0.0
    answers: Answers = field(default_factory=dict)
    models: Mapping[str, str] = field(default_factory=dict)
    face_px: float = NAN
    luminance: float = NAN
    sharpness: float = NAN
    yaw_rad: float = NAN
    pitch_rad: float = NAN
    file: str = ''
    bytes: int = 0

    @property
    def subject(self) -> str:
        return subject_of(self.person_id, self.session, self.face_id)


def subject_of(person_id: str, session: str, face_id: str) -> str:
    """Whose a face is: of a person wherever seen, or of a stranger's track."""
    return f'person {person_id}' if person_id else f'face {session} {face_id}'


#: Columns of the index, in the order of the record's fields.
COLUMNS = tuple(one.name for one in fields(CaptureRecord))
_JSON = ('answers', 'models')


def to_row(record: CaptureRecord) -> tuple[object, ...]:
    """Values of the columns; what is not known (NaN) becomes NULL."""
    values: list[object] = []
    for name in COLUMNS:
        value = getattr(record, name)
        if name in _JSON:
            value = json.dumps(value)
        elif isinstance(value, Reason):
            value = value.value
        values.append(None if value != value else value)
    return tuple(values)


def from_row(row: sqlite3.Row) -> CaptureRecord:
    """
    The record of a row.

    :raises ValueError: if a column holds what it cannot hold
    """
    values: dict[str, Any] = {name: NAN if row[name] is None else row[name] for name in COLUMNS}
    answers = json.loads(row['answers'])
    values['answers'] = {name: tuple(map(float, shares)) for name, shares in answers.items()}
    values['models'] = json.loads(row['models'])
    values['reason'] = Reason(row['reason'])
    return CaptureRecord(**values)
