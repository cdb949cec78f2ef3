"""Labeled Faces in the Wild as the two files of tight crops that training and validation read."""

from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np

from classroom_fer_ros.core.arrays import ImageBgr
from classroom_fer_ros.core.errors import DataError
from classroom_fer_ros.core.sources.pictures import read_picture

#: Folds of the official pairs that are kept for validation, and for tests.
VALIDATION_FOLDS, TEST_FOLDS = (6, 7), (8, 9, 10)
#: Side of the square that the face fills in the middle of a picture of 250 px, in pixels.
FACE_SIZE = 90
JPEG_QUALITY = 92

Pair = tuple[str, int, str, int]


def prepare_lfw(pictures: Path, pairs: Path, out: Path) -> dict[Path, int]:
    """
    Write `lfw_train.npz`, `lfw_validation.npz` and `lfw_validation_pairs.csv`.

    Nobody in the pairs of the validation and test folds is in the training file.

    :param pictures: folder with a folder for each person
    :param pairs: the official `pairs.txt` of ten folds
    :return: number of pictures or pairs in each file
    :raises DataError: if a file is missing or of another layout
    """
    folds = read_pairs(pairs)
    validation = [pair for fold in VALIDATION_FOLDS for pair in folds.get(fold, [])]
    kept_for_tests = {name for fold in TEST_FOLDS for name in _names(folds.get(fold, []))}
    people = sorted(path.name for path in pictures.iterdir()) if pictures.is_dir() else []
    validation_people = _names(validation)
    missing = sorted(validation_people - set(people))
    if missing:
        raise DataError(f'{pictures}: no folder of {missing[0]}, whom {pairs} names')
    trained = [name for name in people if name not in validation_people | kept_for_tests]
    out.mkdir(parents=True, exist_ok=True)
    return {
        out / 'lfw_train.npz': _write_crops(pictures, trained, out / 'lfw_train.npz'),
        out / 'lfw_validation.npz': _write_crops(
            pictures, sorted(validation_people), out / 'lfw_validation.npz'
        ),
        out / 'lfw_validation_pairs.csv': _write_pairs(
            validation, out / 'lfw_validation_pairs.csv'
        ),
    }


def read_pairs(path: Path) -> dict[int, list[Pair]]:
    """
    Read `pairs.txt`: a line with the numbers of folds and pairs, then equal and different pairs.

    :return: pairs by fold, from 1
    :raises DataError: if the file is missing or of another layout
    """
    try:
        first, *lines = [line.split('\t') for line in path.read_text('utf-8').splitlines() if line]
        folds, per_kind = (int(text) for text in first)
        pairs = [_pair(columns) for columns in lines]
    except OSError as error:
        raise DataError(f'{path} cannot be read: {error.strerror}') from error
    except ValueError as error:
        raise DataError(f'{path} is no pairs.txt: {error}') from error
    size = 2 * per_kind
    if len(pairs) != folds * size:
        raise DataError(f'{path}: {len(pairs)} pairs, its first line says {folds * size}')
    return {fold + 1: pairs[fold * size : (fold + 1) * size] for fold in range(folds)}


def tight_crop(image_bgr: ImageBgr) -> ImageBgr:
    """
    The middle of a picture, which the face fills.

    :param image_bgr: shape (250, 250, 3), uint8, as LFW publishes its pictures
    :return: shape (90, 90, 3)
    """
    top, left = ((side - FACE_SIZE) // 2 for side in image_bgr.shape[:2])
    return image_bgr[top : top + FACE_SIZE, left : left + FACE_SIZE]


def _pair(columns: list[str]) -> Pair:
    if len(columns) == 3:
        name, first, second = columns
        return name, int(first), name, int(second)
    name, first, other, second = columns
    return name, int(first), other, int(second)


def _names(pairs: list[Pair]) -> set[str]:
    return {name for pair in pairs for name in (pair[0], pair[2])}


def _write_crops(pictures: Path, people: list[str], out: Path) -> int:
    encoded, person, number = [], [], []
    for name in people:
        for path in sorted((pictures / name).glob('*.jpg')):
            image = read_picture(path)
            if image is None or min(image.shape[:2]) < FACE_SIZE:
                raise DataError(f'{path} is no picture of at least {FACE_SIZE} px')
            quality = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
            encoded.append(cv2.imencode('.jpg', tight_crop(image), quality)[1].ravel())
            person.append(name)
            number.append(int(path.stem.rsplit('_', 1)[-1]))
    if not encoded:
        raise DataError(f'{pictures}: no pictures of {len(people)} people')
    np.savez(
        out,
        jpeg=np.concatenate(encoded),
        offsets=np.cumsum([0, *(len(data) for data in encoded)]),
        person=np.array(person),
        number=np.array(number, np.int16),
    )
    return len(encoded)


def _write_pairs(pairs: list[Pair], out: Path) -> int:
    with out.open('w', newline='', encoding='utf-8') as file:
        writer = csv.writer(file)
        writer.writerow(['person_a', 'number_a', 'person_b', 'number_b', 'same'])
        writer.writerows([*pair, int(pair[0] == pair[2])] for pair in pairs)
    return len(pairs)
