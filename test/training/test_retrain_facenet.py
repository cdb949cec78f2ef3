"""The embedder trained further on captured people, from the answers that it gave before."""

from __future__ import annotations

import csv
import dataclasses
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from classroom_fer_ros.core.capture_sets import PEOPLE_FILE
from classroom_fer_ros.core.embedding import FaceEmbedder
from classroom_fer_ros.core.errors import DataError
from classroom_fer_ros.core.mesh import FaceMesh
from classroom_fer_ros.core.model_card import load_card
from classroom_fer_ros.core.model_files import models_dir
from classroom_fer_ros.core.tight_crops import align_tight_crop, load_tight_crops
from classroom_fer_ros.training.captured import load_captured_people
from classroom_fer_ros.training.face_config import FaceNetConfig, make_network
from classroom_fer_ros.training.face_start import start_from
from classroom_fer_ros.training.people import People
from classroom_fer_ros.training.retrain_facenet import (
    RetrainFaceConfig,
    hold_out_pictures,
    retrain,
    train_on,
)
from classroom_fer_ros.training.train_facenet import embed

CARD = models_dir() / 'facenet.json'


@pytest.fixture(scope='module')
def crops(data_dir: Path) -> np.ndarray:
    """Aligned faces of the base set."""
    faces, mesh = load_tight_crops(data_dir / 'lfw_train.npz'), FaceMesh(1)
    return np.stack([align_tight_crop(faces.image(i), mesh)[0] for i in range(160)])


@pytest.fixture(scope='module')
def captured(data_dir: Path) -> People:
    """Six people through a camera that the embedder has trouble with: dim, green, out of focus."""
    faces, mesh = load_tight_crops(data_dir / 'lfw_validation.npz'), FaceMesh(1)
    names, counts = np.unique(faces.person, return_counts=True)
    people = names[np.argsort(-counts)][:6]
    crops, person = [], []
    for number, name in enumerate(people):
        for index in np.flatnonzero(faces.person == name)[:6]:
            crop = cv2.GaussianBlur(align_tight_crop(faces.image(index), mesh)[0], (0, 0), 3.0)
            crops.append((crop * [0.3, 0.7, 0.2]).astype(np.uint8))
            person.append(number)
    return People(np.stack(crops), np.array(person))


def apart(embeddings: np.ndarray, person: np.ndarray) -> float:
    """How much more alike pictures of one person are than those of two, in deviations."""
    cosine = embeddings @ embeddings.T
    is_pair = np.triu(np.ones_like(cosine, bool), 1)
    same = cosine[is_pair & (person[:, None] == person[None])]
    other = cosine[is_pair & (person[:, None] != person[None])]
    return float((same.mean() - other.mean()) / other.std())


def test_captured_people_come_apart_and_the_others_stay(
    crops: np.ndarray, captured: People
) -> None:
    before = FaceEmbedder(CARD)(crops)
    network = make_network(FaceNetConfig())
    start_from(network, CARD.with_suffix('.onnx'), crops, before)
    torch_before = embed(network, crops)
    assert (torch_before * before).sum(axis=1).mean() > 0.99
    first = apart(embed(network, captured.crops_bgr), captured.person)
    config = replace(
        RetrainFaceConfig(),
        steps=10,
        captured_batch=18,
        base_batch=18,
        learning_rate=1.5e-4,
        average_decay=0.7,
    )
    trained = train_on(network, captured, crops, before, config)
    assert apart(embed(trained, captured.crops_bgr), captured.person) > first + 0.04
    assert (embed(trained, crops) * before).sum(axis=1).mean() > 0.98


@pytest.fixture
def base(data_dir: Path, tmp_path: Path) -> Path:
    """A small base set in LFW's layout."""
    folder = tmp_path / 'base'
    folder.mkdir()
    training = load_tight_crops(data_dir / 'lfw_train.npz')[np.arange(150)]
    with (data_dir / 'lfw_validation_pairs.csv').open(newline='') as file:
        header, *rows = csv.reader(file)
    rows = rows[:20] + rows[-20:]
    used = {(row[side], int(row[side + 1])) for row in rows for side in (0, 2)}
    faces = load_tight_crops(data_dir / 'lfw_validation.npz')
    keys = list(zip(faces.person.tolist(), faces.number.tolist(), strict=True))
    validation = faces[np.array([place for place, key in enumerate(keys) if key in used])]
    for name, part in (('lfw_train', training), ('lfw_validation', validation)):
        np.savez(folder / f'{name}.npz', **dataclasses.asdict(part))
    with (folder / 'lfw_validation_pairs.csv').open('w', newline='') as file:
        csv.writer(file).writerows([header, *rows])
    return folder


def test_old_and_new_are_compared_and_the_new_one_has_a_card(
    base: Path, captured: People, tmp_path: Path
) -> None:
    (tmp_path / 'set').mkdir()
    people = np.array([f'person {number}' for number in captured.person])
    np.savez(tmp_path / 'set' / PEOPLE_FILE, crops_bgr=captured.crops_bgr, person=people)
    config = replace(RetrainFaceConfig(), steps=2, captured_batch=8, base_batch=8)
    card_path, comparison = retrain(tmp_path / 'set', base, tmp_path / 'work', config)
    card, old = load_card(card_path), load_card(CARD)
    assert card.sha256 != old.sha256
    assert card.accuracy['captured_auc'] == pytest.approx(
        comparison.captured['captured_auc'].after, abs=1e-4
    )
    assert 'captured pictures of 6 people' in card.training_data
    assert comparison.base['base_pairs_accuracy'].count == 40
    assert FaceEmbedder(card_path)(captured.crops_bgr).shape == (len(captured), 128)


def test_pictures_of_everybody_are_held_out() -> None:
    rng = np.random.default_rng(1)
    crops = rng.integers(0, 255, (30, 112, 112, 3), np.uint8)
    crops[1] = crops[0]  # the same picture twice
    people = People(crops, np.repeat(np.arange(5), 6))
    known, held_out = hold_out_pictures(people, 0.35, 1)
    assert set(known.person) == set(held_out.person) == set(range(5))
    assert len(known) + len(held_out) == 30
    is_first = [
        (part.crops_bgr == crops[0]).all(axis=(1, 2, 3)).sum() for part in (known, held_out)
    ]
    assert sorted(is_first) == [0, 2]


def test_too_few_people_are_refused(tmp_path: Path) -> None:
    crops = np.zeros((3, 112, 112, 3), np.uint8)
    np.savez(tmp_path / PEOPLE_FILE, crops_bgr=crops, person=np.array(['ana', 'ana', 'bob']))
    with pytest.raises(DataError, match=r'at least two people'):
        load_captured_people(tmp_path)
    crops[:] = np.random.default_rng(1).integers(0, 255, crops.shape[1:], np.uint8)
    alike = People(crops, np.zeros(3, np.int64))
    with pytest.raises(DataError, match=r'all alike'):
        hold_out_pictures(alike, 0.35, 1)
