"""What a user types becomes a source, or an error that names the thing and says what to do."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from classroom_fer_ros.core.errors import ConfigError, SourceError
from classroom_fer_ros.core.sources import (
    SourceConfig,
    SourceKind,
    kind,
    kind_of,
    open_source,
    topic_name,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with two pictures, a film's name and a text."""
    for name in ('a.png', 'b.JPG'):
        cv2.imwrite(str(tmp_path / name), np.zeros((20, 30, 3), np.uint8))
    (tmp_path / 'film.mp4').write_bytes(b'something')
    (tmp_path / 'notes.txt').write_text('something')
    (tmp_path / 'hollow.mp4').touch()
    (tmp_path / 'bare').mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ('source', 'expected'),
    [
        ('simulated', SourceKind.SIMULATED),
        (' simulated ', SourceKind.SIMULATED),
        ('topic:/camera/image_raw', SourceKind.TOPIC),
        ('rtsp://camera.local:554/live', SourceKind.URL),
        ('http://10.0.0.2/video', SourceKind.URL),
        ('HTTPS://host/film.mp4', SourceKind.URL),
        ('{folder}', SourceKind.PICTURES),
        ('{folder}/a.png', SourceKind.PICTURES),
        ('{folder}/*.png', SourceKind.PICTURES),
        ('{folder}/film.mp4', SourceKind.FILM),
    ],
)
def test_kinds(folder: Path, source: str, expected: SourceKind) -> None:
    assert kind_of(source.format(folder=folder)) is expected


@pytest.mark.parametrize(
    ('source', 'words'),
    [
        ('{folder}/no.mp4', 'no.mp4.*does not exist.*folder'),
        ('{folder}/hollow.mp4', 'hollow.mp4 is an empty file'),
        ('{folder}/notes.txt', 'notes.txt is a text'),
        ('{folder}/bare', 'bare holds no pictures'),
        ('{folder}/*.bmp', r'\*.bmp holds no pictures'),
        ('topic:', 'names no topic.*topic:/camera/image_raw'),
        ('ftp://host/film.mp4', 'ftp://host/film.mp4 is not understood.*rtsp://'),
        ('rtsp://', 'name a host'),
        ('/dev/null/camera', 'does not exist'),
    ],
)
def test_what_cannot_be_a_source(folder: Path, source: str, words: str) -> None:
    with pytest.raises(SourceError, match=words):
        kind_of(source.format(folder=folder))


@pytest.mark.parametrize('source', ['7', '/dev/video7'])
def test_a_missing_camera_lists_those_that_exist(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    (tmp_path / 'video2').touch()
    monkeypatch.setattr(kind, 'DEVICE_DIR', tmp_path)
    with pytest.raises(SourceError, match=f'video7 does not exist.*{tmp_path}/video2'):
        kind_of(source)
    (tmp_path / 'video2').unlink()
    with pytest.raises(SourceError, match='has no camera'):
        open_source(SourceConfig(source=source))


def test_a_camera_is_a_device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kind, 'DEVICE_DIR', tmp_path)
    (tmp_path / 'video0').symlink_to('/dev/null')
    assert kind_of('0') is SourceKind.DEVICE
    assert kind_of(str(tmp_path / 'video0')) is SourceKind.DEVICE
    (tmp_path / 'video1').touch()
    with pytest.raises(SourceError, match='video1 is no camera'):
        kind_of('1')


def test_a_device_that_is_no_camera_says_what_to_do() -> None:
    with pytest.raises(SourceError, match=r'/dev/null delivers no pictures.*fuser'):
        open_source(SourceConfig(source='/dev/null'))


def test_a_topic_needs_the_node() -> None:
    assert topic_name('topic: /camera/image_raw') == '/camera/image_raw'
    with pytest.raises(SourceError, match='needs ROS 2'):
        open_source(SourceConfig(source='topic:/camera/image_raw'))


def test_passwords_are_not_shown() -> None:
    assert kind.without_password('rtsp://ana:secret@host:554/a') == 'rtsp://ana:***@host:554/a'
    assert kind.without_password('rtsp://host/a') == 'rtsp://host/a'
    with pytest.raises(SourceError) as caught:
        kind_of('ftp://ana:secret@host/a')
    assert 'secret' not in str(caught.value)


@pytest.mark.parametrize(
    ('name', 'value'),
    [
        ('source', ' '),
        ('width', 0),
        ('height', 100_000),
        ('fps', math.nan),
        ('students', -1),
        ('reconnect_min_s', 0.0),
        ('reconnect_max_s', 0.1),
        ('timeout_s', math.inf),
        ('picture_interval_s', -1.0),
    ],
)
def test_bad_settings_are_named(name: str, value: Any) -> None:
    with pytest.raises(ConfigError, match=re.escape(name)):
        SourceConfig(**{name: value})
