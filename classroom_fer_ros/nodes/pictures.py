"""
Pictures to messages and back.

Common encodings are converted here with one copy at most; for others cv_bridge is asked, where it
is installed. `array.array.frombytes` fills ``Image.data`` many times faster than assigning bytes.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from functools import cache
from typing import Any

import cv2
import numpy as np
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from classroom_fer_ros.core.arrays import ImageBgr
from classroom_fer_ros.core.errors import ClassroomFerError

JPEG_QUALITY = 80
PREVIEW_WIDTH = 960


class PictureError(ClassroomFerError):
    """A message holds no picture that can be read."""


def _copy(image: np.ndarray) -> ImageBgr:
    return np.ascontiguousarray(image)


def _converter(code: int) -> Callable[[np.ndarray], ImageBgr]:
    return lambda image: cv2.cvtColor(image, code)


def _scaled(convert: Callable[[np.ndarray], ImageBgr]) -> Callable[[np.ndarray], ImageBgr]:
    """The brightest value becomes white: cameras of more than 8 bits rarely use their range."""

    def scale_and_convert(image: np.ndarray) -> ImageBgr:
        if image.dtype.kind == 'f':  # what was not measured is NaN or infinite
            image = np.nan_to_num(image, nan=0.0, posinf=0.0, neginf=0.0).clip(0.0)
        brightest = image.max(initial=0) or 1
        return convert((image * (255.0 / brightest)).astype(np.uint8))

    return scale_and_convert


_GRAY, _RGB = _converter(cv2.COLOR_GRAY2BGR), _converter(cv2.COLOR_RGB2BGR)
_BGRA, _RGBA = _converter(cv2.COLOR_BGRA2BGR), _converter(cv2.COLOR_RGBA2BGR)
_UYVY, _YUYV = _converter(cv2.COLOR_YUV2BGR_UYVY), _converter(cv2.COLOR_YUV2BGR_YUYV)
#: Patterns as ROS spells them; OpenCV's older names (BayerBG for RGGB) name the second row.
_BAYER = {
    pattern: _converter(getattr(cv2, f'COLOR_BAYER_{pattern.upper()}2BGR'))
    for pattern in ('rggb', 'bggr', 'gbrg', 'grbg')
}
#: Type of a value, channels, and the way to BGR, by encoding (sensor_msgs/image_encodings).
ENCODINGS: dict[str, tuple[str, int, Callable[[np.ndarray], ImageBgr]]] = {
    'bgr8': ('u1', 3, _copy),
    'rgb8': ('u1', 3, _RGB),
    'mono8': ('u1', 1, _GRAY),
    '8UC1': ('u1', 1, _GRAY),
    '8UC3': ('u1', 3, _copy),
    '8UC4': ('u1', 4, _BGRA),
    'bgra8': ('u1', 4, _BGRA),
    'rgba8': ('u1', 4, _RGBA),
    'mono16': ('u2', 1, _scaled(_GRAY)),
    '16UC1': ('u2', 1, _scaled(_GRAY)),
    '16UC3': ('u2', 3, _scaled(_copy)),
    'bgr16': ('u2', 3, _scaled(_copy)),
    'rgb16': ('u2', 3, _scaled(_RGB)),
    'bgra16': ('u2', 4, _scaled(_BGRA)),
    'rgba16': ('u2', 4, _scaled(_RGBA)),
    '32FC1': ('f4', 1, _scaled(_GRAY)),
    'uyvy': ('u1', 2, _UYVY),
    'yuv422': ('u1', 2, _UYVY),
    'yuyv': ('u1', 2, _YUYV),
    'yuv422_yuy2': ('u1', 2, _YUYV),
    **{f'bayer_{pattern}8': ('u1', 1, convert) for pattern, convert in _BAYER.items()},
    **{f'bayer_{pattern}16': ('u2', 1, _scaled(convert)) for pattern, convert in _BAYER.items()},
}


def to_image(image_bgr: ImageBgr, header: Header) -> Image:
    """
    Wrap a picture.

    :param image_bgr: shape (height, width, 3), uint8
    :return: encoding bgr8
    """
    height, width = image_bgr.shape[:2]
    data = array('B')
    data.frombytes(np.ascontiguousarray(image_bgr).data)
    message = Image(
        header=header, height=height, width=width, encoding='bgr8', step=3 * width, is_bigendian=0
    )
    message.data = data
    return message


def from_image(message: Image) -> ImageBgr:
    """
    Unwrap a picture.

    :return: shape (height, width, 3), uint8, BGR
    :raises PictureError: if the encoding is not known or there are fewer bytes than pixels
    """
    if message.encoding not in ENCODINGS:
        return _from_exotic(message)
    kind, channels, convert = ENCODINGS[message.encoding]
    dtype = np.dtype(kind).newbyteorder('>' if message.is_bigendian else '<')
    row_bytes = message.width * channels * dtype.itemsize
    step = message.step or row_bytes
    data = np.frombuffer(message.data, np.uint8)
    if row_bytes == 0 or message.height == 0:
        raise PictureError(f'the picture is empty ({message.width}x{message.height})')
    if step < row_bytes or data.size < step * (message.height - 1) + row_bytes:
        raise PictureError(
            f'{data.size} bytes with {step} a row are too few for {_words(message)}'
        )
    rows = np.lib.stride_tricks.as_strided(
        data, (message.height, row_bytes), (step, 1), writeable=False
    )
    if dtype.itemsize > 1:
        rows = np.ascontiguousarray(rows).view(dtype)
    try:
        return convert(rows.reshape(message.height, message.width, channels))
    except cv2.error as error:  # an odd width in pairs of pixels, for one
        raise PictureError(f'{_words(message)} cannot be read ({error.err})') from error


def _words(message: Image) -> str:
    return f'{message.width}x{message.height} {message.encoding}'


def _from_exotic(message: Image) -> ImageBgr:
    """A picture in an encoding that only cv_bridge may know."""
    bridge = _cv_bridge()
    if bridge is None:
        raise PictureError(
            f'encoding {message.encoding!r} of {message.width}x{message.height} cannot be read: '
            f'let the camera publish one of {", ".join(ENCODINGS)}, or install cv_bridge, which '
            'knows more (sudo apt-get install ros-jazzy-cv-bridge)'
        )
    try:
        return _copy(bridge.imgmsg_to_cv2(message, desired_encoding='bgr8'))
    except (TypeError, ValueError, RuntimeError, cv2.error) as error:  # CvBridgeError is the first
        raise PictureError(
            f'encoding {message.encoding!r} of {message.width}x{message.height} cannot be read, '
            f'by cv_bridge neither ({error}): let the camera publish one of {", ".join(ENCODINGS)}'
        ) from error


@cache
def _cv_bridge() -> Any:
    """The bridge of a ROS 2 installation; None where there is none that this Python can use."""
    try:
        from cv_bridge import CvBridge
    except ImportError:
        return None
    return CvBridge()


def to_compressed(image_bgr: ImageBgr, header: Header, max_width: int = 0) -> CompressedImage:
    """
    Encode a picture as JPEG.

    :param max_width: wider pictures are reduced to this many pixels; 0 keeps the size
    """
    height, width = image_bgr.shape[:2]
    if max_width and width > max_width:
        size_wh = (max_width, max(1, round(height * max_width / width)))
        image_bgr = cv2.resize(image_bgr, size_wh, interpolation=cv2.INTER_AREA)
    _, encoded = cv2.imencode('.jpg', image_bgr, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    data = array('B')
    data.frombytes(encoded.data)
    return CompressedImage(header=header, format='bgr8; jpeg compressed bgr8', data=data)


def from_compressed(message: CompressedImage) -> ImageBgr:
    """
    Decode a JPEG or PNG picture.

    :raises PictureError: if it cannot be decoded
    """
    data = np.frombuffer(message.data, np.uint8)
    image = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
    if image is None:
        raise PictureError(
            f'{data.size} bytes of format {message.format!r} are no picture that OpenCV decodes'
        )
    return image
