"""
Folders of people: ``<name>/<picture>``, as LFW and CASIA-WebFace come and as people enrol.

The face of every picture is found, aligned and cut out as at run time.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from classroom_fer_ros.core.alignment import AlignedCrop
from classroom_fer_ros.core.arrays import ImageBgr
from classroom_fer_ros.core.detection import DetectionConfig
from classroom_fer_ros.core.errors import DataError
from classroom_fer_ros.core.face_finding import FaceFinder
from classroom_fer_ros.core.frame import Frame
from classroom_fer_ros.core.light import LightConfig
from classroom_fer_ros.core.results import Face
from classroom_fer_ros.core.sources.kind import PICTURE_SUFFIXES
from classroom_fer_ros.core.sources.pictures import read_picture
from classroom_fer_ros.core.tracking import TrackingConfig


def pictures_of_people(folder: Path) -> dict[str, list[Path]]:
    """
    Pictures of every person, people and pictures in the order of their names.

    :param folder: has one folder a person, named like the person; other files are passed over
    :raises DataError: if there is no such folder, nobody in it, or somebody without a picture
    """
    try:
        people = {
            person.name: sorted(
                path for path in person.iterdir() if path.suffix.lower() in PICTURE_SUFFIXES
            )
            for person in sorted(folder.iterdir())
            if person.is_dir()
        }
    except OSError as error:
        raise DataError(f'{folder} cannot be read: {error.strerror}') from error
    if not people:
        raise DataError(f'{folder} has no folders of people: it must hold <name>/<picture>')
    empty = [name for name, pictures in people.items() if not pictures]
    if empty:
        raise DataError(f'{folder}: no picture of {", ".join(empty)}')
    return people


@dataclass(frozen=True, slots=True, kw_only=True)
class Portrait:
    """
    A photograph as one of a face.

    :param others: the other faces in it
    """

    face: Face
    others: tuple[Face, ...]
    crop: AlignedCrop


class FaceCutter:
    """Cuts the face that a photograph is of."""

    def __init__(self, detection: DetectionConfig | None = None, num_threads: int = 2) -> None:
        """:raises ModelError: if a model is missing or broken"""
        self._finder = FaceFinder(
            LightConfig(), detection or DetectionConfig(), TrackingConfig(), num_threads
        )

    def read(self, path: Path) -> ImageBgr | None:
        """
        Aligned crop of the face of a file, shape (112, 112, 3); None if no face is found.

        :raises DataError: if the file is no picture
        """
        image_bgr = read_picture(path)
        if image_bgr is None:
            raise DataError(f'{path} is no picture that can be read')
        return self(image_bgr)

    def __call__(self, image_bgr: ImageBgr) -> ImageBgr | None:
        """As `read`, of a picture in memory."""
        portrait = self.find(image_bgr)
        return None if portrait is None else portrait.crop.image_bgr

    def find(self, image_bgr: ImageBgr) -> Portrait | None:
        """The face that a picture is of, and the others in it; None if no face is found."""
        faces = self._finder.update(Frame(image_bgr, 0, is_still=True))
        if not faces:
            return None
        height, width = image_bgr.shape[:2]
        face = max(faces, key=lambda one: _prominence(one, width, height))
        return Portrait(
            face=face,
            others=tuple(one for one in faces if one is not face),
            crop=self._finder.cut([face])[face.face_id],
        )

    def close(self) -> None:
        """Stop the threads."""
        self._finder.close()


def _prominence(face: Face, width: int, height: int) -> float:
    """How much a photograph is of a face: large, and near the middle."""
    x_min, y_min, x_max, y_max = face.box_xyxy
    offset = np.hypot((x_min + x_max - width) / 2, (y_min + y_max - height) / 2)
    return float((x_max - x_min) * (y_max - y_min) - 2.0 * offset**2)
