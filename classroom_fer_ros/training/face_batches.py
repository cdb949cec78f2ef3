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
from classroom_fer_ros.core.arrays import FloatArray, ImageGray
from classroom_fer_ros.training.face_augmentation import blend_faces
from classroom_fer_ros.training.face_metric import Metric
from classroom_fer_ros.training.face_teacher import DlibFaceNet, as_rgb, label
from classroom_fer_ros.training.people import People

#: People with more pictures than this are not drawn more often than the others.
MOST_PICTURES = 8
#: Of the strangers, this share come from pictures without names, the others from those with.
NAMELESS_SHARE = 0.5
BLENDED_SHARE = 0.6


@dataclass(frozen=True, slots=True)
class Teaching:
    """
    What a teacher adds to the names of people.

    :param teacher: labels faces that nobody has seen before
    :param metric: what of a label counts
    :param labels: of the pictures of `People`, after `metric`, shape (n, 128), rows of unit length
    :param nameless: faces that fill their pictures, shape (m, side, side), uint8; m may be 0
    """

    teacher: DlibFaceNet
    metric: Metric
    labels: FloatArray
    nameless: ImageGray

    def strangers(
        self, people: People, count: int, generator: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """
        Faces of people with and without names, most of them blended, and their labels.

        :return: shapes (count, 3, 112, 112), RGB in [0, 1], and (count, 128)
        """
        nameless = round(count * NAMELESS_SHARE) if len(self.nameless) else 0
        device = generator.device
        chosen = _draw(len(people.person), count - nameless, generator)
        crops = as_rgb(people.crops_bgr[chosen]).to(device)
        if nameless:
            gray = self.nameless[_draw(len(self.nameless), nameless, generator)]
            crops = torch.cat([crops, _filling(torch.from_numpy(gray).to(device))])
        order = torch.randperm(count, generator=generator, device=device)
        crops = blend_faces(crops[order], BLENDED_SHARE, generator)
        return crops, self.metric(label(self.teacher, crops))


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
