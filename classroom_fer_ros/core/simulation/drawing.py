"""OpenCV's drawing and warping with exact types and this package's conventions."""

from __future__ import annotations

from typing import Any, TypeVar

import cv2
import numpy as np
import numpy.typing as npt

from classroom_fer_ros.core.arrays import FloatArray, ImageGray

_Image = TypeVar('_Image', bound=npt.NDArray[Any])


def blurred(image: _Image, sigma_px: float) -> _Image:
    """Gaussian blur, of the same type and shape."""
    result: Any = cv2.GaussianBlur(image, (0, 0), sigma_px)
    return result  # type: ignore[no-any-return]


def warped(image: _Image, origins_xy: FloatArray) -> _Image:
    """
    Bilinear look-up.

    :param origins_xy: shape (h, w, 2), float32, where each pixel comes from
    """
    # OpenCV takes both coordinates in one array; its type stubs know only two.
    result: Any = cv2.remap(image, origins_xy, None, cv2.INTER_LINEAR)  # type: ignore[call-overload]
    return result  # type: ignore[no-any-return]


def filled(shape: tuple[int, ...], outline_xy: FloatArray) -> ImageGray:
    """
    Fill a polygon.

    :param shape: height and width first
    :param outline_xy: shape (n, 2), pixels
    :return: shape (height, width), 255 inside, smooth at the border
    """
    mask = np.zeros(shape[:2], np.uint8)
    sixteenths = np.round(np.asarray(outline_xy) * 16).astype(np.int32)
    cv2.fillPoly(mask, [sixteenths], (255,), cv2.LINE_AA, 4)
    return mask


def to_picture(colours: FloatArray) -> npt.NDArray[np.uint8]:
    """Round to gray levels, cutting off what is too bright or too dark."""
    return np.asarray(np.clip(np.round(colours), 0, 255), np.uint8)
