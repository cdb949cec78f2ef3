"""
Aligned crops: every face at the same place, size and rotation, for the networks behind.

One crop of 112x112 pixels serves expression and identity, in training and at run time.
"""

from __future__ import annotations

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

    :param image_bgr: shape (112, 112, 3), uint8; black where the picture ends
    :param to_image: affine map, shape (2, 3), from pixels of the crop to pixels of the picture
    """

    image_bgr: ImageBgr
    to_image: FloatArray


def align(image_bgr: ImageBgr, keypoints_xy: FloatArray) -> AlignedCrop:
    """
    Cut out a face.

    :param image_bgr: shape (height, width, 3), uint8
    :param keypoints_xy: shape (5, 2), pixels: right eye, left eye, nose tip, right and left mouth
        corner
    """
    to_image = template_to_image(keypoints_xy)
    # Without averaging, large faces would alias; half-size steps are what the eye distance allows.
    scale = float(np.hypot(to_image[0, 0], to_image[1, 0]))
    interpolation = cv2.INTER_AREA if scale > 2.0 else cv2.INTER_LINEAR
    crop = cv2.warpAffine(
        image_bgr,
        to_image,
        (CROP_SIZE, CROP_SIZE),
        flags=interpolation | cv2.WARP_INVERSE_MAP,
    )
    return AlignedCrop(np.asarray(crop, np.uint8), to_image)


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
