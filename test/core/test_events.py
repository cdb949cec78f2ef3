"""Events of a film, and their files: written, read back, malformed."""

from __future__ import annotations

from pathlib import Path

import pytest

from classroom_fer_ros.core.errors import DataError, SourceError
from classroom_fer_ros.core.events import Event, EventLog, read_events, write_events
from classroom_fer_ros.core.results import (
    Alert,
    AlertKind,
    AlertStatus,
    Behaviour,
    BehaviourKind,
    FrameResult,
    Severity,
)

HEAD = 'kind,start_s,end_s,face\n'


def told(face_id: str, start_s: float, end_s: float, kind: str = 'yawn') -> Behaviour:
    return Behaviour(face_id=face_id, kind=BehaviourKind(kind), start_s=start_s, end_s=end_s)


def alert(number: int, status: AlertStatus, face_id: str = '') -> Alert:
    return Alert(
        alert_id=f'alert-{number:04d}',
        kind=AlertKind.TIRED,
        severity=Severity.WARNING,
        status=status,
        since_s=0.5,
        text='',
        face_id=face_id,
    )


def picture(
    stamp_s: float, behaviours: tuple[Behaviour, ...] = (), alerts: tuple[Alert, ...] = ()
) -> FrameResult:
    return FrameResult(
        stamp_ns=round(stamp_s * 1e9),
        index=0,
        size_wh=(1, 1),
        behaviours=behaviours,
        alert_changes=alerts,
    )


def test_nothing_happened() -> None:
    log = EventLog()
    assert log.events() == []
    log.add(picture(1.0))
    assert log.events() == []


def test_what_overlaps_is_one_event_of_its_face_and_kind() -> None:
    log = EventLog()
    log.add(picture(3.0, (told('001', 1.0, 3.0), told('002', 2.5, 3.0), told('001', 2, 3, 'nod'))))
    log.add(picture(4.0, (told('001', 1.2, 4.0),)))
    log.add(picture(7.0, (told('001', 6.0, 7.0),)))
    assert log.events() == [
        Event(kind='yawn', start_s=1.0, end_s=4.0, face='001'),
        Event(kind='nod', start_s=2.0, end_s=3.0, face='001'),
        Event(kind='yawn', start_s=2.5, end_s=3.0, face='002'),
        Event(kind='yawn', start_s=6.0, end_s=7.0, face='001'),
    ]


def test_alerts_last_from_raised_to_cleared() -> None:
    log = EventLog()
    log.add(picture(1.0, alerts=(alert(1, AlertStatus.RAISED, '001'),)))
    log.add(picture(2.0, alerts=(alert(1, AlertStatus.ACKNOWLEDGED, '001'),)))
    log.add(picture(3.0, alerts=(alert(2, AlertStatus.RAISED),)))
    log.add(picture(4.0, alerts=(alert(1, AlertStatus.CLEARED, '001'),)))
    log.add(picture(9.0))
    assert log.events() == [
        Event(kind='alert_tired', start_s=1.0, end_s=4.0, face='001'),
        Event(kind='alert_tired', start_s=3.0, end_s=9.0),
    ]


def test_files_are_read_back(tmp_path: Path) -> None:
    events = [
        Event(kind='blink', start_s=1.25, end_s=1.5, face='001'),
        Event(kind='alert_class_tired', start_s=0.0, end_s=0.0),
    ]
    path = tmp_path / 'events.csv'
    write_events(path, events)
    assert path.read_text().splitlines()[:2] == [
        'kind,start_s,end_s,face',
        'blink,1.250,1.500,001',
    ]
    assert read_events(path) == events


def test_files_written_by_hand(tmp_path: Path) -> None:
    path = tmp_path / 'labels.csv'
    path.write_text('\ufeffstart_s,kind,end_s,note\r\n1, yawn ,2.5,wide\r\n\r\n', encoding='utf-8')
    assert read_events(path) == [Event(kind='yawn', start_s=1.0, end_s=2.5)]
    path.write_text(HEAD)
    assert read_events(path) == []


@pytest.mark.parametrize(
    ('content', 'said'),
    [
        ('', 'lacks the column kind, start_s, end_s'),
        ('kind,start_s,face\nblink,1,001\n', 'lacks the column end_s'),
        (HEAD + 'blink,1,2,001\nblink,one,2,001\n', 'line 3'),
        (HEAD + 'blink,1\n', 'line 2'),
        (HEAD + 'blink,1,2,001,5\n', 'more cells'),
        (HEAD + ' ,1,2,001\n', 'kind is empty'),
        (HEAD + 'blink,2,1,001\n', 'no time span'),
        (HEAD + 'blink,1,nan,001\n', 'no time span'),
        (HEAD + 'blink,1,inf,001\n', 'no time span'),
        (HEAD + 'blink,"1,2,001\n', 'no CSV file'),
    ],
)
def test_malformed_files_are_named(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / 'labels.csv'
    path.write_text(content)
    with pytest.raises(DataError, match=rf'labels\.csv.*{said}'):
        read_events(path)


def test_what_is_no_text_is_named(tmp_path: Path) -> None:
    path = tmp_path / 'labels.csv'
    path.write_bytes(b'kind,start_s,end_s,face\n\xff\xfe,1,2,\n')
    with pytest.raises(DataError, match=r'labels\.csv is no CSV file in UTF-8'):
        read_events(path)
    with pytest.raises(DataError, match=r'none\.csv cannot be read'):
        read_events(tmp_path / 'none.csv')
    with pytest.raises(DataError, match='cannot be read'):
        read_events(tmp_path)


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r'events\.csv'):
        write_events(tmp_path / 'no' / 'events.csv', [])
