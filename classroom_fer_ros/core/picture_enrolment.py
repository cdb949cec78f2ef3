"""Views for enrolling, out of pictures of one person."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from classroom_fer_ros.core.arrays import FloatArray, ImageBgr
from classroom_fer_ros.core.errors import DataError
from classroom_fer_ros.core.people_folders import FaceCutter, Portrait
from classroom_fer_ros.core.sources.kind import PICTURE_SUFFIXES
from classroom_fer_ros.core.sources.pictures import read_picture
from classroom_fer_ros.core.view_choice import View
from classroom_fer_ros.core.view_quality import (
    ENROLMENT_LIMITS,
    crop_problem,
    placing_problem,
    view_quality,
)

#: A second face of so much of the first one's height may as well be the one that is meant.
MAX_SECOND_FACE = 0.6

Embed = Callable[[ImageBgr], FloatArray]


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureViews:
    """
    What some pictures are good for.

    :param views: of the pictures that are good enough
    :param refused: why not, in plain words, by picture
    """

    views: list[View]
    refused: dict[Path, str]


def pictures_in(paths: Sequence[Path]) -> list[Path]:
    """
    Pictures that a user named, one by one or by folder.

    :raises DataError: if one is not there, or a folder has no picture
    """
    found: list[Path] = []
    for path in paths:
        if not path.exists():
            raise DataError(f'there is no picture or folder {path}')
        inner = [path]
        if path.is_dir():
            inner = sorted(p for p in path.iterdir() if p.suffix.lower() in PICTURE_SUFFIXES)
            if not inner:
                raise DataError(f'no picture in the folder {path}')
        found.extend(one for one in inner if one not in found)
    return found


def views_of_pictures(
    pictures: Sequence[Path], cutter: FaceCutter, embed: Embed, *, keeps_crops: bool = False
) -> PictureViews:
    """
    Look at pictures of one person.

    :param embed: crops in, embeddings out; shapes (n, 112, 112, 3) and (n, size)
    :param keeps_crops: let the views hold their crops, to be stored
    """
    portraits: list[Portrait] = []
    refused: dict[Path, str] = {}
    for path in pictures:
        image_bgr = read_picture(path)
        portrait = None if image_bgr is None else cutter.find(image_bgr)
        if image_bgr is None:
            refused[path] = 'no picture that can be read'
        elif portrait is None:
            refused[path] = 'no face'
        elif problem := portrait_problem(portrait):
            refused[path] = problem
        else:
            portraits.append(portrait)
    if not portraits:
        return PictureViews(views=[], refused=refused)
    embeddings = embed(np.stack([one.crop.image_bgr for one in portraits]))
    views = [
        View(
            embedding=embedding,
            quality=view_quality(one.face, one.crop.image_bgr),
            crop_bgr=one.crop.image_bgr if keeps_crops else None,
        )
        for one, embedding in zip(portraits, embeddings, strict=True)
    ]
    return PictureViews(views=views, refused=refused)


def portrait_problem(portrait: Portrait) -> str:
    """What is wrong with a photograph for enrolling, in plain words; empty for nothing."""
    height_px = _height_px(portrait)
    if any(
        other.box_xyxy[3] - other.box_xyxy[1] >= MAX_SECOND_FACE * height_px
        for other in portrait.others
    ):
        return f'two faces ({1 + len(portrait.others)} are in the picture): cut one out'
    problem = placing_problem(portrait.face, portrait.others, ENROLMENT_LIMITS)
    return problem or crop_problem(portrait.crop, ENROLMENT_LIMITS)


def _height_px(portrait: Portrait) -> float:
    return portrait.face.box_xyxy[3] - portrait.face.box_xyxy[1]
