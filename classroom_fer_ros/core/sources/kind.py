"""Telling from what a user typed which kind of source is meant."""

from __future__ import annotations

import glob
import re
from enum import Enum
from pathlib import Path
from urllib.parse import urlsplit

from classroom_fer_ros.core.errors import SourceError
from classroom_fer_ros.core.sources.config import SOURCE_HELP

SIMULATED = 'simulated'
TOPIC_PREFIX = 'topic:'
TOPIC_NAME = re.compile(r'(~/|/)?[A-Za-z_]\w*(/[A-Za-z_]\w*)*', re.ASCII)
DEVICE_PREFIX = '/dev/'
DEVICE_DIR = Path('/dev')
URL_SCHEMES = ('rtsp', 'rtsps', 'rtmp', 'http', 'https', 'udp', 'rtp')
#: Kinds of pictures that OpenCV reads in every build.
PICTURE_SUFFIXES = {
    '.jpg',
    '.jpeg',
    '.png',
    '.bmp',
    '.webp',
    '.tif',
    '.tiff',
    '.pgm',
    '.ppm',
    '.pnm',
}


#: FFmpeg would play texts with these endings as the output of a terminal.
TEXT_SUFFIXES = {'.txt', '.nfo', '.asc', '.ans', '.art', '.diz', '.ice', '.vt', '.csv', '.md'}


class SourceKind(Enum):
    """Kinds of sources; the values are the words used in messages."""

    DEVICE = 'camera'
    FILM = 'film'
    PICTURES = 'pictures'
    URL = 'address'
    SIMULATED = 'simulated classroom'
    TOPIC = 'topic'


def kind_of(source: str) -> SourceKind:
    """
    Which kind of source a text means.

    :param source: as a user types it
    :raises SourceError: if it means nothing, or what it names is missing or empty
    """
    source = source.strip()
    if source == SIMULATED:
        return SourceKind.SIMULATED
    if source.startswith(TOPIC_PREFIX):
        topic_name(source)
        return SourceKind.TOPIC
    if '://' in source:
        return _url_kind(source)
    if source.isdecimal() or source.startswith(DEVICE_PREFIX):
        return _device_kind(source)
    return _path_kind(source)


def topic_name(source: str) -> str:
    """
    Name of the topic in 'topic:NAME'.

    :raises SourceError: if there is no name, or none that ROS allows
    """
    name = source.strip().removeprefix(TOPIC_PREFIX).strip()
    if not name:
        raise SourceError(
            f'{source!r} names no topic: write for example topic:/camera/image_raw '
            '(`ros2 topic list -t` shows what there is)'
        )
    if not TOPIC_NAME.fullmatch(name):
        raise SourceError(
            f'{name!r} is no name of a topic: words of letters, digits and underscores, none '
            'beginning with a digit, with single slashes in between'
        )
    return name


def device_path(source: str) -> Path:
    """Device file that '0' or '/dev/video0' means."""
    source = source.strip()
    return DEVICE_DIR / f'video{int(source)}' if source.isdecimal() else Path(source)


def existing_devices() -> list[str]:
    """Cameras that this machine has now."""
    return sorted(str(path) for path in DEVICE_DIR.glob('video*'))


def missing_device(path: Path) -> SourceError:
    """What to say about a camera that is not there."""
    devices = existing_devices()
    known = f'there are {", ".join(devices)}' if devices else 'this machine has no camera'
    return SourceError(f'camera {path} does not exist ({known}): plug it in or name another')


def picture_paths(source: str) -> list[Path]:
    """
    Pictures that a file, folder or pattern names, sorted by name.

    :raises SourceError: if there are none, or the folder may not be read
    """
    path = Path(source.strip()).expanduser()
    try:
        if path.is_file():
            return [path]
        # Not Path.glob: that takes no absolute pattern.
        found = path.iterdir() if path.is_dir() else map(Path, glob.glob(str(path)))  # noqa: PTH207
        pictures = sorted(p for p in found if p.suffix.lower() in PICTURE_SUFFIXES and p.is_file())
    except OSError as error:
        raise SourceError(f'{path} cannot be read: {error.strerror}') from error
    if not pictures:
        kinds = ' '.join(sorted(PICTURE_SUFFIXES))
        raise SourceError(f'{path} holds no pictures: they must end in one of {kinds}')
    return pictures


def _url_kind(source: str) -> SourceKind:
    parts = urlsplit(source)
    if parts.scheme.lower() not in URL_SCHEMES or not parts.netloc:
        schemes = ', '.join(f'{scheme}://' for scheme in URL_SCHEMES)
        raise SourceError(
            f'address {without_password(source)} is not understood: it must begin with one of '
            f'{schemes} and name a host'
        )
    return SourceKind.URL


def without_password(url: str) -> str:
    """An address as it may be shown and logged."""
    user, at, rest = urlsplit(url).netloc.rpartition('@')
    name = user.split(':')[0]
    return url.replace(f'{user}{at}{rest}', f'{name}:***@{rest}') if ':' in user else url


def _device_kind(source: str) -> SourceKind:
    path = device_path(source)
    if not path.exists():
        raise missing_device(path)
    if not path.is_char_device():
        raise SourceError(f'{path} is no camera: name a video device, a film or a folder')
    return SourceKind.DEVICE


def _path_kind(source: str) -> SourceKind:
    path = Path(source).expanduser()
    if path.is_dir() or (glob.has_magic(source) and not path.exists()):
        picture_paths(source)
        return SourceKind.PICTURES
    if not path.exists():
        raise SourceError(f'source {source!r} does not exist: it must be {SOURCE_HELP}')
    if path.is_char_device():  # a link to a camera, as udev makes them
        return SourceKind.DEVICE
    if path.stat().st_size == 0:
        raise SourceError(f'{path} is an empty file: copy or record it again')
    if path.suffix.lower() in TEXT_SUFFIXES:
        raise SourceError(f'{path} is a text: a source must be {SOURCE_HELP}')
    return SourceKind.PICTURES if path.suffix.lower() in PICTURE_SUFFIXES else SourceKind.FILM
