"""Three pupils are enrolled in the first second of a film, and followed to its end."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from classroom_fer_ros.core.enrolment import Enrolled
from classroom_fer_ros.core.enrolment_config import IdentityConfig
from classroom_fer_ros.core.face_analysis import FaceAnalysis
from classroom_fer_ros.core.pipeline_config import PipelineConfig
from classroom_fer_ros.core.profiles import profile_named
from classroom_fer_ros.core.results import Face
from classroom_fer_ros.core.switches import Switches
from films import read_film

pytestmark = [pytest.mark.proof, pytest.mark.timeout(900)]

#: Where the middle of each pupil's face is, by eye: (x, y) in pixels by number of the picture.
#: Pupils that walk out of the picture are in no later one.
PUPILS = {
    'in purple': {0: (1108, 140), 60: (1066, 135), 120: (1070, 80)},
    'with glasses': {0: (1008, 255), 120: (970, 255), 180: (1195, 330)},
    'with the plaid skirt': {0: (498, 235), 60: (497, 230), 120: (515, 215), 180: (470, 260)},
}
#: Until when each is to be seen and called by name, after the first time.
LAST = {'in purple': 145, 'with glasses': 192, 'with the plaid skirt': 240}
NEAR_PX = 70
#: A face that is found does not jump farther from one picture to the next.
JUMP_PX = 90


@dataclass
class Film:
    """What was seen: the faces of every picture, and what became of the enrolments."""

    pictures: list[tuple[Face, ...]]
    outcomes: dict[str, object]


def middle(face: Face) -> tuple[float, float]:
    x_min, y_min, x_max, y_max = face.box_xyxy
    return (x_min + x_max) / 2, (y_min + y_max) / 2


def nearest(faces: tuple[Face, ...], place_xy: tuple[float, float]) -> Face:
    face = min(faces, key=lambda one: math.dist(middle(one), place_xy))
    assert math.dist(middle(face), place_xy) < NEAR_PX
    return face


@pytest.fixture(scope='module')
def film(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Film:
    config = PipelineConfig(
        gallery_path=str(tmp_path_factory.mktemp('gallery') / 'gallery.sqlite'),
        identity=IdentityConfig(enroll_s=0.9),
    )
    analysis = FaceAnalysis(config, Switches(profile_named(config.profile)))
    film = Film([], {})
    for frame in read_film(data_dir / 'video' / 'classroom_pupils_720p.mp4'):
        faces = analysis.process(frame).faces
        film.pictures.append(faces)
        if frame.index != 0:
            continue
        for name, places in PUPILS.items():
            face = nearest(faces, places[0])
            analysis.begin_enrolment(
                face.face_id, name, 0.0, lambda done, name=name: film.outcomes.update({name: done})
            )
    analysis.close()
    return film


def test_all_three_are_enrolled(film: Film) -> None:
    assert film.outcomes.keys() == PUPILS.keys()
    assert all(isinstance(outcome, Enrolled) for outcome in film.outcomes.values())


@pytest.mark.parametrize('name', PUPILS)
def test_a_pupil_is_called_by_name_where_the_eye_sees_them(film: Film, name: str) -> None:
    for number, place_xy in PUPILS[name].items():
        if number > 0:
            assert nearest(film.pictures[number], place_xy).person_name == name


@pytest.mark.parametrize('name', PUPILS)
def test_a_pupil_is_followed_to_the_end_without_flicker(film: Film, name: str) -> None:
    places = [
        (number, middle(face))
        for number, faces in enumerate(film.pictures)
        for face in faces
        if face.person_name == name
    ]
    numbers = [number for number, _ in places]
    assert len(set(numbers)) == len(numbers), 'two faces of one name'
    assert numbers[-1] >= LAST[name]
    for (before, one_xy), (after, other_xy) in itertools.pairwise(places):
        assert math.dist(one_xy, other_xy) < JUMP_PX * (after - before), 'another face'
    # While the face is followed, its name does not come and go.
    named_ids = {
        face.face_id for faces in film.pictures for face in faces if face.person_name == name
    }
    seen = [
        face.person_name == name
        for faces in film.pictures[numbers[0] :]
        for face in faces
        if face.face_id in named_ids
    ]
    assert np.count_nonzero(np.diff(np.array(seen, int))) <= 2


def test_nobody_else_gets_their_names(film: Film) -> None:
    """The teacher and three other pupils stay strangers in every picture."""
    ids = {name: set() for name in PUPILS}
    for faces in film.pictures:
        for face in faces:
            if face.person_name:
                ids[face.person_name].add(face.face_id)
    owners = [nearest(film.pictures[0], places[0]).face_id for places in PUPILS.values()]
    strangers = {face.face_id for face in film.pictures[0]} - set(owners)
    assert len(strangers) >= 3
    assert not strangers & set().union(*ids.values())
