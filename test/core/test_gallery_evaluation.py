"""Scores of galleries: on answers made up, and on photographs the whole way."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest

from classroom_fer_ros.core.embedding import EMBEDDING_CARD
from classroom_fer_ros.core.errors import DataError
from classroom_fer_ros.core.evaluation.gallery import (
    NOBODY,
    Answers,
    answers,
    evaluate_gallery,
    score_open_set,
)
from classroom_fer_ros.core.evaluation.open_class import CLASS_SIZE, ENROLLED, score_classes
from classroom_fer_ros.core.gallery import MIN_MARGIN
from classroom_fer_ros.core.model_files import models_dir
from classroom_fer_ros.core.package_files import package_file
from classroom_fer_ros.core.people_folders import FaceCutter, pictures_of_people
from classroom_fer_ros.evaluate import main

CARD = models_dir() / EMBEDDING_CARD
KEYS = {'rank1', 'tpir_at_fpir_1e-2', 'people', 'probes', 'model'}


@dataclass(frozen=True)
class Case:
    name: str
    row: list[float]
    similarity: float
    person: int


@pytest.mark.parametrize(
    'case',
    [
        Case('best', [0.1, 0.9, 0.3], 0.9, 1),
        Case('two alike', [0.9, 0.9 - MIN_MARGIN / 2], -np.inf, 0),
        Case('just apart', [0.9, 0.9 - 1.01 * MIN_MARGIN], 0.9, 0),
        Case('one enrolled', [0.2], 0.2, 0),
        Case('no face', [-np.inf, -np.inf], -np.inf, NOBODY),
    ],
    ids=lambda case: case.name,
)
def test_a_gallery_answers(case: Case) -> None:
    found = answers(np.array([case.row]), MIN_MARGIN)
    assert found.similarity.tolist() == [case.similarity]
    assert found.person.tolist() == [case.person]


def test_no_probes_no_answers() -> None:
    assert len(answers(np.empty((0, 3)), MIN_MARGIN).person) == 0


def test_strangers_set_the_threshold() -> None:
    mated = Answers(
        similarity=np.array([0.9, 0.8, 0.6, 0.4, -np.inf]), person=np.array([0, 1, 1, 2, 0])
    )
    truth = np.array([0, 1, 2, 2, 0])
    strangers = np.append(np.linspace(0.0, 0.5, 199), 0.95)  # one in 200 may pass: it does
    score = score_open_set(mated, truth, strangers)
    assert score.rank1 == 0.8
    assert score.threshold == pytest.approx(0.4975, abs=1e-3)
    assert (strangers > score.threshold).mean() <= 0.01
    assert score.tpir == pytest.approx(2 / 5)


def test_strangers_who_are_all_turned_away_set_no_threshold() -> None:
    mated = Answers(similarity=np.array([0.1]), person=np.array([0]))
    score = score_open_set(mated, np.array([0]), np.full(3, -np.inf))
    assert (score.tpir, score.threshold) == (1.0, None)


def test_without_strangers_there_is_no_open_set() -> None:
    score = score_open_set(
        Answers(similarity=np.array([0.5]), person=np.array([0])), np.array([0]), np.empty(0)
    )
    assert (score.rank1, score.tpir, score.threshold) == (1.0, None, None)


def made_up_people(count: int, pictures: int, noise: float) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(0)
    person = np.repeat(np.arange(count), pictures)
    embeddings = generator.normal(size=(count, 64))[person]
    embeddings += noise * generator.normal(size=embeddings.shape)
    return embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True), person.astype(str)


def test_classes_of_people_that_differ_are_all_found() -> None:
    clear = score_classes(*made_up_people(60, ENROLLED + 2, 0.3), margin=0.01)
    assert clear is not None
    assert clear.rank1 == 1.0
    assert clear.tpir == 1.0
    unclear = score_classes(*made_up_people(60, ENROLLED + 2, 1.8), margin=0.01)
    assert unclear is not None
    assert unclear.tpir is not None
    assert unclear.tpir < 0.6 < unclear.rank1


@pytest.mark.parametrize(
    ('people', 'pictures'), [(CLASS_SIZE - 1, 9), (CLASS_SIZE, 9), (60, ENROLLED)]
)
def test_too_few_people_make_no_class(people: int, pictures: int) -> None:
    assert score_classes(*made_up_people(people, pictures, 0.3), margin=0.01) is None


@pytest.fixture(scope='module')
def photograph() -> np.ndarray:
    return cv2.imread(str(package_file('scikit-image', 'skimage/data/astronaut.png')))


@pytest.fixture(scope='module')
def cutter() -> FaceCutter:
    return FaceCutter(num_threads=1)


def test_the_face_that_a_photograph_is_of_is_cut(
    photograph: np.ndarray, cutter: FaceCutter
) -> None:
    alone = cutter(photograph)
    beside = np.full((612, 1500, 3), 128, np.uint8)
    beside[100:, 500:1012] = photograph
    larger = cv2.resize(photograph[:300, 360:60:-1], None, fx=1.15, fy=1.15)
    beside[: larger.shape[0], : larger.shape[1]] = larger
    both = cutter(beside)
    assert alone is not None
    assert both is not None
    assert np.abs(alone.astype(int) - both).mean() < 8
    assert cutter(np.full((200, 200, 3), 90, np.uint8)) is None


def test_folders_of_people_are_read_in_order(tmp_path: Path) -> None:
    for place in ('Bo/2.JPG', 'Bo/1.png', 'Bo/notes.txt', 'Ána Žůrek/1.jpg'):
        (tmp_path / place).parent.mkdir(exist_ok=True)
        (tmp_path / place).write_bytes(b'')
    (tmp_path / 'readme.md').write_text('')
    found = pictures_of_people(tmp_path)
    assert {name: [path.name for path in paths] for name, paths in found.items()} == {
        'Bo': ['1.png', '2.JPG'],
        'Ána Žůrek': ['1.jpg'],
    }


def test_odd_folders_are_named(tmp_path: Path, cutter: FaceCutter) -> None:
    with pytest.raises(DataError, match='missing'):
        pictures_of_people(tmp_path / 'missing')
    with pytest.raises(DataError, match='no folders'):
        pictures_of_people(tmp_path)
    (tmp_path / 'Ana').mkdir()
    with pytest.raises(DataError, match='Ana'):
        pictures_of_people(tmp_path)
    (tmp_path / 'Ana' / 'broken.jpg').write_bytes(b'no picture')
    with pytest.raises(DataError, match=r'broken\.jpg'):
        cutter.read(tmp_path / 'Ana' / 'broken.jpg')


def lay_out(folder: Path, pictures: dict[str, np.ndarray]) -> Path:
    for place, picture in pictures.items():
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(folder / place), picture)
    return folder


def test_nobody_to_look_for_is_an_error(tmp_path: Path, photograph: np.ndarray) -> None:
    gallery = lay_out(tmp_path / 'gallery', {'Eileen/1.png': photograph})
    probes = lay_out(tmp_path / 'probes', {'Someone/1.png': photograph})
    blank = lay_out(tmp_path / 'blank', {'Someone/1.png': np.zeros((90, 90, 3), np.uint8)})
    assert main(['gallery', str(gallery), str(probes)]) == 2
    assert main(['gallery', str(blank), str(probes)]) == 2
    assert main(['gallery', str(gallery), str(tmp_path / 'missing')]) == 2


def test_one_person_is_found_among_strangers_without_faces(
    tmp_path: Path, photograph: np.ndarray, capsys: pytest.CaptureFixture[str]
) -> None:
    gallery = lay_out(tmp_path / 'gallery', {'Eileen/1.png': photograph})
    probes = lay_out(
        tmp_path / 'probes',
        {
            'Eileen/2.png': photograph[:, ::-1],
            'Eileen/3.png': np.zeros((90, 90, 3), np.uint8),
            'Nobody/1.png': np.full((90, 90, 3), 90, np.uint8),
        },
    )
    assert main(['gallery', str(gallery), str(probes), '--json']) == 0
    found = json.loads(capsys.readouterr().out)
    assert found.keys() >= KEYS
    assert (found['people'], found['probes'], found['strangers']) == (1, 2, 1)
    assert found['pictures_without_face'] == 2
    assert found['rank1'] == 0.5
    assert found['tpir_at_fpir_1e-2'] == 0.5
    assert (found['named'], found['misnamed'], found['strangers_named']) == (0.5, 0.0, 0.0)


def test_enrolled_people_are_told_from_strangers(data_dir: Path, tmp_path: Path) -> None:
    people = sorted((data_dir / 'people').iterdir())
    for number, person in enumerate(people):
        for index, picture in enumerate(sorted(person.glob('*.jpg'))[:5]):
            is_probe = index >= 3 or number >= 5
            folder = tmp_path / ('probes' if is_probe else 'gallery') / person.name
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copy(picture, folder / picture.name)
    score = evaluate_gallery(tmp_path / 'gallery', tmp_path / 'probes', CARD)
    assert (score.people, score.probes) == (5, 10)
    assert score.strangers == 5 * (len(people) - 5)
    assert score.open_set.rank1 >= 0.7
