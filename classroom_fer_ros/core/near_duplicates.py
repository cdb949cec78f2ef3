"""Pictures that are nearly the same, so that none of them is on both sides of a split."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from classroom_fer_ros.core.arrays import FloatArray, ImageGray

#: Side of the reduced pictures that are compared.
THUMBNAIL_SIZE = 16
#: Correlation of thumbnails from which two pictures are taken for one.
SAME_PICTURE = 0.99
_CHUNK = 512


def thumbnails(images_gray: ImageGray) -> FloatArray:
    """
    Reduce pictures to vectors whose inner products are correlations.

    :param images_gray: shape (n, height, width), uint8
    :return: shape (n, 256), float32, each of mean 0 and length 1; 0 for a picture of one gray
    """
    size = (THUMBNAIL_SIZE, THUMBNAIL_SIZE)
    small = np.array(
        [cv2.resize(image, size, interpolation=cv2.INTER_AREA) for image in images_gray],
        np.float32,
    ).reshape(len(images_gray), THUMBNAIL_SIZE**2)
    small -= small.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(small, axis=1, keepdims=True)
    return np.asarray(small / np.maximum(lengths, 1e-6), np.float32)


def occurs_among(images_gray: ImageGray, others_gray: ImageGray) -> npt.NDArray[np.bool_]:
    """
    Tell which pictures are nearly the same as any of the others.

    :return: shape (number of `images_gray`,)
    """
    found = np.zeros(len(images_gray), bool)
    if len(others_gray) == 0:
        return found
    looked_for, others = thumbnails(images_gray), thumbnails(others_gray)
    for start in range(0, len(looked_for), _CHUNK):
        part = slice(start, start + _CHUNK)
        found[part] = (looked_for[part] @ others.T).max(axis=1) >= SAME_PICTURE
    return found


def groups_of_same(images_gray: ImageGray) -> npt.NDArray[np.int64]:
    """
    Number the pictures so that nearly the same ones share a number.

    :return: shape (n,), each the index of the first picture of its group
    """
    group = np.arange(len(images_gray))
    all_thumbnails = thumbnails(images_gray)
    for start in range(0, len(group), _CHUNK):
        alike = all_thumbnails[start : start + _CHUNK] @ all_thumbnails.T >= SAME_PICTURE
        for row, column in np.argwhere(alike):
            if column < start + row:
                first, second = sorted((group[start + row], group[column]))
                group[group == second] = first
    return group
