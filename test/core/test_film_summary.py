"""Sums of a film: what was unknown is null, who was watched how long, no names."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from classroom_fer_ros.core.events import Event
from classroom_fer_ros.core.film_summary import FilmSummary
from classroom_fer_ros.core.results import NAN, Face, Fatigue, FatigueState, FrameResult

FACE = Face(
    face_id='001',
    box_xyxy=(0.0, 0.0, 9.0, 9.0),
    score=0.9,
    keypoints_xy=np.zeros((5, 2)),
    person_id='p-1',
    person_name='Ana',
)


def summary_of(fps: float, seconds: float, fatigue: Fatigue) -> FilmSummary:
    summary = FilmSummary()
    for index in range(round(fps * seconds) + 1):
        summary.add(
            FrameResult(
                stamp_ns=round(index / fps * 1e9),
                index=index,
                size_wh=(9, 9),
                faces=(FACE,),
                fatigue=(fatigue,),
            )
        )
    return summary


OPEN = Fatigue(face_id='001', left_openness=1.0, right_openness=1.0, perclos=0.1234)
BLINK = Event(kind='blink', start_s=1.0, end_s=1.2, face='001')


@pytest.mark.parametrize(
    ('fps', 'seconds', 'unknown'),
    [
        (25.0, 4.0, []),
        (15.0, 4.0, []),
        (10.0, 4.0, ['blink']),
        (3.0, 4.0, ['blink', 'long_closure', 'microsleep', 'yawn']),
        (25.0, 0.2, ['blink', 'long_closure', 'microsleep', 'yawn']),
    ],
)
def test_what_is_unknown_at_a_rate(fps: float, seconds: float, unknown: list[str]) -> None:
    content = summary_of(fps, seconds, OPEN).to_json([])
    assert content['unknown'] == unknown
    (face,) = content['faces']
    for counts in (content['events'], face['events']):
        assert [kind for kind, count in counts.items() if count is None] == unknown
        assert counts['shake'] == 0


def test_one_face() -> None:
    fatigue = replace(OPEN, state=FatigueState.TIRED)
    others = [Event(kind='yawn', start_s=0.0, end_s=1.0, face='002')]
    alert = Event(kind='alert_tired', start_s=1.0, end_s=2.0, face='001')
    content = summary_of(25.0, 4.0, fatigue).to_json([BLINK, BLINK, alert, *others])
    (face,) = content['faces']
    assert face['face'] == '001'
    assert face['person_id'] == 'p-1'
    assert face['seen_s'] == face['eyes_judged_s'] == 4.0
    assert face['max_perclos'] == 0.1234
    assert face['worst_state'] == 'tired'
    assert (face['events']['blink'], face['events']['yawn']) == (2, 0)
    assert (face['events']['alert_tired'], content['events']['yawn']) == (1, 1)
    assert (content['pictures'], content['duration_s']) == (101, 4.0)
    assert 'Ana' not in json.dumps(content)


def test_eyes_that_were_not_seen() -> None:
    hidden = replace(OPEN, left_openness=NAN, right_openness=NAN, perclos=NAN)
    (face,) = summary_of(25.0, 4.0, hidden).to_json([])['faces']
    assert (face['seen_s'], face['eyes_judged_s'], face['max_perclos']) == (4.0, 0.0, None)


def test_a_film_without_pictures() -> None:
    content = FilmSummary().to_json([])
    assert (content['pictures'], content['duration_s'], content['faces']) == (0, 0.0, [])
