"""What the expression network sees of an aligned crop, without the network."""

from __future__ import annotations

import cv2
import numpy as np

from classroom_fer_ros.core.arrays import ImageBgr, ImageGray

#: Side of the network's input, in pixels: that of FER2013's pictures.
INPUT_SIZE = 48


def gray_face(crop_bgr: ImageBgr) -> ImageGray:
    """
    Reduce an aligned crop to what the network sees.

    :param crop_bgr: shape (112, 112, 3), uint8
    :return: shape (48, 48), uint8
    """
    gray = cv2.cvtColor(crop_bgr, cv2.COLOR_BGR2GRAY)
    return np.asarray(
        cv2.resize(gray, (INPUT_SIZE, INPUT_SIZE), interpolation=cv2.INTER_AREA), np.uint8
    )
