"""What one step of the embedder's training sees: a few people's pictures, and strangers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from classroom_fer_ros.core.alignment import CROP_SIZE
from classroom_fer_ros.core.arrays import FloatArray, ImageBgr, ImageGray
from classroom_fer_ros.training.face_augmentation import blend_faces
from classroom_fer_ros.training.face_teacher import as_bgr, as_rgb

#: People with more pictures than this are not drawn more often than the others.
MOST_PICTURES = 8
#: Of the strangers, this share come from pictures without names, the others from those with.
NAMELESS_SHARE = 0.5
BLENDED_SHARE = 0.6
MADE_AT_ONCE = 512


@dataclass(frozen=True, slots=True)
class Teaching:
    """
    What a teacher adds to the names of people.

    :param labels: of the pictures of `People`, shape (n, 128), rows of unit length
    :param strangers_bgr: aligned crops of whom nobody knows a name, shape (m, 112, 112, 3), uint8
    :param strangers_labels: of these, shape (m, 128), rows of unit length
    """

    labels: FloatArray
    strangers_bgr: ImageBgr
    strangers_labels: FloatArray

    def draw_strangers(self, count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """
        Some of the strangers.

        :return: shapes (count, 3, 112, 112), RGB in [0, 1], and (count, 128)
        """
        chosen = _draw(len(self.strangers_bgr), count, generator)
        return as_rgb(self.strangers_bgr[chosen]), torch.from_numpy(self.strangers_labels[chosen])


def make_strangers(
    crops_bgr: ImageBgr, nameless: ImageGray, count: int, generator: torch.Generator
) -> ImageBgr:
    """
    Faces of people with and without names, most of them blended, so that they are nobody's.

    :param crops_bgr: aligned crops, shape (n, 112, 112, 3), uint8
    :param nameless: faces that fill their pictures, shape (m, side, side), uint8; m may be 0
    :param generator: of the processor
    :return: shape (count, 112, 112, 3), uint8
    """
    strangers = np.empty((count, CROP_SIZE, CROP_SIZE, 3), np.uint8)
    for start in range(0, count, MADE_AT_ONCE):
        part = strangers[start : start + MADE_AT_ONCE]
        gray = round(len(part) * NAMELESS_SHARE) if len(nameless) else 0
        crops = as_rgb(crops_bgr[_draw(len(crops_bgr), len(part) - gray, generator)])
        if gray:
            chosen = nameless[_draw(len(nameless), gray, generator)]
            crops = torch.cat([crops, _filling(torch.from_numpy(chosen))])
        order = torch.randperm(len(part), generator=generator)
        part[:] = as_bgr(blend_faces(crops[order], BLENDED_SHARE, generator))
    return strangers


def draw_batches(
    person: npt.NDArray[np.int64],
    people_per_batch: int,
    pictures_per_person: int,
    generator: torch.Generator,
) -> Iterator[npt.NDArray[np.int64]]:
    """
    Batches of `pictures_per_person` pictures of `people_per_batch` people, one epoch of them.

    Those with several pictures come more often, a person with too few shows them again.

    :param person: shape (n,), index of each picture's person
    """
    pictures_of = np.split(np.argsort(person, kind='stable'), np.cumsum(np.bincount(person))[:-1])
    device = generator.device
    weight = torch.tensor(
        [min(len(own), MOST_PICTURES) - 0.5 for own in pictures_of], device=device
    )
    drawn = min(people_per_batch, len(pictures_of))
    for _ in range(steps_per_epoch(person, people_per_batch, pictures_per_person)):
        batch = []
        for index in torch.multinomial(weight, drawn, generator=generator).tolist():
            own = pictures_of[index]
            order = torch.randperm(len(own), generator=generator, device=device).cpu().numpy()
            batch.append(np.resize(own[order], pictures_per_person))
        yield np.concatenate(batch)


def steps_per_epoch(
    person: npt.NDArray[np.int64], people_per_batch: int, pictures_per_person: int
) -> int:
    """As many batches as the pictures fill."""
    size = min(people_per_batch, len(np.unique(person))) * pictures_per_person
    return max(1, len(person) // size)


def _draw(many: int, count: int, generator: torch.Generator) -> npt.NDArray[np.int64]:
    chosen = torch.randint(many, (count,), generator=generator, device=generator.device)
    return np.asarray(chosen.cpu().numpy(), np.int64)


def _filling(gray: Tensor) -> Tensor:
    """Pictures that a face fills as crops: the template was measured on such pictures."""
    images = gray[:, None].float() / 255.0
    images = functional.interpolate(images, size=CROP_SIZE, mode='bilinear', align_corners=False)
    return images.expand(-1, 3, -1, -1)
