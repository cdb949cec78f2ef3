"""A lesson's report: from the tables of a session to one file that needs nothing else."""

from __future__ import annotations

import csv
import dataclasses
import html.parser
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip('matplotlib', reason='no matplotlib: run `make report` once')

from classroom_fer_ros.core.errors import DataError
from classroom_fer_ros.core.results import (
    Alert,
    AlertKind,
    AlertStatus,
    ClassState,
    Direction,
    Expression,
    Face,
    Fatigue,
    FatigueState,
    FrameResult,
    HeadPose,
    Judgement,
    Severity,
)
from classroom_fer_ros.core.session_card import SessionCard, read_card
from classroom_fer_ros.core.session_output import SessionOutput
from classroom_fer_ros.report import main, write_report
from classroom_fer_ros.reporting.lesson_tables import read_lesson

ROOT = Path(__file__).resolve().parent.parent
SIZE_WH = (64, 48)
START_S = 1_700_000_000.0
CARD = SessionCard(
    profile='standard',
    source='simulated classroom',
    is_identifying=True,
    models={'expression': 'residual'},
    versions={'numpy': '1.26.4'},
)
ALERT = Alert(
    alert_id='1',
    kind=AlertKind.TIRED,
    severity=Severity.WARNING,
    status=AlertStatus.RAISED,
    since_s=START_S + 2.0,
    text='Ana Lopez looks tired',
    subject='Ana Lopez',
    face_id='001',
    person_id='p1',
)
HAPPY = np.array([0, 0, 0, 1, 0, 0, 0], np.float32)


def result(second: int, changes: tuple[Alert, ...] = ()) -> FrameResult:
    """Two faces, of whom one is known; the eyes of the other cannot be judged."""
    ids = ('001', '002')
    stamp_s = START_S + second
    return FrameResult(
        stamp_ns=round(stamp_s * 1e9),
        index=second,
        size_wh=SIZE_WH,
        faces=(
            Face(
                face_id='001',
                box_xyxy=(1, 2, 3, 4),
                score=0.9,
                keypoints_xy=np.zeros((5, 2)),
                person_id='p1',
                person_name='Ana Lopez',
            ),
            Face(face_id='002', box_xyxy=(1, 2, 3, 4), score=0.9, keypoints_xy=np.zeros((5, 2))),
        ),
        expressions=(
            Expression(
                face_id='001',
                status=Judgement.JUDGED,
                label='happy',
                confidence=1.0,
                probabilities=HAPPY,
            ),
            Expression(face_id='002'),
        ),
        fatigue=(
            Fatigue(face_id='001', state=FatigueState.TIRED, blink_count=second, level=0.7),
            Fatigue(face_id='002'),
        ),
        head_poses=tuple(HeadPose(face_id=one, direction=Direction.AHEAD) for one in ids),
        alert_changes=changes,
        class_state=ClassState(
            stamp_s=stamp_s,
            num_seen=2,
            num_judged=1,
            num_not_judged=1,
            attentive_share=0.25,
            tired_share=0.5,
            looking_away_share=0.0,
            expression_shares=HAPPY,
        ),
    )


@pytest.fixture
def session(tmp_path: Path) -> Path:
    """A lesson of ten seconds, as `make run OUT=…` leaves it."""
    folder = tmp_path / 'lesson'
    output = SessionOutput(folder, 25.0, has_film=False)
    cleared = dataclasses.replace(ALERT, status=AlertStatus.CLEARED)
    changes = {3: (ALERT,), 8: (cleared,)}
    for second in range(10):
        output.write(np.zeros((48, 64, 3), np.uint8), result(second, changes.get(second, ())))
    output.close()
    CARD.write(folder)
    return folder


class Outside(html.parser.HTMLParser):
    """Collects what a page would fetch, and whether its elements close."""

    VOID = frozenset({'meta', 'br', 'img', 'link', 'hr'})

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ('script', 'img', 'link', 'iframe'):
            self.fetched.append(tag)
        self.fetched += [
            value
            for name, value in attrs
            if name in ('src', 'href', 'xlink:href') and value and not value.startswith('#')
        ]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_tables_come_to_what_happened(session: Path) -> None:
    lesson = read_lesson(session)
    assert (lesson.pictures, lesson.faces, lesson.duration_s) == (10, 2, 9.0)
    (alert,) = lesson.alerts
    assert (alert.since_s, alert.cleared_s) == (START_S + 2.0, START_S + 8.0)
    (person,) = lesson.people.values()
    assert person.seen_s == pytest.approx(9.0)
    assert (person.blinks, person.alerts, person.states['tired']) == (9, 1, 10)
    assert lesson.unjudged['expression'] == {'judged': 10, 'cannot_judge': 10}


def test_one_file_that_needs_nothing_else(session: Path) -> None:
    assert main([str(session)]) == 0
    text = (session / 'report.html').read_text(encoding='utf-8')
    outside = Outside()
    outside.feed(text)
    assert outside.fetched == []
    assert outside.open == []
    assert text.count('<svg') == 4
    assert 'url(http' not in text
    assert '50.0 %' in text
    for word in ('standard', 'residual', '1.26.4', 'simulated classroom', 'tired', 'p1'):
        assert word in text


def test_no_names(session: Path) -> None:
    write_report(session, session / 'report.html')
    assert 'Lopez' not in (session / 'report.html').read_text(encoding='utf-8')


@pytest.mark.parametrize('profile', ['eu_school', None])
def test_people_only_where_the_profile_is_known_to_allow_it(
    session: Path, profile: str | None
) -> None:
    (session / 'session.json').unlink()
    if profile is not None:
        dataclasses.replace(CARD, profile=profile).write(session)
    write_report(session, session / 'report.html')
    text = (session / 'report.html').read_text(encoding='utf-8')
    assert 'Identified people' not in text
    assert 'p1' not in text


def test_an_alert_that_still_stands_and_unknown_shares(tmp_path: Path) -> None:
    """With a class too small for shares, as under a profile that leaves them out."""
    output = SessionOutput(tmp_path, 25.0, has_film=False)
    for second in range(3):
        bare = dataclasses.replace(
            result(second, (ALERT,) if second == 1 else ()),
            class_state=ClassState(stamp_s=START_S + second, num_seen=2),
        )
        output.write(np.zeros((48, 64, 3), np.uint8), bare)
    output.close()
    write_report(tmp_path, tmp_path / 'report.html')
    text = (tmp_path / 'report.html').read_text(encoding='utf-8')
    assert 'stood at the end' in text
    assert 'What the faces showed' not in text


def test_a_folder_without_a_session_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path)]) == 2
    assert 'faces.csv' in capsys.readouterr().err
    SessionOutput(tmp_path, 25.0, has_film=False).close()
    with pytest.raises(DataError, match='nobody was seen'):
        write_report(tmp_path, tmp_path / 'report.html')


def test_a_broken_table_is_named_with_its_line(session: Path) -> None:
    path = session / 'alerts.csv'
    path.write_text(path.read_text() + 'not,a,row\n')
    with pytest.raises(DataError, match=r'alerts.csv, line 4'):
        read_lesson(session)
    with path.open('w', newline='') as lines:
        csv.writer(lines).writerow(['stamp_ns', 'other'])
    with pytest.raises(DataError, match='alert_id'):
        read_lesson(session)


def test_a_recording_s_report(tmp_path: Path) -> None:
    pytest.importorskip('rclpy', reason='no ROS 2: run `make setup`')
    out = tmp_path / 'report.html'
    assert main([str(ROOT / 'test' / 'data' / 'golden'), '--out', str(out)]) == 0
    text = out.read_text(encoding='utf-8')
    assert 'The class over time' in text
    assert 'recording golden' in text


def test_a_card_is_found_again(tmp_path: Path) -> None:
    CARD.write(tmp_path)
    assert read_card(tmp_path) == CARD
    (tmp_path / 'session.json').write_text('{}')
    with pytest.raises(DataError, match=r'session\.json'):
        read_card(tmp_path)
