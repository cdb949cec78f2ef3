"""Aligned faces of people known by name, out of a file like `lfw_train.npz` or out of folders."""

from __future__ import annotations

import hashlib
import logging
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from rich.progress import track

from classroom_fer_ros.core.alignment import CROP_SIZE
from classroom_fer_ros.core.arrays import ImageBgr
from classroom_fer_ros.core.errors import DataError
from classroom_fer_ros.core.mesh import FaceMesh
from classroom_fer_ros.core.model_card import sha256_of
from classroom_fer_ros.core.people_folders import FaceCutter, pictures_of_people
from classroom_fer_ros.core.tight_crops import (
    MIN_QUALITY,
    TightCrops,
    align_tight_crop,
    load_tight_crops,
)

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class People:
    """
    Aligned crops and whose they are.

    :param crops_bgr: shape (n, 112, 112, 3), uint8
    :param person: shape (n,), index of each crop's person, from 0 without gaps
    """

    crops_bgr: ImageBgr
    person: npt.NDArray[np.int64]

    def __getitem__(self, chosen: npt.NDArray[Any]) -> People:
        """Some of them; the people keep their numbers."""
        return People(self.crops_bgr[chosen], self.person[chosen])

    def __len__(self) -> int:
        return len(self.person)

    @property
    def count(self) -> int:
        """Number of people."""
        return int(self.person.max()) + 1 if len(self.person) else 0


def load_people(path: Path, cache: Path, left_out: Iterable[str]) -> People:
    """
    Read, align and remember the crops of a file or of folders.

    :param path: npz of tight crops, or a folder with ``<name>/<picture>`` like CASIA-WebFace
    :param cache: folder that keeps the aligned crops, since aligning takes its time
    :param left_out: names of people whose pictures are for tests
    :raises DataError: if the file is missing, truncated or of another layout, or shows nobody
    """
    if path.is_dir():
        return _load_folders(path, cache, left_out)
    faces = load_tight_crops(path)
    kept_for_tests = {name_key(name) for name in left_out}
    is_free = np.array([name_key(name) not in kept_for_tests for name in faces.person], bool)
    crops, quality = aligned_crops(faces, cache / f'aligned-{sha256_of(path)[:12]}.npz')
    is_used = is_free & (quality >= MIN_QUALITY)
    return People(crops[is_used], np.unique(faces.person[is_used], return_inverse=True)[1])


def _load_folders(folder: Path, cache: Path, left_out: Iterable[str]) -> People:
    """People of folders; pictures without a face, and broken ones, are named and passed over."""
    kept_for_tests = {name_key(name) for name in left_out}
    files = [
        (name, path)
        for name, pictures in pictures_of_people(folder).items()
        if name_key(name) not in kept_for_tests
        for path in pictures
    ]
    key = hashlib.sha256('\n'.join(str(path.resolve()) for _, path in files).encode())
    cached = cache / f'folders-{key.hexdigest()[:12]}.npy'
    if not cached.is_file():
        _cut_faces([path for _, path in files], cached)
    # Mapped, not read: half a million crops are 18 GB.
    crops = np.load(cached, mmap_mode='r')
    is_found = np.load(cached.with_suffix('.found.npy'))
    names = np.array([name for name, _ in files])[is_found]
    if len(names) == 0:
        raise DataError(f'{folder}: no face was found in any of {len(files)} pictures')
    return People(crops[: len(names)], np.unique(names, return_inverse=True)[1])


def _cut_faces(paths: Sequence[Path], cached: Path) -> None:
    """Write the crops of all pictures that show a face, and which of them do."""
    cached.parent.mkdir(parents=True, exist_ok=True)
    cutter = FaceCutter()
    part = cached.with_suffix('.part.npy')
    shape = (len(paths), CROP_SIZE, CROP_SIZE, 3)
    crops = np.lib.format.open_memmap(part, mode='w+', dtype=np.uint8, shape=shape)
    is_found = np.zeros(len(paths), bool)
    for index, path in enumerate(track(paths, 'aligning', transient=True)):
        try:
            crop = cutter.read(path)
        except DataError as error:
            logger.warning('%s: passed over', error)
            continue
        if crop is None:
            logger.warning('%s: no face was found: passed over', path)
            continue
        crops[is_found.sum()] = crop
        is_found[index] = True
    cutter.close()
    crops.flush()
    np.save(cached.with_suffix('.found.npy'), is_found)
    part.rename(cached)


def aligned_crops(faces: TightCrops, cached: Path) -> tuple[ImageBgr, npt.NDArray[np.float64]]:
    """
    Crops of every picture, from the cache where it has them.

    :return: crops, shape (n, 112, 112, 3), and the mesh's quality, shape (n,)
    """
    if cached.is_file():
        with np.load(cached) as data:
            return data['crops_bgr'], data['quality']
    mesh = FaceMesh(1)
    crops = np.empty((len(faces), CROP_SIZE, CROP_SIZE, 3), np.uint8)
    quality = np.empty(len(faces))
    for index in track(range(len(faces)), 'aligning', transient=True):
        crops[index], quality[index] = align_tight_crop(faces.image(index), mesh)
    cached.parent.mkdir(parents=True, exist_ok=True)
    part = cached.with_suffix('.part.npz')
    np.savez(part, crops_bgr=crops, quality=quality)
    part.rename(cached)
    return crops, quality


def name_key(name: str) -> frozenset[str]:
    """Words of a name without case, accents, order and the ways to write an umlaut."""
    plain = unicodedata.normalize('NFKD', name.casefold())
    letters = ''.join(char if char.isalpha() else ' ' for char in plain if char.isascii())
    for written, sound in (('oe', 'o'), ('ae', 'a'), ('ue', 'u')):
        letters = letters.replace(written, sound)
    return frozenset(letters.split())
