"""The analysis in a terminal: a live table, one row a face, alerts below, and a summary."""

from __future__ import annotations

import math
from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from classroom_fer_ros.core.results import (
    Direction,
    Expression,
    Fatigue,
    FatigueState,
    FrameResult,
    HeadPose,
    Judgement,
    Motion,
    Severity,
)
from classroom_fer_ros.core.session_summary import SessionSummary

SEVERITY_STYLES = {
    Severity.NOTICE: 'yellow',
    Severity.WARNING: 'bold yellow',
    Severity.URGENT: 'bold red',
}
STATE_STYLES = {
    FatigueState.UNKNOWN: 'dim',
    FatigueState.AWAKE: 'green',
    FatigueState.DROWSY: 'yellow',
    FatigueState.TIRED: 'bold yellow',
    FatigueState.ASLEEP: 'bold red',
}
BAR_WIDTH = 6
UNKNOWN = Text('–', 'dim')


def live_view(result: FrameResult, title: str, problem: str = '') -> RenderableType:
    """
    Everything about one picture.

    :param title: source and rates, one line
    :param problem: why no pictures come now; empty while all is well
    """
    parts: list[RenderableType] = [Text(title, 'bold')]
    if problem:
        parts.append(Text(problem, 'bold red'))
    parts.append(_faces(result))
    parts += [
        Text(f'! {alert.text}', SEVERITY_STYLES[alert.severity]) for alert in result.active_alerts
    ] or [Text('no alerts', 'dim')]
    return Group(*parts)


def _faces(result: FrameResult) -> Table:
    table = Table('id', 'name', 'expression', 'eyes', 'blinks', 'yawns', 'head', 'state')
    for face, expression, fatigue, pose in zip(
        result.faces, result.expressions, result.fatigue, result.head_poses, strict=True
    ):
        table.add_row(
            face.face_id,
            face.person_name or Text('unknown', 'dim'),
            _expression(expression),
            _eyes(fatigue),
            str(fatigue.blink_count),
            str(fatigue.yawn_count),
            _head(pose),
            _state(fatigue),
        )
    return table


def _expression(expression: Expression) -> Text:
    if expression.status is Judgement.CANNOT_JUDGE:
        return UNKNOWN
    text = f'{expression.label:<9} {expression.confidence:4.0%}'
    if expression.status is Judgement.UNCERTAIN:
        return Text(f'{text} ?', 'dim')
    return Text(text, 'blue')


def _eyes(fatigue: Fatigue) -> Text:
    """The mean openness as a bar, a full one for wide open."""
    openness = (fatigue.left_openness + fatigue.right_openness) / 2
    if math.isnan(openness):
        return UNKNOWN
    filled = round(BAR_WIDTH * min(1.0, max(0.0, openness)))
    bar = '█' * filled + '░' * (BAR_WIDTH - filled)
    return Text(f'{bar} closed' if fatigue.is_closed else bar)


def _head(pose: HeadPose) -> Text:
    if pose.direction is Direction.UNKNOWN:
        return UNKNOWN
    if pose.motion is not Motion.NONE:
        return Text(pose.motion.name.lower().replace('_', ' '), 'yellow')
    if not math.isnan(pose.looking_away_since_s):
        return Text(f'away, {pose.direction.name.lower()}', 'yellow')
    return Text(pose.direction.name.lower())


def _state(fatigue: Fatigue) -> Text:
    if fatigue.state is FatigueState.UNKNOWN:
        return UNKNOWN
    style = STATE_STYLES[fatigue.state]
    return Text(f'{fatigue.state.name.lower()} {fatigue.level:.2f}', style)


def plain_line(result: FrameResult, title: str) -> str:
    """One line about one picture, for logs and pipes."""
    faces = ' '.join(_plain_faces(result)) or 'no face'
    return f'{title} | {faces} | {_count(len(result.active_alerts), "alert")}'


def _count(number: int, thing: str) -> str:
    return f'{number} {thing}' if number == 1 else f'{number} {thing}s'


def _plain_faces(result: FrameResult) -> Iterator[str]:
    for face, expression in zip(result.faces, result.expressions, strict=True):
        yield f'{face.person_name or face.face_id}:{expression.label or "?"}'


def closing_view(summary: SessionSummary, dropped: int, fps: float) -> RenderableType:
    """What the session came to."""
    table = Table('id', 'name', 'seen', 'mostly', 'blinks', 'yawns', 'worst state')
    for student in summary.students.values():
        table.add_row(
            student.face_id,
            student.name or Text('unknown', 'dim'),
            f'{student.seen_s:.0f} s',
            student.main_expression or UNKNOWN,
            str(student.blink_count),
            str(student.yawn_count),
            Text(student.worst.name.lower(), STATE_STYLES[student.worst]),
        )
    line = (
        f'{summary.pictures} pictures over {summary.duration_s:.1f} s, {dropped} passed over, '
        f'{fps:.1f} a second; {_count(len(summary.students), "face")}, '
        f'{_count(len(summary.alerts), "alert")}'
    )
    alerts = [Text(f'! {a.text}', SEVERITY_STYLES[a.severity]) for a in summary.alerts]
    return Group(Text(line, 'bold'), table, *alerts)
