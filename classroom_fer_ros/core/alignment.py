"""
Aligned crops: every face at the same place, size and rotation, for the networks behind.

One crop of 112x112 pixels serves expression and identity, in training and at run time.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from classroom_fer_ros.core.arrays import FloatArray, ImageBgr

CROP_SIZE = 112
#: Where right eye, left eye, nose tip and the mouth's right and left corner come to lie, in pixels
#: of the crop: their mean places in FER2013's pictures, so that crops are framed like those
#: (`python -m classroom_fer_ros.training.measure_template`, 2812 faces).
TEMPLATE_XY = np.array(
    [[35.4, 42.53], [75.6, 42.53], [55.5, 68.63], [39.06, 85.17], [71.94, 85.17]], np.float64
)


@dataclass(frozen=True, slots=True)
class AlignedCrop:
    """
    One face cut out.

    :param image_bgr: shape (112, 112, 3), uint8; where the picture ends its border goes on, as
        in the training's augmentation
    :param to_image: affine map, shape (2, 3), from pixels of the crop to pixels of the picture
    :param raw_luminance: mean luminance of the face before the picture was lifted out of the dark,
        0 to 255; NaN where it was not
    """

    image_bgr: ImageBgr
    to_image: FloatArray
    raw_luminance: float = math.nan


def align(image_bgr: ImageBgr, keypoints_xy: FloatArray) -> AlignedCrop:
    """
    Cut out a face.

    :param image_bgr: shape (height, width, 3), uint8
    :param keypoints_xy: shape (5, 2), pixels: right eye, left eye, nose tip, right and left mouth
        corner
    """
    to_image = template_to_image(keypoints_xy)
    # warpAffine interpolates only, so that large faces would alias: they are averaged before.
    source_bgr, to_source = _shrunk(image_bgr, to_image)
    crop = cv2.warpAffine(
        source_bgr,
        to_source,
        (CROP_SIZE, CROP_SIZE),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        # Black would be a thing that no picture of the training has.
        borderMode=cv2.BORDER_REPLICATE,
    )
    return AlignedCrop(np.asarray(crop, np.uint8), to_image)


def _shrunk(image_bgr: ImageBgr, to_image: FloatArray) -> tuple[ImageBgr, FloatArray]:
    """
    Part of the picture that a crop shows, reduced by a whole number to about the crop's scale.

    :param to_image: shape (2, 3), from the crop to the picture
    :return: the reduced part, and the map from the crop to it
    """
    factor = int(np.hypot(to_image[0, 0], to_image[1, 0]))
    if factor < 2:
        return image_bgr, to_image
    corners = np.array([[0, 0, 1], [1, 0, 1], [0, 1, 1], [1, 1, 1]]) * [CROP_SIZE, CROP_SIZE, 1]
    corners_xy = corners @ to_image.T
    limit = np.array(image_bgr.shape[1::-1])
    low = np.clip(corners_xy.min(axis=0) - 2 * factor, 0, limit).astype(int)
    high = np.clip(corners_xy.max(axis=0) + 2 * factor, 0, limit).astype(int)
    small_wh = (high - low) // factor  # whole: OpenCV is three times as fast
    if small_wh.min() < 1:
        return image_bgr, to_image
    high = low + factor * small_wh
    part = image_bgr[low[1] : high[1], low[0] : high[0]]
    small = cv2.resize(part, small_wh.tolist(), interpolation=cv2.INTER_AREA)
    # Whole numbers are the centres of pixels, which is where the halves come from.
    to_small = to_image / factor
    to_small[:, 2] += (0.5 - low) / factor - 0.5
    return np.asarray(small, np.uint8), to_small


def template_to_image(keypoints_xy: FloatArray) -> FloatArray:
    """
    Similarity transform that puts the template onto the keypoints, in the least-squares sense.

    In the plane the optimum is linear in scale times rotation, (a, b), and has a closed form.

    :param keypoints_xy: shape (5, 2), pixels
    :return: shape (2, 3)
    """
    source_mean, target_mean = TEMPLATE_XY.mean(axis=0), keypoints_xy.mean(axis=0)
    source = TEMPLATE_XY - source_mean
    target = np.asarray(keypoints_xy, np.float64) - target_mean
    norm = float((source**2).sum())
    a = float((source * target).sum()) / norm
    b = float((source[:, 0] * target[:, 1] - source[:, 1] * target[:, 0]).sum()) / norm
    linear = np.array([[a, -b], [b, a]])
    return np.hstack([linear, (target_mean - linear @ source_mean)[:, None]])
