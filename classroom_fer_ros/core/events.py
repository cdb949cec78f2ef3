"""
Events: what faces did from when to when, and which alerts stood, as a list and as a CSV file.

The columns of the file are kind, start_s, end_s and face; face is empty where an event is nobody's
in particular, as an alert about the class. Anybody can write such a file by hand, to label a film.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from classroom_fer_ros.core.errors import DataError, SourceError
from classroom_fer_ros.core.results import AlertStatus, BehaviourKind, FrameResult

#: What `analyze` calls the events of one film, in its folder of results.
EVENTS_NAME = 'events.csv'
COLUMNS = ('kind', 'start_s', 'end_s', 'face')
BEHAVIOUR_KINDS = tuple(kind.value for kind in BehaviourKind)
ALERT_PREFIX = 'alert_'


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """
    Something that began and ended.

    :param kind: a word of `BEHAVIOUR_KINDS`, or 'alert_' and the kind of an alert
    :param face: whose it is, empty where that is not said
    """

    kind: str
    start_s: float
    end_s: float
    face: str = ''


class EventLog:
    """Collects the events of one film. Holds no clock."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, str], Event] = {}
        self._over: list[Event] = []
        self._alerts: dict[str, Event] = {}
        self._stamp_s = 0.0

    def add(self, result: FrameResult) -> None:
        """Fold in the result of the next picture."""
        self._stamp_s = result.stamp_ns * 1e-9
        for behaviour in result.behaviours:
            place = behaviour.face_id, behaviour.kind.value
            start_s, end_s = behaviour.start_s, behaviour.end_s
            known = self._open.get(place)
            if known is not None:
                if start_s <= known.end_s:
                    start_s, end_s = min(start_s, known.start_s), max(end_s, known.end_s)
                else:
                    self._over.append(known)
            self._open[place] = Event(
                kind=place[1], start_s=start_s, end_s=end_s, face=behaviour.face_id
            )
        self._add_alerts(result)

    def _add_alerts(self, result: FrameResult) -> None:
        """From the picture that raised an alert to the one that cleared it."""
        for alert in result.alert_changes:
            if alert.status is AlertStatus.RAISED:
                self._alerts[alert.alert_id] = Event(
                    kind=ALERT_PREFIX + alert.kind.value,
                    start_s=self._stamp_s,
                    end_s=math.inf,
                    face=alert.face_id,
                )
            elif alert.status is AlertStatus.CLEARED and alert.alert_id in self._alerts:
                raised = self._alerts.pop(alert.alert_id)
                self._over.append(_ended(raised, self._stamp_s))

    def events(self) -> list[Event]:
        """All events in the order of their beginnings; what goes on ends with the last picture."""
        standing = [_ended(alert, self._stamp_s) for alert in self._alerts.values()]
        return sorted(
            [*self._over, *self._open.values(), *standing],
            key=lambda event: (event.start_s, event.end_s, event.kind, event.face),
        )


def _ended(event: Event, end_s: float) -> Event:
    return Event(kind=event.kind, start_s=event.start_s, end_s=end_s, face=event.face)


def write_events(path: Path, events: Iterable[Event]) -> None:
    """
    Write a file of events, to the millisecond.

    :raises SourceError: if it cannot be written
    """
    try:
        with path.open('w', newline='', encoding='utf-8') as lines:
            writer = csv.writer(lines, lineterminator='\n')
            writer.writerow(COLUMNS)
            for event in events:
                times = (f'{event.start_s:.3f}', f'{event.end_s:.3f}')
                writer.writerow((event.kind, *times, event.face))
    except OSError as error:
        raise SourceError(f'cannot write {path}: {error.strerror}') from error


def read_events(path: Path) -> list[Event]:
    """
    Read a file of events; its column face may be missing.

    :raises DataError: if the file is missing, or naming the line that is not of this layout
    """
    try:
        with path.open(newline='', encoding='utf-8-sig') as lines:
            reader = csv.DictReader(lines, strict=True)
            _check_columns(path, reader.fieldnames or ())
            return [_event(path, reader.line_num, row) for row in reader]
    except OSError as error:
        raise DataError(f'{path} cannot be read: {error.strerror}') from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f'{path} is no CSV file in UTF-8: {error}') from error


def _check_columns(path: Path, names: Sequence[str]) -> None:
    missing = [name for name in COLUMNS[:3] if name not in names]
    if missing:
        raise DataError(
            f'{path} lacks the column {", ".join(missing)}: its first line must be '
            f'{",".join(COLUMNS)}'
        )


def _event(path: Path, number: int, row: dict[str, str]) -> Event:
    try:
        kind = row['kind'].strip()
        start_s, end_s = float(row['start_s']), float(row['end_s'])
        face = (row.get('face') or '').strip()
    except (AttributeError, TypeError, ValueError) as error:
        raise DataError(f'{path}, line {number}: not an event ({error})') from error
    if not kind:
        raise DataError(f'{path}, line {number}: the kind is empty')
    if not (math.isfinite(start_s) and math.isfinite(end_s)) or end_s < start_s:
        raise DataError(
            f'{path}, line {number}: from {start_s} to {end_s} is no time span in seconds'
        )
    if None in row:
        raise DataError(f'{path}, line {number}: more cells than columns')
    return Event(kind=kind, start_s=start_s, end_s=end_s, face=face)
