"""Aligned faces of people known by name, as `lfw_train.npz` holds them."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from rich.progress import track

from classroom_fer_ros.core.alignment import CROP_SIZE
from classroom_fer_ros.core.arrays import ImageBgr
from classroom_fer_ros.core.mesh import FaceMesh
from classroom_fer_ros.core.model_card import sha256_of
from classroom_fer_ros.core.tight_crops import (
    MIN_QUALITY,
    TightCrops,
    align_tight_crop,
    load_tight_crops,
)


@dataclass(frozen=True, slots=True)
class People:
    """
    Aligned crops and whose they are.

    :param crops_bgr: shape (n, 112, 112, 3), uint8
    :param person: shape (n,), index of each crop's person, from 0 without gaps
    """

    crops_bgr: ImageBgr
    person: npt.NDArray[np.int64]

    @property
    def count(self) -> int:
        """Number of people."""
        return int(self.person.max()) + 1 if len(self.person) else 0


def load_people(path: Path, cache: Path, left_out: Iterable[str]) -> People:
    """
    Read, align and remember the crops of a file.

    :param cache: folder that keeps the aligned crops, since aligning takes a minute
    :param left_out: names of people whose pictures are for tests
    :raises DataError: if the file is missing, truncated or of another layout
    """
    faces = load_tight_crops(path)
    kept_for_tests = {name_key(name) for name in left_out}
    is_free = np.array([name_key(name) not in kept_for_tests for name in faces.person], bool)
    crops, quality = aligned_crops(faces, cache / f'aligned-{sha256_of(path)[:12]}.npz')
    is_used = is_free & (quality >= MIN_QUALITY)
    return People(crops[is_used], np.unique(faces.person[is_used], return_inverse=True)[1])


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
