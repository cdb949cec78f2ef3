"""
Sets of labelled faces: a folder for each expression, and beside them what training reads.

`expressions.npz` has the layout of a user's own pictures (`images`, `labels`, `names`), and
`person` and `session` with it, so that nobody is on both sides of a split; `people.npz` holds the
aligned crops of the people who were identified (`crops_bgr`, `person`, `names`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from classroom_fer_ros.core.archive import UNREADABLE
from classroom_fer_ros.core.arrays import ImageBgr
from classroom_fer_ros.core.errors import CaptureError
from classroom_fer_ros.core.face_framing import gray_face
from classroom_fer_ros.core.labels import EXPRESSION_LABELS

EXPRESSIONS_FILE = 'expressions.npz'
PEOPLE_FILE = 'people.npz'

Arrays = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledCrop:
    """
    One crop of a set.

    :param image_bgr: aligned, shape (112, 112, 3), uint8
    :param png: the file's content
    :param label: one of the served labels; empty where only the person is known
    """

    capture_id: str
    image_bgr: ImageBgr
    png: bytes
    label: str
    person_id: str
    session: str


def write_set(folder: Path, crops: Sequence[LabelledCrop]) -> None:
    """
    Write a set; what the folder holds of an earlier one is replaced.

    :raises CaptureError: if the folder cannot be written
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for label in EXPRESSION_LABELS:
            (folder / label).mkdir(exist_ok=True)
            for old in (folder / label).glob('*.png'):
                old.unlink()
        for crop in crops:
            if crop.label:
                (folder / crop.label / f'{crop.capture_id}.png').write_bytes(crop.png)
        _write(folder / EXPRESSIONS_FILE, _expressions([one for one in crops if one.label]))
        _write(folder / PEOPLE_FILE, _people([one for one in crops if one.person_id]))
    except OSError as error:
        raise CaptureError(f'{folder} cannot be written: {error.strerror}') from error


def erase_from_set(folder: Path, capture_ids: frozenset[str]) -> None:
    """
    Erase some pictures from a set, which may be gone.

    :raises CaptureError: if one of its files cannot be changed
    """
    names = {f'{one}.png' for one in capture_ids}
    try:
        for label in EXPRESSION_LABELS:
            for name in names:
                (folder / label / name).unlink(missing_ok=True)
        for file in (EXPRESSIONS_FILE, PEOPLE_FILE):
            _erase_rows(folder / file, names)
    except (*UNREADABLE, KeyError) as error:
        raise CaptureError(
            f'{folder}, an exported set of captured faces, cannot be changed: {error}; delete it, '
            'and ask again'
        ) from error


def _erase_rows(path: Path, names: set[str]) -> None:
    if not path.is_file():
        return
    with np.load(path, allow_pickle=False) as archive:
        arrays: Arrays = dict(archive)
    is_kept = ~np.isin(arrays['names'], list(names))
    if not is_kept.all():
        _write(path, {key: values[is_kept] for key, values in arrays.items()})


def _expressions(crops: Sequence[LabelledCrop]) -> Arrays:
    images = [gray_face(crop.image_bgr) for crop in crops]
    return {
        'images': np.array(images, np.uint8).reshape(-1, 48, 48),
        'labels': np.array([EXPRESSION_LABELS.index(crop.label) for crop in crops], np.int8),
        **_names(crops),
    }


def _people(crops: Sequence[LabelledCrop]) -> Arrays:
    images = [crop.image_bgr for crop in crops]
    return {
        'crops_bgr': np.array(images, np.uint8).reshape(-1, 112, 112, 3),
        **_names(crops),
    }


def _names(crops: Sequence[LabelledCrop]) -> Arrays:
    return {
        'names': np.array([f'{crop.capture_id}.png' for crop in crops], np.str_),
        'person': np.array([crop.person_id for crop in crops], np.str_),
        'session': np.array([crop.session for crop in crops], np.str_),
    }


def _write(path: Path, arrays: Arrays) -> None:
    """Whole or not at all."""
    part = path.with_suffix('.part')
    with part.open('wb') as file:
        np.savez_compressed(file, **arrays)
    part.replace(path)
