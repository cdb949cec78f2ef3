"""
Pictures to messages and back, without cv_bridge.

Common encodings are converted here with one copy at most. `array.array.frombytes` fills
``Image.data`` many times faster than assigning bytes.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable

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


def _mono16(image: np.ndarray) -> ImageBgr:
    """The brightest pixel becomes white: 16-bit cameras rarely use their whole range."""
    brightest = max(int(image.max(initial=0)), 1)
    return cv2.cvtColor((image * (255.0 / brightest)).astype(np.uint8), cv2.COLOR_GRAY2BGR)


#: Bytes a channel, channels, and the way to BGR, by encoding (sensor_msgs/image_encodings).
ENCODINGS: dict[str, tuple[int, int, Callable[[np.ndarray], ImageBgr]]] = {
    'bgr8': (1, 3, _copy),
    'rgb8': (1, 3, _converter(cv2.COLOR_RGB2BGR)),
    'mono8': (1, 1, _converter(cv2.COLOR_GRAY2BGR)),
    '8UC1': (1, 1, _converter(cv2.COLOR_GRAY2BGR)),
    '8UC3': (1, 3, _copy),
    'bgra8': (1, 4, _converter(cv2.COLOR_BGRA2BGR)),
    'rgba8': (1, 4, _converter(cv2.COLOR_RGBA2BGR)),
    'mono16': (2, 1, _mono16),
    '16UC1': (2, 1, _mono16),
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
        raise PictureError(
            f'encoding {message.encoding!r} of {message.width}x{message.height} cannot be read: '
            f'let the camera publish one of {", ".join(ENCODINGS)}'
        )
    width_bytes, channels, convert = ENCODINGS[message.encoding]
    row_bytes = message.width * channels * width_bytes
    step = message.step or row_bytes
    data = np.frombuffer(message.data, np.uint8)
    if row_bytes == 0 or message.height == 0:
        raise PictureError(f'the picture is empty ({message.width}x{message.height})')
    if step < row_bytes or data.size < step * (message.height - 1) + row_bytes:
        raise PictureError(
            f'{data.size} bytes with {step} a row are too few for {message.width}x'
            f'{message.height} {message.encoding}'
        )
    rows = np.lib.stride_tricks.as_strided(
        data, (message.height, row_bytes), (step, 1), writeable=False
    )
    if width_bytes == 2:
        order = '>u2' if message.is_bigendian else '<u2'
        return convert(np.ascontiguousarray(rows).view(order))
    return convert(rows.reshape(message.height, message.width, channels))


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
