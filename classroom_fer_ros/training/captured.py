"""Labelled faces that were captured, as `make label` exports them, and the part held out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from classroom_fer_ros.core.archive import read_arrays
from classroom_fer_ros.core.arrays import ImageGray
from classroom_fer_ros.core.capture_sets import EXPRESSIONS_FILE, PEOPLE_FILE
from classroom_fer_ros.core.errors import DataError
from classroom_fer_ros.core.labels import NUM_EXPRESSIONS
from classroom_fer_ros.core.near_duplicates import groups_of_same
from classroom_fer_ros.training.people import People
from classroom_fer_ros.training.prepare_expression import labelled_pictures, split

#: Fewer labelled faces teach nothing that could be measured.
MIN_FACES = 40
#: With so many people, nobody is on both sides of the split.
MIN_PEOPLE = 8
TRAINING, HELD_OUT = 'training', 'held out'


@dataclass(frozen=True, slots=True)
class CapturedFaces:
    """
    Faces and what they show.

    :param images: shape (n, 48, 48), uint8
    :param labels: shape (n,), index into the served labels
    :param groups: shape (n,), the same number for pictures that belong together
    """

    images: ImageGray
    labels: npt.NDArray[np.int64]
    groups: npt.NDArray[np.int64]

    def __getitem__(self, chosen: npt.NDArray[Any]) -> CapturedFaces:
        return CapturedFaces(self.images[chosen], self.labels[chosen], self.groups[chosen])

    def __len__(self) -> int:
        return len(self.labels)


def load_captured(path: Path) -> CapturedFaces:
    """
    Read a set of labelled faces.

    :param path: exported folder, its npz, or any folder with a folder of pictures a label
    :raises DataError: if it is missing or broken, or holds too few faces
    """
    file = path / EXPRESSIONS_FILE if path.is_dir() else path
    people = np.empty(0, np.str_)
    if path.is_dir() and not file.is_file():
        images, labels = labelled_pictures(path)
    else:
        arrays = _read(file, ('images', 'labels'))
        images, labels, people = arrays['images'], arrays['labels'], arrays.get('person', people)
    if images.shape[1:] != (48, 48) or images.dtype != np.uint8 or len(images) != len(labels):
        raise DataError(f'{file}: images {images.shape} and labels {labels.shape} do not fit')
    if len(labels) < MIN_FACES:
        raise DataError(
            f'{path} holds {len(labels)} labelled faces, {MIN_FACES} are needed: label more'
        )
    if labels.min() < 0 or labels.max() >= NUM_EXPRESSIONS:
        raise DataError(f'{file}: labels must be within 0 and {NUM_EXPRESSIONS - 1}')
    return CapturedFaces(images, labels.astype(np.int64), _groups(images, people))


def _groups(images: ImageGray, people: npt.NDArray[np.str_]) -> npt.NDArray[np.int64]:
    """One a person where everybody is known, else one for pictures that are nearly the same."""
    is_known = len(people) == len(images) and (people != '').all()
    if is_known and len(np.unique(people)) >= MIN_PEOPLE:
        return np.asarray(np.unique(people, return_inverse=True)[1], np.int64)
    return groups_of_same(images)


def hold_out(faces: CapturedFaces, share: float, seed: int) -> tuple[CapturedFaces, CapturedFaces]:
    """
    Split faces, each label alike, without tearing what belongs together.

    :param share: of the second part
    :return: faces for training, and those held out
    :raises DataError: if one part would be empty
    """
    shares = {TRAINING: 1.0 - share, HELD_OUT: share}
    rng = np.random.default_rng(seed)
    part_of = split(faces.groups, faces.labels.astype(np.int8), rng, shares)
    training, held_out = (faces[part_of == name] for name in shares)
    if not len(training) or not len(held_out):
        raise DataError('the captured faces are too much alike to hold some out: capture others')
    return training, held_out


def load_captured_people(path: Path) -> People:
    """
    Read the people of an exported set, those with two pictures or more.

    :param path: exported folder, or its npz of people
    :raises DataError: if it is missing or broken, or fewer than two people are left
    """
    file = path / PEOPLE_FILE if path.is_dir() else path
    arrays = _read(file, ('crops_bgr', 'person'))
    crops, people = arrays['crops_bgr'], arrays['person']
    if crops.shape[1:] != (112, 112, 3) or crops.dtype != np.uint8 or len(crops) != len(people):
        raise DataError(f'{file}: crops {crops.shape} and people {people.shape} do not fit')
    names, counts = np.unique(people, return_counts=True)
    is_used = np.isin(people, names[counts >= 2])
    person = np.asarray(np.unique(people[is_used], return_inverse=True)[1], np.int64)
    if len(np.unique(person)) < 2:
        raise DataError(f'{file}: at least two people with two pictures each are needed')
    return People(crops[is_used], person)


def _read(path: Path, needed: tuple[str, ...]) -> dict[str, npt.NDArray[Any]]:
    try:
        return read_arrays(path, needed, ('person',))
    except DataError as error:
        raise DataError(f'{error}: export a set of labelled faces with `make label`') from error
