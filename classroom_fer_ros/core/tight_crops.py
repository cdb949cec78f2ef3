"""
Tight face crops, as face data sets are published: aligned like the faces of whole pictures.

Data sets such as Labeled Faces in the Wild come as small squares that one face fills. The mesh
finds the keypoints in them, so that training and evaluation see the crops of the run time.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from classroom_fer_ros.core.alignment import align
from classroom_fer_ros.core.archive import read_arrays
from classroom_fer_ros.core.arrays import ImageBgr
from classroom_fer_ros.core.errors import DataError
from classroom_fer_ros.core.mesh import (
    FaceMesh,
    RegionOfInterest,
    keypoints_from_landmarks,
    roi_from_landmarks,
)

#: Tight crops are enlarged to this side: the mesh then sees about as many pixels as it takes.
ENLARGED_SIZE = 180
#: The mesh sees more of a face when there is something around it.
BORDER_PX = ENLARGED_SIZE // 4
#: Side of the first region of interest, as a share of the crop's side.
FIRST_ROI_SCALE = 1.4
#: Below this presence the keypoints are not to be trusted.
MIN_QUALITY = 0.9
#: Where the keypoints usually lie, as shares of the crop's side: means over every twelfth picture
#: of LFW's training file, made symmetric (572 faces).
USUAL_KEYPOINTS_XY = np.array(
    [[0.2737, 0.3812], [0.7263, 0.3812], [0.5, 0.7034], [0.3086, 0.8801], [0.6914, 0.8801]],
    np.float64,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TightCrops:
    """
    Encoded crops of named people.

    :param jpeg: bytes of all pictures, one behind the other, uint8
    :param offsets: shape (n + 1,); picture i is ``jpeg[offsets[i]:offsets[i + 1]]``
    :param person: shape (n,), name of each picture's person
    :param number: shape (n,), number of the picture among those of its person, from 1
    """

    jpeg: npt.NDArray[np.uint8]
    offsets: npt.NDArray[np.int64]
    person: npt.NDArray[np.str_]
    number: npt.NDArray[np.int16]

    def __len__(self) -> int:
        return len(self.person)

    def __getitem__(self, chosen: npt.NDArray[np.int64]) -> TightCrops:
        """Some of them, in the order asked for."""
        parts = [self.jpeg[self.offsets[i] : self.offsets[i + 1]] for i in chosen]
        return TightCrops(
            jpeg=np.concatenate([*parts, np.empty(0, np.uint8)]),
            offsets=np.cumsum([0, *map(len, parts)]),
            person=self.person[chosen],
            number=self.number[chosen],
        )

    def image(self, index: int) -> ImageBgr:
        """
        Decode one picture.

        :return: shape (side, side, 3), uint8
        :raises DataError: if the bytes are no picture
        """
        encoded = self.jpeg[self.offsets[index] : self.offsets[index + 1]]
        image = cv2.imdecode(encoded, cv2.IMREAD_COLOR) if len(encoded) else None
        if image is None:
            raise DataError(f'picture {self.number[index]} of {self.person[index]} is no JPEG')
        return np.asarray(image, np.uint8)


def load_tight_crops(path: Path) -> TightCrops:
    """
    Read a file of tight crops.

    :param path: npz with ``jpeg``, ``offsets``, ``person`` and ``number``
    :raises DataError: if the file is missing, truncated or of another layout
    """
    crops = TightCrops(**read_arrays(path, [field.name for field in fields(TightCrops)]))
    count = len(crops.person)
    if len(crops.number) != count or len(crops.offsets) != count + 1:
        raise DataError(
            f'{path}: {count} names, {len(crops.number)} numbers and {len(crops.offsets)} '
            'offsets: not the layout of tight face crops'
        )
    if count and (np.diff(crops.offsets).min() < 0 or crops.offsets[-1] > len(crops.jpeg)):
        raise DataError(f'{path}: offsets reach beyond the {len(crops.jpeg)} bytes of pictures')
    return crops


def align_tight_crop(image_bgr: ImageBgr, mesh: FaceMesh) -> tuple[ImageBgr, float]:
    """
    Align a picture that one face fills.

    Where the mesh sees no face, the keypoints are taken to lie where they usually do: such a
    picture still is a face, and an evaluation may not leave it out.

    :param image_bgr: shape (height, width, 3), uint8
    :return: crop of shape (112, 112, 3), uint8, and the mesh's quality in [0, 1]
    """
    enlarged = cv2.resize(image_bgr, (ENLARGED_SIZE, ENLARGED_SIZE), interpolation=cv2.INTER_CUBIC)
    framed = np.asarray(
        cv2.copyMakeBorder(
            enlarged, BORDER_PX, BORDER_PX, BORDER_PX, BORDER_PX, cv2.BORDER_REPLICATE
        ),
        np.uint8,
    )
    center = BORDER_PX + ENLARGED_SIZE / 2
    roi = RegionOfInterest(center, center, FIRST_ROI_SCALE * ENLARGED_SIZE, 0.0)
    for _ in range(2):
        (landmarks,) = mesh(framed, [roi])
        roi = roi_from_landmarks(landmarks.points_xy)
    keypoints = keypoints_from_landmarks(landmarks.points_xy)
    if landmarks.quality < MIN_QUALITY:
        keypoints = USUAL_KEYPOINTS_XY * ENLARGED_SIZE + BORDER_PX
    return align(framed, keypoints).image_bgr, landmarks.quality
