"""Names by votes: whatever they are, no name twice, none without views, none that flickers."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classroom_fer_ros.core.gallery import Match
from classroom_fer_ros.core.naming import WINDOW, FaceVotes, NameBoard

MIN_VOTES = 2
TRACKS, PEOPLE = 4, 3


def match(person: str, similarity: float = 0.9) -> Match:
    return Match(person_id=person, person_name=person.upper(), similarity=similarity)


def votes_for(*people: str) -> FaceVotes:
    votes = FaceVotes()
    for person in people:
        votes.add(match(person) if person else None, MIN_VOTES)
    return votes


@pytest.mark.parametrize(
    ('people', 'name'),
    [
        ((), ''),
        (('ana',), ''),
        (('ana', 'ana'), 'ana'),
        (('ana', '', 'ana'), 'ana'),
        (('ana', 'bo'), ''),
        (('ana', 'bo', 'ana', 'bo'), 'ana'),
        (('', '', '', '', 'ana', 'ana'), ''),
        (('', '', '', '', 'ana', 'ana', 'ana'), 'ana'),
        (('ana', 'ana', '', '', '', ''), 'ana'),
        (('ana', 'ana', *[''] * WINDOW), ''),
        (('ana', 'ana', 'bo', 'bo', 'bo'), 'ana'),
        (('ana', 'ana', 'bo', 'bo', 'bo', 'bo'), 'bo'),
    ],
)
def test_views_that_agree_make_a_name(people: tuple[str, ...], name: str) -> None:
    assert votes_for(*people).person_id == name


def test_of_two_faces_the_one_that_had_the_name_keeps_it() -> None:
    board = NameBoard(MIN_VOTES)
    known = {'1': votes_for('ana', 'ana'), '2': votes_for()}
    for votes in known.values():
        votes.first_s, votes.last_s = 0.0, 1.0
    assert set(board.assign(known, ['1', '2'])) == {'1'}
    for count in (2, 3):
        known['2'] = votes_for(*['ana'] * count)
        known['2'].first_s, known['2'].last_s = 0.0, 2.0
        assert set(board.assign(known, ['1', '2'])) == {'1'}
    # Out of the picture for a moment, it is still that person's face.
    assert board.assign(known, ['2']) == {}
    known['2'].add(match('ana'), MIN_VOTES)
    assert set(board.assign(known, ['1', '2'])) == {'2'}
    assert known['1'].person_id == '', 'or the two would take turns'


def test_a_face_that_came_after_another_was_lost_may_be_the_same_person() -> None:
    board = NameBoard(MIN_VOTES)
    known = {'1': votes_for(*['ana'] * 5)}
    known['1'].first_s, known['1'].last_s = 0.0, 5.0
    assert board.assign(known, ['1'])['1'].person_name == 'ANA'
    known['2'] = votes_for('ana', 'ana')
    known['2'].first_s, known['2'].last_s = 5.5, 6.0
    assert board.assign(known, ['2'])['2'].person_name == 'ANA'
    assert board.assign(known, ['1', '2']).keys() == {'2'}


@dataclass
class Lesson:
    """Faces that come and go, looked up with whatever outcome."""

    known: dict[str, FaceVotes] = field(default_factory=dict)
    board: NameBoard = field(default_factory=lambda: NameBoard(MIN_VOTES))
    views: dict[str, list[str]] = field(default_factory=dict)

    def picture(self, stamp_s: float, looks: dict[str, str | None]) -> dict[str, str]:
        """:param looks: what the view of each face says: a person, '' for nobody, None if none"""
        for face_id, person in looks.items():
            votes = self.known.setdefault(face_id, FaceVotes())
            votes.first_s, votes.last_s = min(votes.first_s, stamp_s), stamp_s
            if person is not None:
                votes.add(match(person) if person else None, MIN_VOTES)
                self.views.setdefault(face_id, []).append(person)
        names = self.board.assign(self.known, list(looks))
        return {face_id: name.person_id for face_id, name in names.items()}


outcomes = st.sampled_from([None, '', *(f'person{n}' for n in range(PEOPLE))])
pictures = st.lists(
    st.dictionaries(st.sampled_from([f'{n}' for n in range(TRACKS)]), outcomes),
    min_size=1,
    max_size=60,
)


@settings(max_examples=100, deadline=None)
@given(pictures)
def test_no_two_faces_have_one_name_and_none_without_views(looks: list) -> None:
    lesson = Lesson()
    for number, picture in enumerate(looks):
        names = lesson.picture(float(number), picture)
        assert len(set(names.values())) == len(names)
        for face_id, person in names.items():
            assert face_id in picture
            recent = lesson.views[face_id][-WINDOW:]
            assert recent.count(person) >= 1, 'somebody else entirely'
            assert lesson.views[face_id].count(person) >= MIN_VOTES


@settings(max_examples=100, deadline=None)
@given(pictures)
def test_a_face_does_not_change_from_one_name_to_another_by_one_view(looks: list) -> None:
    lesson = Lesson()
    last: dict[str, tuple[str, int]] = {}
    for number, picture in enumerate(looks):
        for face_id, person in lesson.picture(float(number), picture).items():
            count = len(lesson.views[face_id])
            before, since = last.get(face_id, (person, count))
            if before != person:
                assert lesson.views[face_id][max(0, since - WINDOW) :].count(person) >= MIN_VOTES
                assert count - since >= 1
            last[face_id] = (person, count)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.sampled_from(['ana', '', 'bo']), min_size=1, max_size=60),
    st.lists(outcomes, min_size=1, max_size=60),
)
def test_a_name_stays_while_its_person_is_seen_more_than_anybody_else(
    doubts: list, others: list
) -> None:
    """Every second view says Ana, the ones between whatever; another face says whatever too."""
    lesson = Lesson()
    lesson.picture(0.0, {'1': 'ana'})
    assert lesson.picture(1.0, {'1': 'ana'}) == {'1': 'ana'}
    for number, doubt in enumerate(doubts):
        for person in ('ana', doubt):
            other = others[number % len(others)]
            other = None if other == 'person0' else other
            names = lesson.picture(2.0 + number, {'1': person, '2': other})
            assert names.get('1') == 'ana'
