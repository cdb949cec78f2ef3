"""Pictures through messages and back, in every encoding, and what is refused."""

import sys
from array import array
from collections.abc import Iterator
from types import ModuleType

import cv2
import numpy as np
import pytest
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from classroom_fer_ros.core.package_files import package_file
from classroom_fer_ros.nodes import pictures
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


@pytest.mark.parametrize('encoding', ['bgr16', 'rgb16', 'bgra16', 'rgba16', '16UC3'])
def test_sixteen_bits_of_colour(photograph: np.ndarray, encoding: str) -> None:
    codes = {
        'rgb16': cv2.COLOR_BGR2RGB,
        'bgra16': cv2.COLOR_BGR2BGRA,
        'rgba16': cv2.COLOR_BGR2RGBA,
    }
    bright = photograph.astype(np.uint16) * 257
    raw = cv2.cvtColor(bright, codes[encoding]) if encoding in codes else bright
    found = from_image(message(raw, encoding)).astype(int)
    assert np.abs(found - photograph).max() <= 1


def test_floats_that_are_no_numbers_are_black(photograph: np.ndarray) -> None:
    gray = cv2.cvtColor(photograph, cv2.COLOR_BGR2GRAY)
    raw = gray.astype(np.float32) / 100
    raw[0, :4] = np.nan, np.inf, -np.inf, -5.0
    found = from_image(message(raw, '32FC1', padding=8))[:, :, 2].astype(int)
    assert found[0, :4].tolist() == [0, 0, 0, 0]
    expected = gray.astype(float) * 255 / gray.max()
    assert np.abs(found - expected)[1:].max() <= 1


@pytest.mark.parametrize(
    ('value', 'encoding'), [(0.0, '32FC1'), (np.nan, '32FC1'), (0, 'mono16'), (0, 'bayer_rggb16')]
)
def test_a_picture_without_any_light_is_black(value: float, encoding: str) -> None:
    raw = np.full((4, 6), value, np.float32 if encoding == '32FC1' else np.uint16)
    with np.errstate(all='raise'):
        assert not from_image(message(raw, encoding)).any()


@pytest.mark.parametrize(
    ('encoding', 'order'),
    [('uyvy', (1, 0)), ('yuv422', (1, 0)), ('yuyv', (0, 1)), ('yuv422_yuy2', (0, 1))],
)
def test_pairs_of_pixels_that_share_their_colour(
    photograph: np.ndarray, encoding: str, order: tuple[int, int]
) -> None:
    smooth = cv2.GaussianBlur(photograph[:, :300], (0, 0), 3)
    luma, red, blue = np.moveaxis(cv2.cvtColor(smooth, cv2.COLOR_BGR2YCrCb), 2, 0)
    luma = (16 + luma * (219 / 255)).round().astype(np.uint8)  # YUV of video keeps head room
    chroma = np.empty_like(luma)
    for place, plane in ((0, blue), (1, red)):
        chroma[:, place::2] = (128 + (plane[:, ::2].astype(float) - 128) * (224 / 255)).round()
    raw = np.stack([(luma, chroma)[i] for i in order], axis=2)
    found = from_image(message(raw, encoding, padding=6)).astype(int)
    assert np.abs(found - smooth).mean() < 3


@pytest.mark.parametrize('bits', [8, 16])
@pytest.mark.parametrize('pattern', ['rggb', 'bggr', 'gbrg', 'grbg'])
def test_mosaics(photograph: np.ndarray, pattern: str, bits: int) -> None:
    smooth = cv2.GaussianBlur(photograph, (0, 0), 3)
    raw = np.empty(smooth.shape[:2], np.uint8)
    for place, colour in enumerate(pattern):
        rows, columns = slice(place // 2, None, 2), slice(place % 2, None, 2)
        raw[rows, columns] = smooth[rows, columns, 'bgr'.index(colour)]
    brightest = int(raw.max())
    sent = raw if bits == 8 else raw.astype(np.uint16) * 16
    found = from_image(message(sent, f'bayer_{pattern}{bits}', padding=4)).astype(int)
    expected = smooth * (1.0 if bits == 8 else 255 / brightest)
    assert np.abs(found - expected)[4:-4, 4:-4].mean() < 3


class BridgeOfOthers:
    """Stands in for cv_bridge.CvBridge: the one call that is made of it."""

    def imgmsg_to_cv2(self, img_msg: Image, desired_encoding: str = 'passthrough') -> np.ndarray:
        if img_msg.encoding != 'nv24':
            raise TypeError(f'Unrecognized image encoding [{img_msg.encoding}]')
        assert desired_encoding == 'bgr8'
        return np.full((img_msg.height, img_msg.width, 3), 5, np.uint8)


@pytest.fixture
def cv_bridge(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The module cv_bridge as it is where ROS 2 is installed."""
    module = ModuleType('cv_bridge')
    module.CvBridge = BridgeOfOthers
    monkeypatch.setitem(sys.modules, 'cv_bridge', module)
    pictures._cv_bridge.cache_clear()
    yield
    pictures._cv_bridge.cache_clear()


@pytest.mark.usefixtures('cv_bridge')
def test_where_cv_bridge_is_it_reads_the_rest() -> None:
    exotic = Image(width=6, height=4, encoding='nv24', data=array('B', bytes(72)))
    assert (from_image(exotic) == 5).all()
    exotic.encoding = 'bayer_cmyk'
    with pytest.raises(PictureError, match=r'bayer_cmyk.*cv_bridge neither \(Unrecognized'):
        from_image(exotic)


@pytest.mark.parametrize(
    ('fields', 'words'),
    [
        pytest.param({'encoding': 'nv24'}, r"'nv24'.*ros-jazzy-cv-bridge", id='encoding'),
        pytest.param({'encoding': 'yuv422'}, 'yuv422 cannot be read', id='half a pair'),
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
