"""Scores of events: who matches whom, how many at most, and the error of PERCLOS."""

from __future__ import annotations

import itertools
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classroom_fer_ros.core.errors import DataError
from classroom_fer_ros.core.evaluation.event_folders import score_paths
from classroom_fer_ros.core.evaluation.events import EventScore, do_match, score_events
from classroom_fer_ros.core.evaluation.perclos import PerclosCourse, score_perclos
from classroom_fer_ros.core.events import BEHAVIOUR_KINDS, Event, read_events, write_events


def blink(start_s: float, end_s: float, face: str = '', kind: str = 'blink') -> Event:
    return Event(kind=kind, start_s=start_s, end_s=end_s, face=face)


def counts(score: EventScore) -> tuple[int, int, int]:
    return score.labelled, score.found, score.matched


@pytest.mark.parametrize(
    ('found', 'matches'),
    [
        ((1.0, 2.0), True),
        ((1.9, 2.5), True),
        ((2.25, 2.5), True),
        ((2.26, 2.5), False),
        ((0.5, 0.75), True),
        ((0.5, 0.74), False),
        ((1.4, 1.5), True),
        ((0.0, 9.0), True),
    ],
)
def test_overlapping_or_near(found: tuple[float, float], matches: bool) -> None:
    labels = [blink(1.0, 2.0)]
    assert counts(score_events([blink(*found)], labels)['blink']) == (1, 1, int(matches))


@pytest.mark.parametrize(
    ('found', 'labelled', 'matches'),
    [('001', '001', True), ('001', '002', False), ('', '002', True), ('001', '', True)],
)
def test_faces_where_both_name_one(found: str, labelled: str, matches: bool) -> None:
    scores = score_events([blink(1, 2, found)], [blink(1, 2, labelled)])
    assert scores['blink'].matched == int(matches)


def test_one_to_one() -> None:
    one_label = score_events([blink(1.0, 1.2), blink(1.3, 1.5)], [blink(1, 2)])['blink']
    assert counts(one_label) == (1, 2, 1)
    assert (one_label.precision, one_label.recall) == (0.5, 1.0)
    assert one_label.f1 == pytest.approx(2 / 3)
    one_found = score_events([blink(1, 2)], [blink(1.0, 1.2), blink(1.3, 1.5)])['blink']
    assert counts(one_found) == (2, 1, 1)


def test_as_many_as_can_be() -> None:
    """The first found may take either label, the second only the one that greed gives away."""
    found = [blink(1.0, 3.0), blink(0.9, 1.0)]
    labels = [blink(1.0, 1.2), blink(2.5, 3.0)]
    assert score_events(found, labels)['blink'].matched == 2


def test_kinds_are_apart_but_closures_count_together() -> None:
    found = [blink(1, 2, kind='long_closure'), blink(5, 6, kind='yawn')]
    labels = [blink(1, 2, kind='blink'), blink(8, 9, kind='closure')]
    scores = score_events(found, labels)
    assert counts(scores['blink']) == (1, 0, 0)
    assert counts(scores['long_closure']) == (0, 1, 0)
    assert counts(scores['closure']) == (2, 1, 1)
    assert counts(scores['yawn']) == (0, 1, 0)


def test_every_kind_is_there_and_what_is_not_known_is_none() -> None:
    scores = score_events([blink(1, 2, kind='alert_tired')], [])
    assert list(scores) == [*BEHAVIOUR_KINDS, 'closure', 'alert_tired']
    nothing = {'precision': None, 'recall': None, 'f1': None, 'labelled': 0, 'found': 0}
    assert scores['blink'].to_json() == nothing
    wrong = {'precision': 0.0, 'recall': None, 'f1': 0.0, 'labelled': 0, 'found': 1}
    assert scores['alert_tired'].to_json() == wrong


events = st.lists(
    st.builds(
        lambda start, length, face: blink(start, start + length, face),
        st.integers(0, 12).map(lambda quarter: quarter / 4),
        st.integers(0, 4).map(lambda quarter: quarter / 4),
        st.sampled_from(['', '001', '002']),
    ),
    max_size=5,
)


@settings(max_examples=200, deadline=None)
@given(events, events)
def test_no_other_pairing_matches_more(found: list[Event], labelled: list[Event]) -> None:
    score = score_events(found, labelled)['blink']
    few, many = sorted((found, labelled), key=len)
    best = max(
        sum(do_match(a, b) for a, b in zip(few, chosen, strict=True))
        for chosen in itertools.permutations(many, len(few))
    )
    assert score.matched == best
    assert score_events(labelled, found)['blink'].matched == best


@given(events)
def test_events_agree_with_themselves(found: list[Event]) -> None:
    score = score_events(found, found[::-1])['blink']
    assert score.matched == len(found)


def test_hours_of_events_are_scored_quickly() -> None:
    found = [blink(3.0 * n, 3.0 * n + 0.2, f'{n % 30:03d}') for n in range(20_000)]
    late = [blink(e.start_s + 0.1, e.end_s + 0.1, e.face) for e in found]
    assert score_events(found, late)['closure'].f1 == 1.0


def course(face: str, perclos: float, fps: float = 10.0, until_s: float = 100.0) -> PerclosCourse:
    stamps_s = np.arange(round(until_s * fps) + 1) / fps
    return PerclosCourse(
        face=face,
        stamps_s=stamps_s,
        are_eyes_judged=np.ones(len(stamps_s), bool),
        perclos=np.where(stamps_s >= 30.0, perclos, np.nan),
    )


#: Closed for one second in ten: 10 %.
TENTH = [blink(t + 4.0, t + 5.0, '001') for t in range(0, 100, 10)]


def test_perclos_that_is_right() -> None:
    score = score_perclos([course('001', 0.1)], TENTH)
    assert (score.faces, score.pictures) == (1, 701)
    assert score.mean_error_points < 0.5
    # While the first minute fills, up to half a second in 35 is more or less.
    assert score.max_error_points == pytest.approx(100 * 0.5 / 35, abs=0.1)


def test_perclos_that_is_off() -> None:
    score = score_perclos([course('001', 0.15)], TENTH)
    assert score.mean_error_points == pytest.approx(5.0, abs=0.3)


def test_perclos_of_the_time_in_which_eyes_were_judged() -> None:
    """Half of the time nobody saw the eyes: what was closed then does not count."""
    half = course('001', 0.2)
    blind = (half.stamps_s % 10.0) < 4.95
    seen = PerclosCourse(
        face='001',
        stamps_s=half.stamps_s,
        are_eyes_judged=~blind,
        perclos=np.where(half.stamps_s == 90.0, 0.2, np.nan),
    )
    in_sight = [blink(t + 6.0, t + 7.0, '001') for t in range(0, 100, 10)]
    hidden = [blink(t + 1.0, t + 3.0, '001') for t in range(0, 100, 10)]
    score = score_perclos([seen], in_sight + hidden)
    assert score.pictures == 1
    # One second in the 4.9 between the first and the last picture of each five seconds.
    assert score.mean_error_points == pytest.approx(100 * (1 / 4.9 - 0.2), abs=0.01)


def test_overlapping_labels_are_closed_once() -> None:
    twice = [*TENTH, *(blink(e.start_s + 0.5, e.end_s, '001', 'microsleep') for e in TENTH)]
    assert score_perclos([course('001', 0.1)], twice).mean_error_points < 0.5


def test_faces_without_labels_are_left_out() -> None:
    courses = [course('001', 0.1), course('002', 0.6)]
    assert score_perclos(courses, TENTH).faces == 1
    everybody = [blink(e.start_s, e.end_s) for e in TENTH]
    score = score_perclos(courses, everybody)
    assert (score.faces, score.max_error_points > 40.0) == (2, True)
    assert score_perclos([], TENTH).to_json() == {
        'mean_error_points': None,
        'max_error_points': None,
        'faces': 0,
        'pictures': 0,
    }


def test_perclos_is_none_where_it_is_never_known() -> None:
    score = score_perclos([course('001', math.nan)], TENTH)
    assert score.to_json()['mean_error_points'] is None


def test_films_of_a_folder_are_scored_apart_and_summed(tmp_path: Path) -> None:
    labels, found = tmp_path / 'labels', tmp_path / 'found'
    labels.mkdir()
    for name, label, hit in [('a', blink(1, 2), blink(1, 2)), ('b', blink(5, 6), blink(1, 2))]:
        (found / name).mkdir(parents=True)
        write_events(labels / f'{name}.csv', [label])
        write_events(found / name / 'events.csv', [hit])
    (found / 'unlabelled').mkdir()
    scores, labelled = score_paths(found, labels)
    # At the same time, but in another film: no match.
    assert counts(scores['blink']) == (2, 2, 1)
    assert len(labelled) == 2


def test_a_folder_goes_with_a_folder(tmp_path: Path) -> None:
    write_events(tmp_path / 'events.csv', [])
    with pytest.raises(DataError, match='folder'):
        score_paths(tmp_path / 'events.csv', tmp_path)
    (tmp_path / 'empty').mkdir()
    with pytest.raises(DataError, match='no labels'):
        score_paths(tmp_path, tmp_path / 'empty')
    (tmp_path / 'empty' / 'film.csv').write_text('kind,start_s,end_s,face\n')
    with pytest.raises(DataError, match='film'):
        score_paths(tmp_path, tmp_path / 'empty')


def test_labels_of_the_films_can_be_read() -> None:
    for path in sorted((Path(__file__).parents[1] / 'data/labels').glob('*.csv')):
        events = read_events(path)
        assert events
        assert {event.kind for event in events} <= {*BEHAVIOUR_KINDS}
