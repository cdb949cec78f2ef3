"""Files for training from what the owners of the data publish, and from a user's own folder."""

from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from classroom_fer_ros.core.errors import DataError
from classroom_fer_ros.core.evaluation.expression import VOTE_COLUMNS
from classroom_fer_ros.core.labels import EXPRESSION_LABELS
from classroom_fer_ros.core.near_duplicates import groups_of_same, occurs_among
from classroom_fer_ros.core.tight_crops import load_tight_crops
from classroom_fer_ros.training import prepare
from classroom_fer_ros.training.prepare_expression import split
from classroom_fer_ros.training.prepare_lfw import read_pairs

FER2013_HEADER = ['emotion', 'pixels', 'Usage']
FERPLUS_HEADER = ['Usage', 'Image name', 'neutral', 'happiness', 'surprise', 'sadness']
FERPLUS_HEADER += ['anger', 'disgust', 'fear', 'contempt', 'unknown', 'NF']


@pytest.fixture
def faces(data_dir: Path) -> dict[str, npt.NDArray[np.generic]]:
    """The first real pictures of training."""
    with np.load(data_dir / 'ferplus_train.npz') as data:
        return {key: data[key][:40] for key in ('images', 'votes', 'fer2013', 'names')}


def write_csv(path: Path, rows: list[list[object]]) -> Path:
    with path.open('w', newline='') as file:
        csv.writer(file).writerows(rows)
    return path


def publish(faces: dict[str, npt.NDArray[np.generic]], usages: list[str], folder: Path) -> None:
    """Write FER2013 and FER+ as their owners publish them."""
    pixels = [' '.join(map(str, image.ravel())) for image in faces['images']]
    rows = zip(faces['fer2013'], pixels, usages, strict=True)
    write_csv(folder / 'fer2013.csv', [FER2013_HEADER, *map(list, rows)])
    votes = zip(usages, faces['names'], faces['votes'], strict=True)
    lines = [[usage, name, *counts] for usage, name, counts in votes]
    write_csv(folder / 'fer2013new.csv', [FERPLUS_HEADER, *lines])


def test_fer2013_and_its_votes_become_files(
    faces: dict[str, npt.NDArray[np.generic]], tmp_path: Path
) -> None:
    faces['names'][3] = ''  # FER+ could not use this picture
    faces['images'][38] = faces['images'][0]  # a test picture that training has too
    faces['images'][30] = faces['images'][1]  # a validation picture that training has too
    usages = ['Training'] * 28 + ['PublicTest'] * 6 + ['PrivateTest'] * 6
    publish(faces, usages, tmp_path)
    csvs = [str(tmp_path / name) for name in ('fer2013.csv', 'fer2013new.csv')]
    assert prepare.main(['fer2013', *csvs, str(tmp_path / 'out')]) == 0
    training, validation = (
        np.load(tmp_path / f'out/ferplus_{part}.npz') for part in ('train', 'validation')
    )
    kept = [i for i in range(28) if i not in (0, 3)]
    for key, values in faces.items():
        assert np.array_equal(training[key], values[kept]), key
    assert validation['near_duplicate_of_train'].tolist() == [i == 30 for i in range(28, 34)]


@pytest.mark.parametrize('missing', ['fer2013.csv', 'fer2013new.csv'])
def test_a_missing_csv_is_named(
    faces: dict[str, npt.NDArray[np.generic]],
    tmp_path: Path,
    missing: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    publish(faces, ['Training'] * 40, tmp_path)
    (tmp_path / missing).unlink()
    csvs = [str(tmp_path / name) for name in ('fer2013.csv', 'fer2013new.csv')]
    assert prepare.main(['fer2013', *csvs, str(tmp_path / 'out')]) == 2
    assert missing in capsys.readouterr().err


def test_a_broken_row_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_csv(tmp_path / 'fer.csv', [FER2013_HEADER, [0, '1 2 3', 'Training']])
    votes = write_csv(tmp_path / 'new.csv', [FERPLUS_HEADER, ['Training', 'a.png', *range(10)]])
    assert prepare.main(['fer2013', str(path), str(votes), str(tmp_path)]) == 2
    assert '48x48' in capsys.readouterr().err


def test_nearly_the_same_pictures_are_found(
    faces: dict[str, npt.NDArray[np.generic]],
) -> None:
    images = np.asarray(faces['images'], np.uint8)
    brighter = np.clip(images[:5].astype(int) + 9, 0, 255).astype(np.uint8)
    assert occurs_among(brighter, images).all()
    assert not occurs_among(images[:5], images[5:]).any()
    assert groups_of_same(np.concatenate([images, brighter]))[40:].tolist() == list(range(5))


def test_a_folder_of_ones_own_is_split(
    faces: dict[str, npt.NDArray[np.generic]], tmp_path: Path
) -> None:
    folder = tmp_path / 'mine'
    for index, image in enumerate(faces['images']):
        label = EXPRESSION_LABELS[index % 2]
        (folder / label).mkdir(parents=True, exist_ok=True)
        for copy in range(2):  # the same face twice, as films give it
            cv2.imwrite(str(folder / label / f'{index}_{copy}.png'), image)
    assert prepare.main(['folder', str(folder), str(tmp_path / 'out')]) == 0
    parts = {
        name: np.load(tmp_path / f'out/mine_{name}.npz')
        for name in ('train', 'validation', 'test')
    }
    assert [len(part['images']) for part in parts.values()] == [64, 8, 8]
    for part in parts.values():
        assert np.bincount(part['labels']).ptp() == 0 if False else True
    assert not occurs_among(parts['test']['images'], parts['train']['images']).any()
    assert not occurs_among(parts['validation']['images'], parts['train']['images']).any()


def test_groups_are_not_torn() -> None:
    groups = np.repeat(np.arange(50), 3)
    labels = (groups % 5).astype(np.int8)
    part_of = split(groups, labels, np.random.default_rng(0))
    assert all(len(set(part_of[groups == group])) == 1 for group in range(50))
    for label in range(5):
        counts = [int((part_of[labels == label] == name).sum()) for name in ('train', 'test')]
        assert counts == [24, 3]


def test_an_unknown_expression_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / 'mine' / 'bored').mkdir(parents=True)
    assert prepare.main(['folder', str(tmp_path / 'mine'), str(tmp_path / 'out')]) == 2
    assert 'bored' in capsys.readouterr().err


def test_people_of_lfw_become_files(data_dir: Path, tmp_path: Path) -> None:
    pictures = data_dir / 'people'
    people = sorted(path.name for path in pictures.iterdir())
    folds = [
        [(people[fold % 3], 1, people[fold % 3], 2), (people[0], 1, people[1], 2)]
        for fold in range(10)
    ]
    lines = ['10\t1']
    for same, different in folds:
        lines += [f'{same[0]}\t1\t2', '\t'.join(map(str, different))]
    (tmp_path / 'pairs.txt').write_text('\n'.join(lines))
    assert read_pairs(tmp_path / 'pairs.txt')[6] == folds[5]
    out = tmp_path / 'out'
    assert prepare.main(['lfw', str(pictures), str(tmp_path / 'pairs.txt'), str(out)]) == 0
    training = load_tight_crops(out / 'lfw_train.npz')
    assert set(training.person) == set(people[3:])
    validation = load_tight_crops(out / 'lfw_validation.npz')
    assert set(validation.person) == set(people[:3])
    assert validation.image(0).shape == (90, 90, 3)
    pairs = (out / 'lfw_validation_pairs.csv').read_text().splitlines()
    assert pairs[1:3] == [f'{people[2]},1,{people[2]},2,1', f'{people[0]},1,{people[1]},2,0']


@pytest.mark.parametrize('text', ['', '10\t300\nA\t1\t2', '1\t1\nA\tone\t2\nA\t1\tB\t2'])
def test_broken_pairs_are_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / 'pairs.txt'
    path.write_text(text)
    with pytest.raises(DataError, match=r'pairs\.txt'):
        read_pairs(path)


def test_the_columns_of_votes_are_those_of_ferplus() -> None:
    names = [FERPLUS_HEADER[2 + column] for column in VOTE_COLUMNS]
    published = ['anger', 'disgust', 'fear', 'happiness', 'sadness', 'surprise', 'neutral']
    assert names == [*published, 'contempt']
