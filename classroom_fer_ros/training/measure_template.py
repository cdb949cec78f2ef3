"""
Measure where the five keypoints lie in FER2013's pictures, for the template of aligned crops.

    python -m classroom_fer_ros.training.measure_template --data ../shared/data

Prints the mean keypoints in pixels of a 112x112 crop; `core.alignment` holds them as constants.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np

from classroom_fer_ros.core.alignment import CROP_SIZE
from classroom_fer_ros.core.arrays import FloatArray, ImageGray
from classroom_fer_ros.core.mesh import (
    FaceMesh,
    RegionOfInterest,
    keypoints_from_landmarks,
    roi_from_landmarks,
)

MIN_QUALITY = 0.95
#: The mesh sees more of a face when there is something around it.
BORDER_PX = CROP_SIZE // 4


def keypoints_in_crop(image_gray: ImageGray, mesh: FaceMesh) -> FloatArray | None:
    """
    Keypoints of a picture that a face fills, or None where none is seen clearly.

    :param image_gray: shape (n, n), uint8
    :return: shape (5, 2), in pixels of the picture enlarged to 112x112
    """
    enlarged = cv2.resize(image_gray, (CROP_SIZE, CROP_SIZE), interpolation=cv2.INTER_CUBIC)
    framed = cv2.copyMakeBorder(enlarged, *[BORDER_PX] * 4, cv2.BORDER_REPLICATE)
    picture = cv2.cvtColor(framed, cv2.COLOR_GRAY2BGR)
    center = BORDER_PX + CROP_SIZE / 2
    roi = RegionOfInterest(center, center, 1.4 * CROP_SIZE, 0.0)
    for _ in range(2):
        (landmarks,) = mesh(picture, [roi])
        roi = roi_from_landmarks(landmarks.points_xy)
    if landmarks.quality < MIN_QUALITY:
        return None
    return keypoints_from_landmarks(landmarks.points_xy) - BORDER_PX


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument('--data', type=Path, default=Path('../shared/data'))
    parser.add_argument('--count', type=int, default=3000)
    arguments = parser.parse_args()
    images = np.load(arguments.data / 'ferplus_train.npz')['images'][: arguments.count]
    mesh = FaceMesh()
    found = [keypoints_in_crop(image, mesh) for image in images]
    seen = np.stack([keypoints for keypoints in found if keypoints is not None])
    mean = seen.mean(axis=0)
    mirrored = mean[[1, 0, 2, 4, 3]] * [-1, 1] + [CROP_SIZE - 1, 0]
    print(f'{len(seen)} of {len(images)} faces; mean, made symmetric, and standard deviation:')
    print(np.round((mean + mirrored) / 2, 2).tolist())
    print(np.round(seen.std(axis=0), 2).tolist())


if __name__ == '__main__':
    main()
