"""Sums over a session."""

import numpy as np
import pytest

from classroom_fer_ros.core.results import (
    Alert,
    AlertKind,
    AlertStatus,
    Expression,
    Face,
    Fatigue,
    FatigueState,
    FrameResult,
    Judgement,
    Severity,
)
from classroom_fer_ros.core.session_summary import SessionSummary


def result(stamp_s: float, label: str = 'happy', **fields: object) -> FrameResult:
    expression = Expression(face_id='001', status=Judgement.JUDGED, label=label)
    return FrameResult(
        stamp_ns=round(stamp_s * 1e9),
        index=0,
        size_wh=(640, 480),
        faces=(
            Face(face_id='001', box_xyxy=(0, 0, 9, 9), score=1.0, keypoints_xy=np.zeros((5, 2))),
        ),
        expressions=(expression if label else Expression(face_id='001'),),
        **fields,
    )


def test_an_empty_session() -> None:
    summary = SessionSummary()
    assert (summary.pictures, summary.duration_s, summary.students) == (0, 0.0, {})


def test_seconds_and_expressions_add_up() -> None:
    summary = SessionSummary()
    for stamp_s, label in ((10.0, 'happy'), (10.5, 'happy'), (10.9, 'sad'), (11.0, '')):
        summary.add(result(stamp_s, label))
    student = summary.students['001']
    assert student.seen_s == pytest.approx(1.0)
    assert student.expression_s == pytest.approx({'happy': 0.5, 'sad': 0.4})
    assert student.main_expression == 'happy'
    assert summary.duration_s == pytest.approx(1.0)


def test_pauses_and_steps_back_count_for_nothing() -> None:
    summary = SessionSummary()
    for stamp_s in (0.0, 0.2, 60.0, 59.0, 60.1):
        summary.add(result(stamp_s))
    assert summary.students['001'].seen_s == pytest.approx(0.3)


def test_the_worst_state_stays() -> None:
    summary = SessionSummary()
    for state in (FatigueState.AWAKE, FatigueState.TIRED, FatigueState.DROWSY):
        summary.add(result(0.0, fatigue=(Fatigue(face_id='001', state=state, blink_count=3),)))
    assert summary.students['001'].worst is FatigueState.TIRED
    assert summary.students['001'].blink_count == 3


def test_only_raised_alerts_are_listed() -> None:
    summary = SessionSummary()
    for status in (AlertStatus.RAISED, AlertStatus.ACKNOWLEDGED, AlertStatus.CLEARED):
        alert = Alert(
            alert_id='alert-0001',
            kind=AlertKind.TIRED,
            severity=Severity.WARNING,
            status=status,
            since_s=0.0,
            text='looks tired',
        )
        summary.add(result(0.0, alert_changes=(alert,)))
    assert [alert.status for alert in summary.alerts] == [AlertStatus.RAISED]
