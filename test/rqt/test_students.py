"""Who is shown how, and who comes first."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from classroom_fer_ros.core.results import (
    Alert,
    AlertKind,
    AlertStatus,
    Direction,
    Expression,
    Face,
    Fatigue,
    FatigueState,
    HeadPose,
    Judgement,
    Motion,
    Severity,
)
from classroom_fer_ros.rqt.students import FORGET_AFTER_S, Board, Student, by_need

AWAKE = Student(face_id='a', fatigue=FatigueState.AWAKE, direction=Direction.AHEAD)


def face(face_id: str, **fields: object) -> Face:
    box = (100.0, 50.0, 200.0, 150.0)
    keypoints = np.zeros((5, 2))
    return Face(face_id=face_id, box_xyxy=box, score=1.0, keypoints_xy=keypoints, **fields)


def board_of(
    board: Board, stamp_s: float, *faces: Face, state: FatigueState = FatigueState.AWAKE, **parts
) -> tuple[Student, ...]:
    pose = parts.get('pose', {})
    return board.update(
        stamp_s,
        (400, 200),
        faces,
        [Expression(face_id=one.face_id) for one in faces],
        [Fatigue(face_id=one.face_id, state=state) for one in faces],
        [HeadPose(face_id=one.face_id, **pose) for one in faces],
        parts.get('alerts', ()),
    )


def alert(face_id: str = '', person_id: str = '', **fields: object) -> Alert:
    known = {
        'alert_id': '1',
        'kind': AlertKind.TIRED,
        'severity': Severity.WARNING,
        'status': AlertStatus.RAISED,
        'since_s': 0.0,
        'text': 'looks tired',
    }
    return Alert(face_id=face_id, person_id=person_id, **{**known, **fields})


def test_an_empty_room() -> None:
    assert board_of(Board(), 1.0) == ()


def test_boxes_are_shares_of_the_picture() -> None:
    (student,) = board_of(Board(), 1.0, face('a'))
    assert student.box_xyxy == (0.25, 0.25, 0.5, 0.75)


def test_since_when_goes_by_the_state() -> None:
    board = Board()
    board_of(board, 10.0, face('a'))
    (same,) = board_of(board, 12.0, face('a'))
    assert same.since_s == 10.0
    (drowsy,) = board_of(board, 13.0, face('a'), state=FatigueState.DROWSY)
    assert drowsy.since_s == 13.0


def test_since_when_of_looking_away_is_what_the_system_says() -> None:
    pose = {'looking_away_since_s': 4.0}
    (student,) = board_of(Board(), 10.0, face('a'), pose=pose)
    assert student.since_s == 4.0
    assert student.is_away


def test_who_was_away_for_long_begins_anew() -> None:
    board = Board()
    board_of(board, 10.0, face('a'))
    board_of(board, 11.0 + FORGET_AFTER_S)
    (student,) = board_of(board, 12.0 + FORGET_AFTER_S, face('a'))
    assert student.since_s == 12.0 + FORGET_AFTER_S


def test_a_replayed_film_begins_anew() -> None:
    board = Board()
    board_of(board, 100.0, face('a'))
    (student,) = board_of(board, 5.0, face('a'))
    assert student.since_s == 5.0


def test_an_unjudged_expression_has_no_word() -> None:
    (student,) = board_of(Board(), 1.0, face('a'))
    assert student.expression == ''
    judged = Expression(face_id='a', status=Judgement.UNCERTAIN, label='sad', confidence=0.4)
    (student,) = Board().update(
        1.0,
        (400, 200),
        [face('a')],
        [judged],
        [Fatigue(face_id='a')],
        [HeadPose(face_id='a')],
        (),
    )
    assert (student.expression, student.is_sure) == ('sad', False)


@pytest.mark.parametrize(
    'about', [{'face_id': 'a'}, {'face_id': 'gone', 'person_id': 'p'}], ids=['track', 'person']
)
def test_the_worst_alert_of_a_student(about: dict[str, str]) -> None:
    alerts = (
        alert(**about, severity=Severity.NOTICE),
        alert(**about, severity=Severity.URGENT, alert_id='2'),
        alert(face_id='other', severity=Severity.URGENT, alert_id='3'),
    )
    (student,) = board_of(Board(), 1.0, face('a', person_id='p'), alerts=alerts)
    assert student.severity is Severity.URGENT


def test_an_alert_not_yet_seen_counts_more_than_one_that_was() -> None:
    seen = alert('a', severity=Severity.URGENT, status=AlertStatus.ACKNOWLEDGED)
    new = alert('a', severity=Severity.NOTICE, alert_id='2')
    (student,) = board_of(Board(), 1.0, face('a'), alerts=(seen, new))
    assert (student.severity, student.is_acknowledged) == (Severity.NOTICE, False)


RISING = [
    AWAKE,
    replace(AWAKE, direction=Direction.UNKNOWN),
    replace(AWAKE, fatigue=FatigueState.DROWSY),
    replace(AWAKE, motion=Motion.LEFT_RIGHT),
    replace(AWAKE, away_since_s=1.0),
    replace(AWAKE, fatigue=FatigueState.TIRED),
    replace(AWAKE, fatigue=FatigueState.ASLEEP),
    replace(AWAKE, severity=Severity.WARNING, is_acknowledged=True),
    replace(AWAKE, severity=Severity.NOTICE),
    replace(AWAKE, severity=Severity.WARNING),
    replace(AWAKE, severity=Severity.URGENT),
]


def test_who_needs_attention_most() -> None:
    needs = [student.need for student in RISING]
    assert needs == sorted(needs)
    assert len(set(needs)) == len(needs)


def test_rows_of_equals_stay_where_they_are() -> None:
    named = replace(AWAKE, face_id='9', person_name='Ana')
    others = [replace(AWAKE, face_id=str(number)) for number in (3, 1, 2)]
    assert [one.face_id for one in by_need([*others, named])] == ['9', '1', '2', '3']
    assert math.isnan(AWAKE.since_s)
