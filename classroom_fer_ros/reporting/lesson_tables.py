"""What the tables of a session come to, read row by row: an hour of them is long."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from classroom_fer_ros.core.errors import DataError
from classroom_fer_ros.core.labels import EXPRESSION_LABELS
from classroom_fer_ros.core.profiles import PROFILES, Feature
from classroom_fer_ros.core.session_card import SessionCard, read_card
from classroom_fer_ros.core.session_summary import MAX_GAP_S

SHARES = ('attentive_share', 'tired_share', 'looking_away_share')
EXPRESSION_SHARES = tuple(f'expression_share_{label}' for label in EXPRESSION_LABELS)
NAN = float('nan')


@dataclass(slots=True, kw_only=True)
class ClassRow:
    """The class at one time; shares in [0, 1], NaN where they are not known."""

    stamp_s: float
    seen: int
    judged: int
    shares: dict[str, float]


@dataclass(slots=True, kw_only=True)
class AlertSpan:
    """One alert from its cause to its end, which is NaN where it stood until the end."""

    kind: str
    severity: str
    since_s: float
    cleared_s: float = NAN
    is_acknowledged: bool = False
    person_id: str = ''


@dataclass(slots=True, kw_only=True)
class PersonRow:
    """One identified person over the lesson."""

    person_id: str
    seen_s: float = 0.0
    expressions: Counter[str] = field(default_factory=Counter)
    blinks: int = 0
    yawns: int = 0
    states: Counter[str] = field(default_factory=Counter)
    alerts: int = 0


@dataclass(slots=True, kw_only=True)
class LessonTables:
    """
    Everything that a report says.

    :ivar unjudged: entries by table and status, one a face and picture
    """

    name: str
    card: SessionCard | None
    first_s: float = NAN
    last_s: float = NAN
    pictures: int = 0
    faces: int = 0
    class_rows: list[ClassRow] = field(default_factory=list)
    alerts: list[AlertSpan] = field(default_factory=list)
    people: dict[str, PersonRow] = field(default_factory=dict)
    unjudged: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    @property
    def duration_s(self) -> float:
        """From the first face to the last."""
        return max(0.0, self.last_s - self.first_s) if self.pictures else 0.0

    @property
    def may_name_people(self) -> bool:
        """Whether the profile allows identification, as far as the session says which it was."""
        profile = PROFILES.get(self.card.profile) if self.card is not None else None
        return profile is not None and profile.allows(Feature.IDENTIFICATION)


def read_lesson(folder: Path) -> LessonTables:
    """
    Read the folder that ``make run OUT=folder`` wrote.

    :raises DataError: if there are no tables in it, or one of another layout
    """
    if not (folder / 'faces.csv').is_file():
        raise DataError(
            f'{folder}: no session is in this folder (faces.csv is missing): name one that '
            '`make run OUT=folder` wrote'
        )
    lesson = LessonTables(name=folder.resolve().name, card=read_card(folder))
    person_of = _read_faces(folder, lesson)
    _read_expressions(folder, lesson, person_of)
    _read_fatigue(folder, lesson, person_of)
    for row in _rows(folder / 'head_pose.csv', 'direction'):
        lesson.unjudged['head'][row['direction']] += 1
    _read_class(folder, lesson)
    _read_alerts(folder, lesson)
    return lesson


def _rows(path: Path, *columns: str) -> Iterator[dict[str, str]]:
    if not path.is_file():
        return
    with path.open(newline='', encoding='utf-8') as lines:
        reader = csv.DictReader(lines)
        lacking = {'stamp_ns', *columns} - set(reader.fieldnames or ())
        if lacking:
            raise DataError(f'{path}: no table of a session ({", ".join(sorted(lacking))} lacks)')
        for number, row in enumerate(reader, start=2):
            try:
                int(row['stamp_ns'])
            except (TypeError, ValueError) as error:
                raise DataError(f'{path}, line {number}: not a row of a session') from error
            yield row


def _read_faces(folder: Path, lesson: LessonTables) -> dict[str, str]:
    """Who each face was at last; time counts only between pictures that are close."""
    person_of: dict[str, str] = {}
    last_seen_s: dict[str, float] = {}
    stamp = ''
    for row in _rows(folder / 'faces.csv', 'face_id', 'person_id'):
        stamp_s = int(row['stamp_ns']) * 1e-9
        if row['stamp_ns'] != stamp:
            stamp = row['stamp_ns']
            lesson.pictures += 1
            lesson.first_s = stamp_s if lesson.pictures == 1 else lesson.first_s
            lesson.last_s = stamp_s
        person_id = row['person_id']
        if person_id:
            person_of[row['face_id']] = person_id
            person = lesson.people.setdefault(person_id, PersonRow(person_id=person_id))
            gap_s = stamp_s - last_seen_s.get(person_id, stamp_s)
            person.seen_s += gap_s if gap_s <= MAX_GAP_S else 0.0
            last_seen_s[person_id] = stamp_s
        else:
            person_of.setdefault(row['face_id'], '')
    lesson.faces = len(person_of)
    return person_of


def _read_expressions(folder: Path, lesson: LessonTables, person_of: dict[str, str]) -> None:
    for row in _rows(folder / 'expressions.csv', 'face_id', 'status', 'label'):
        lesson.unjudged['expression'][row['status']] += 1
        person = lesson.people.get(person_of.get(row['face_id'], ''))
        if person is not None and row['status'] == 'judged':
            person.expressions[row['label']] += 1


def _read_fatigue(folder: Path, lesson: LessonTables, person_of: dict[str, str]) -> None:
    """Counts of a face rise; those of the tracks of one person add up."""
    counts: dict[str, tuple[int, int]] = {}
    for row in _rows(folder / 'fatigue.csv', 'face_id', 'state', 'blink_count', 'yawn_count'):
        lesson.unjudged['eyes'][row['state']] += 1
        counts[row['face_id']] = int(row['blink_count']), int(row['yawn_count'])
        person = lesson.people.get(person_of.get(row['face_id'], ''))
        if person is not None:
            person.states[row['state']] += 1
    for face_id, (blinks, yawns) in counts.items():
        person = lesson.people.get(person_of.get(face_id, ''))
        if person is not None:
            person.blinks += blinks
            person.yawns += yawns


def _read_class(folder: Path, lesson: LessonTables) -> None:
    for row in _rows(folder / 'class_state.csv', 'num_seen', 'num_judged', *SHARES):
        names = (*SHARES, *EXPRESSION_SHARES)
        lesson.class_rows.append(
            ClassRow(
                stamp_s=int(row['stamp_ns']) * 1e-9,
                seen=int(row['num_seen']),
                judged=int(row['num_judged']),
                shares={name: float(row.get(name) or 'nan') for name in names},
            )
        )


def _read_alerts(folder: Path, lesson: LessonTables) -> None:
    by_id: dict[str, AlertSpan] = {}
    columns = ('alert_id', 'kind', 'severity', 'status', 'since_s', 'person_id')
    for row in _rows(folder / 'alerts.csv', *columns):
        span = by_id.setdefault(
            row['alert_id'],
            AlertSpan(
                kind=row['kind'],
                severity=row['severity'],
                since_s=float(row['since_s']),
                person_id=row['person_id'],
            ),
        )
        if row['status'] == 'cleared':
            span.cleared_s = int(row['stamp_ns']) * 1e-9
        elif row['status'] == 'acknowledged':
            span.is_acknowledged = True
    lesson.alerts = list(by_id.values())
    for span in lesson.alerts:
        if span.person_id in lesson.people:
            lesson.people[span.person_id].alerts += 1
