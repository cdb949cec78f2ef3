"""Own photographs in the simulated classroom."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from classroom_fer_ros.core.errors import ClassroomFerError, SourceError
from classroom_fer_ros.core.package_files import package_file
from classroom_fer_ros.core.simulation import SimulatedClassroom, SimulationConfig


@pytest.fixture(scope='module')
def photograph() -> np.ndarray:
    return cv2.imread(str(package_file('scikit-image', 'skimage/data/astronaut.png')))


def save(folder: Path, person: str, label: str, image: np.ndarray) -> None:
    (folder / person).mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(folder / person / f'{label}.jpg'), image)


def classroom_of(folder: Path, students: int = 1) -> SimulatedClassroom:
    return SimulatedClassroom(
        SimulationConfig(students=students, width=320, height=240, people_dir=str(folder))
    )


def test_expressions_of_one_person_fade_into_each_other(
    tmp_path: Path, photograph: np.ndarray
) -> None:
    save(tmp_path, 'ana', 'neutral', photograph)
    save(tmp_path, 'ana', 'happy', np.uint8(photograph[:, ::-1] * 0.8))
    classroom = classroom_of(tmp_path)
    labels: list[str] = []
    mood = -1.0
    for index in range(30 * 25):
        (state,) = classroom.states_at(index / 25)
        if state.mood != mood:  # a held mood is held
            mood = state.mood
            ((truth,),) = (classroom.draw([replace(state, mouth_open=0.0)], 0.0)[1],)
            labels.append(truth.expression)
    assert set(labels) == {'neutral', '', 'happy'}
    # Between two known expressions lies a moment in which nobody can say.
    changes = [pair for pair in itertools.pairwise(labels) if pair[0] != pair[1]]
    assert all('' in pair for pair in changes)


def test_a_fade_takes_no_leaps(tmp_path: Path, photograph: np.ndarray) -> None:
    save(tmp_path, 'ana', 'neutral', photograph)
    save(tmp_path, 'ana', 'happy', np.uint8(photograph[:, ::-1] * 0.5))
    classroom = classroom_of(tmp_path)
    (rest,) = classroom.states_at(0.0)
    moods = np.arange(0.0, 1.01, 1 / 6)
    brightness = np.array([face_brightness(classroom, rest, float(mood)) for mood in moods])
    assert brightness[-1] < 0.75 * brightness[0]
    assert (np.diff(brightness) < 0).all()
    assert np.abs(np.diff(brightness)).max() < 0.35 * (brightness[0] - brightness[-1])


def face_brightness(classroom: SimulatedClassroom, state: object, mood: float) -> float:
    picture, (truth,) = classroom.draw([replace(state, mood=mood)], 0.0)  # type: ignore[type-var]
    x_min, y_min, x_max, y_max = (round(value) for value in truth.box_xyxy)
    return float(picture[y_min:y_max, x_min:x_max].mean())


def test_students_share_few_people(tmp_path: Path, photograph: np.ndarray) -> None:
    save(tmp_path, 'ana', 'happy', photograph)
    save(tmp_path, 'ben', 'sad', np.ascontiguousarray(photograph[:300, 60:400]))
    _, truths = classroom_of(tmp_path, students=4).render(0.0)
    assert [truth.expression for truth in truths] == ['happy', 'sad', 'happy', 'sad']


def test_a_face_that_fills_its_picture_is_found(tmp_path: Path, photograph: np.ndarray) -> None:
    save(tmp_path, 'ana', 'happy', photograph[40:200, 150:300])
    assert classroom_of(tmp_path).render(0.0)[1][0].size_px > 30


def test_what_cannot_be_used_is_named(tmp_path: Path, photograph: np.ndarray) -> None:
    with pytest.raises(SourceError, match='no such folder'):
        classroom_of(tmp_path / 'missing')
    with pytest.raises(SourceError, match='holds no'):
        classroom_of(tmp_path)
    save(tmp_path, 'ana', 'cheerful', photograph)
    with pytest.raises(SourceError, match=r'cheerful.*name it one of angry'):
        classroom_of(tmp_path)
    (tmp_path / 'ana' / 'cheerful.jpg').unlink()
    save(tmp_path, 'ana', 'happy', np.full((200, 200, 3), 120, np.uint8))
    with pytest.raises(SourceError, match=r'happy\.jpg: no face'):
        classroom_of(tmp_path)
    (tmp_path / 'ana' / 'happy.jpg').write_bytes(b'no picture')
    with pytest.raises(ClassroomFerError, match='cannot be read'):
        classroom_of(tmp_path)
