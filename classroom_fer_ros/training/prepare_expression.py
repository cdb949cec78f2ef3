"""Faces with expressions as the files that training reads: FER2013 with FER+, or your own."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from classroom_fer_ros.core.errors import DataError
from classroom_fer_ros.core.evaluation.photographs import list_photographs
from classroom_fer_ros.core.expression import INPUT_SIZE
from classroom_fer_ros.core.near_duplicates import groups_of_same, occurs_among
from classroom_fer_ros.core.sources.pictures import read_picture

#: FER2013's parts, and the files they become.
FILES = {'Training': 'train', 'PublicTest': 'validation', 'PrivateTest': 'test'}
#: Shares of a user's own pictures.
SPLIT = {'train': 0.8, 'validation': 0.1, 'test': 0.1}
#: FER2013's labels are numbered in the order of ours; FER+ names the same pictures by their row.
NUM_VOTES = 10

Arrays = dict[str, npt.NDArray[np.generic]]


def prepare_fer2013(fer2013: Path, ferplus: Path, out: Path) -> dict[Path, int]:
    """
    Write `ferplus_train.npz`, `ferplus_validation.npz` and `ferplus_test.npz`.

    Pictures that FER+ could not use are left out; training pictures that are nearly the same as
    a test picture too. Those of validation that are nearly in training are marked.

    :param fer2013: csv with emotion, pixels and Usage
    :param ferplus: csv with Usage, Image name and ten columns of votes, row by row the same
    :return: number of pictures in each file
    :raises DataError: if a file is missing or of another layout
    """
    rows = list(_rows(fer2013, ('emotion', 'pixels', 'Usage')))
    votes = list(_rows(ferplus, ('Usage', 'Image name')))
    if len(rows) != len(votes):
        raise DataError(f'{fer2013} has {len(rows)} rows, {ferplus} has {len(votes)}')
    parts = {
        usage: _part(fer2013, [row for row in zip(rows, votes, strict=True) if row[0][2] == usage])
        for usage in FILES
    }
    training, validation, test = (parts[usage] for usage in FILES)
    is_new = ~occurs_among(training['images'], test['images'])
    training = {key: values[is_new] for key, values in training.items()}
    validation['near_duplicate_of_train'] = occurs_among(validation['images'], training['images'])
    parts_by_name = zip(FILES.values(), (training, validation, test), strict=True)
    return _write(out, 'ferplus', dict(parts_by_name))


def prepare_folder(folder: Path, out: Path, seed: int = 1) -> dict[Path, int]:
    """
    Split a folder of pictures for each expression 8:1:1 and write one npz of each part.

    :param folder: folders named like the labels, with faces cut out tightly
    :return: number of pictures in each file
    :raises DataError: if a folder is no label or a picture cannot be read
    """
    images, labels = labelled_pictures(folder)
    part_of = split(groups_of_same(images), labels, np.random.default_rng(seed))
    parts: dict[str, Arrays] = {
        name: {'images': images[part_of == name], 'labels': labels[part_of == name]}
        for name in SPLIT
    }
    return _write(out, folder.name, parts)


def split(
    groups: npt.NDArray[np.int64],
    labels: npt.NDArray[np.int8],
    rng: np.random.Generator,
    shares: Mapping[str, float] = SPLIT,
) -> npt.NDArray[np.str_]:
    """
    Share out pictures so that each label is split alike and no group is torn.

    :param groups: shape (n,), the same number for pictures that must stay together
    :param labels: shape (n,)
    :param shares: of the parts by their names, summing to 1
    :return: shape (n,), name of each picture's part
    """
    part_of = np.full(len(groups), next(iter(shares)), dtype=f'<U{max(map(len, shares))}')
    for label in np.unique(labels):
        first_of_group = np.unique(groups[labels == label])
        rng.shuffle(first_of_group)
        ends = np.round(np.cumsum(list(shares.values())) * len(first_of_group)).astype(int)
        for name, members in zip(shares, np.split(first_of_group, ends[:-1]), strict=True):
            part_of[np.isin(groups, members)] = name
    return part_of


def _part(path: Path, rows: list[tuple[list[str], list[str]]]) -> Arrays:
    """Arrays of the rows that FER+ gives a name to."""
    named = [(face, votes) for face, votes in rows if votes[1]]
    try:
        return {
            'images': np.array(
                [np.array(face[1].split(), np.uint8).reshape(48, 48) for face, _ in named]
            ),
            'fer2013': np.array([int(face[0]) for face, _ in named], np.int8),
            'votes': np.array([votes[2 : 2 + NUM_VOTES] for _, votes in named], np.uint8),
            'names': np.array([votes[1].removesuffix('.png') + '.png' for _, votes in named]),
        }
    except ValueError as error:
        raise DataError(f'{path}: a row is no face of 48x48 gray values: {error}') from error


def _rows(path: Path, columns: tuple[str, ...]) -> Iterator[list[str]]:
    try:
        with path.open(newline='', encoding='utf-8') as file:
            header, *rows = csv.reader(file)
    except (OSError, ValueError) as error:
        raise DataError(f'{path} cannot be read: {error}') from error
    if tuple(header[: len(columns)]) != columns:
        raise DataError(f'{path} begins with {header[:3]}, must begin with {list(columns)}')
    yield from rows


def labelled_pictures(folder: Path) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int8]]:
    """
    Pictures of a folder of folders, shape (n, 48, 48), and their labels' indices.

    :raises DataError: if a folder is no label or a picture cannot be read
    """
    pictures = list_photographs(folder)
    images = [_gray_square(path) for path, _ in pictures]
    return np.array(images), np.array([label for _, label in pictures], np.int8)


def _gray_square(path: Path) -> npt.NDArray[np.uint8]:
    image = read_picture(path)
    if image is None:
        raise DataError(f'{path} is no picture')
    gray = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    size = (INPUT_SIZE, INPUT_SIZE)
    return np.asarray(cv2.resize(gray, size, interpolation=cv2.INTER_AREA), np.uint8)


def _write(out: Path, name: str, parts: dict[str, Arrays]) -> dict[Path, int]:
    out.mkdir(parents=True, exist_ok=True)
    written = {}
    for part, arrays in parts.items():
        path = out / f'{name}_{part}.npz'
        np.savez_compressed(path, **arrays)
        written[path] = len(arrays['images'])
    return written
