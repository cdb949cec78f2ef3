"""The live table, the plain lines and the closing summary."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from rich.console import Console, RenderableType

from classroom_fer_ros.core.results import (
    Alert,
    AlertKind,
    AlertStatus,
    Direction,
    Expression,
    Face,
    Fatigue,
    FatigueState,
    FrameResult,
    HeadPose,
    Judgement,
    Motion,
    Severity,
)
from classroom_fer_ros.core.session_summary import SessionSummary
from classroom_fer_ros.terminal_view import closing_view, live_view, plain_line

ALERT = Alert(
    alert_id='alert-0001',
    kind=AlertKind.TIRED,
    severity=Severity.WARNING,
    status=AlertStatus.RAISED,
    since_s=0.0,
    text='Ana looks tired',
)
EMPTY = FrameResult(stamp_ns=0, index=0, size_wh=(640, 480))
RESULT = replace(
    EMPTY,
    faces=tuple(
        Face(
            face_id=face_id,
            box_xyxy=(0, 0, 9, 9),
            score=1.0,
            keypoints_xy=np.zeros((5, 2)),
            person_name=name,
        )
        for face_id, name in (('001', 'Ana'), ('002', ''))
    ),
    expressions=(
        Expression(face_id='001', status=Judgement.JUDGED, label='happy', confidence=0.91),
        Expression(face_id='002'),
    ),
    fatigue=(
        Fatigue(
            face_id='001',
            left_openness=0.5,
            right_openness=0.5,
            blink_count=7,
            level=0.65,
            state=FatigueState.TIRED,
        ),
        Fatigue(face_id='002'),
    ),
    head_poses=(
        HeadPose(face_id='001', direction=Direction.LEFT, motion=Motion.LEFT_RIGHT),
        HeadPose(face_id='002'),
    ),
    active_alerts=(ALERT,),
    alert_changes=(ALERT,),
)


def shown(view: RenderableType) -> str:
    console = Console(width=120)
    with console.capture() as capture:
        console.print(view)
    return capture.get()


def row_of(text: str, face_id: str) -> str:
    return next(line for line in text.splitlines() if face_id in line)


def test_a_row_a_face() -> None:
    text = shown(live_view(RESULT, 'film lesson.mp4: 25.0 pictures a second'))
    ana = row_of(text, '001')
    for words in ('Ana', 'happy', '91%', '███░░░', ' 7 ', 'left right', 'tired 0.65'):
        assert words in ana
    stranger = row_of(text, '002')
    assert 'unknown' in stranger
    assert 'nan' not in text
    assert 'lesson.mp4' in text
    assert '! Ana looks tired' in text


def test_nobody_there_and_a_problem() -> None:
    text = shown(live_view(EMPTY, 'camera 0', 'camera 0 delivers no pictures any more'))
    assert 'no alerts' in text
    assert 'delivers no pictures' in text


def test_plain_lines() -> None:
    assert plain_line(RESULT, 'camera 0') == 'camera 0 | Ana:happy 002:? | 1 alert'
    assert plain_line(EMPTY, 'camera 0') == 'camera 0 | no face | 0 alerts'


def test_the_closing_summary() -> None:
    summary = SessionSummary()
    summary.add(RESULT)
    summary.add(replace(RESULT, stamp_ns=10**9, alert_changes=()))
    text = shown(closing_view(summary, dropped=3, fps=24.5))
    assert '2 pictures over 1.0 s, 3 passed over, 24.5 a second; 2 faces, 1 alert' in text
    assert 'happy' in row_of(text, '001')
    assert 'Ana looks tired' in text
