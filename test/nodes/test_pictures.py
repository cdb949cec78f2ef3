"""Pictures through messages and back, in every encoding, and what is refused."""

from array import array

import cv2
import numpy as np
import pytest
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from classroom_fer_ros.core.package_files import package_file
from classroom_fer_ros.nodes.pictures import (
    PictureError,
    from_compressed,
    from_image,
    to_compressed,
    to_image,
)


@pytest.fixture(scope='module')
def photograph() -> np.ndarray:
    image = cv2.imread(str(package_file('scikit-image', 'skimage/data/astronaut.png')))
    return image[:200, :301]


def message(image: np.ndarray, encoding: str, padding: int = 0, **fields: int) -> Image:
    height, width = image.shape[:2]
    rows = image.reshape(height, -1).view(np.uint8)
    rows = np.pad(rows, ((0, 0), (0, padding)), constant_values=7)
    return Image(
        height=height,
        width=width,
        encoding=encoding,
        step=rows.shape[1],
        data=array('B', rows.tobytes()),
        **fields,
    )


def test_round_trip(photograph: np.ndarray) -> None:
    sent = to_image(photograph, Header(frame_id='camera'))
    assert (sent.width, sent.height, sent.step, sent.encoding) == (301, 200, 903, 'bgr8')
    assert sent.header.frame_id == 'camera'
    np.testing.assert_array_equal(from_image(sent), photograph)


def test_a_view_that_is_not_contiguous(photograph: np.ndarray) -> None:
    view = photograph[10:90, 20:120]
    np.testing.assert_array_equal(from_image(to_image(view, Header())), view)


@pytest.mark.parametrize('padding', [0, 13])
@pytest.mark.parametrize('encoding', ['bgr8', 'rgb8', 'bgra8', 'rgba8', 'mono8'])
def test_encodings(photograph: np.ndarray, encoding: str, padding: int) -> None:
    codes = {
        'rgb8': cv2.COLOR_BGR2RGB,
        'bgra8': cv2.COLOR_BGR2BGRA,
        'rgba8': cv2.COLOR_BGR2RGBA,
        'mono8': cv2.COLOR_BGR2GRAY,
    }
    image = cv2.cvtColor(photograph, codes[encoding]) if encoding in codes else photograph
    expected = cv2.cvtColor(image, cv2.COLOR_GRAY2BGR) if encoding == 'mono8' else photograph
    np.testing.assert_array_equal(from_image(message(image, encoding, padding)), expected)


@pytest.mark.parametrize('is_bigendian', [0, 1])
def test_sixteen_bits_keep_their_contrast(photograph: np.ndarray, is_bigendian: int) -> None:
    gray = cv2.cvtColor(photograph, cv2.COLOR_BGR2GRAY)
    raw = (gray.astype(np.uint16) * 4).astype('>u2' if is_bigendian else '<u2')
    found = from_image(message(raw, 'mono16', is_bigendian=is_bigendian))
    expected = gray.astype(float) * 255 / gray.max()
    assert np.abs(found[:, :, 1] - expected).max() <= 1


@pytest.mark.parametrize(
    ('fields', 'words'),
    [
        pytest.param({'encoding': 'yuv422'}, 'yuv422', id='encoding'),
        pytest.param({'width': 0}, 'empty', id='empty'),
        pytest.param({'height': 300}, 'too few', id='fewer bytes than rows'),
        pytest.param({'step': 100}, 'too few', id='step shorter than a row'),
    ],
)
def test_what_is_no_picture_is_named(
    photograph: np.ndarray, fields: dict[str, object], words: str
) -> None:
    broken = to_image(photograph, Header())
    for name, value in fields.items():
        setattr(broken, name, value)
    with pytest.raises(PictureError, match=words):
        from_image(broken)


def test_compressed(photograph: np.ndarray) -> None:
    found = from_compressed(to_compressed(photograph, Header()))
    assert np.abs(found.astype(int) - photograph).mean() < 4
    small = from_compressed(to_compressed(photograph, Header(), max_width=100))
    assert small.shape == (66, 100, 3)


@pytest.mark.parametrize('data', [b'', b'no picture'], ids=['empty', 'text'])
def test_broken_compressed_pictures_are_named(data: bytes) -> None:
    with pytest.raises(PictureError, match=f'{len(data)} bytes'):
        from_compressed(CompressedImage(format='jpeg', data=array('B', data)))
