"""Words on pictures: English by OpenCV, others by a font, and English where there is none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from test_overlay import result_with

from classroom_fer_ros.core import lettering
from classroom_fer_ros.core.errors import ConfigError
from classroom_fer_ros.core.lettering import (
    FontLettering,
    Lettering,
    drawable,
    lettering_for,
    needs_font,
)
from classroom_fer_ros.core.overlay import draw_overlay
from classroom_fer_ros.core.results import FrameResult, Motion
from classroom_fer_ros.core.texts import load_texts

BLUE, WHITE = (255, 0, 0), (255, 255, 255)
FONT_FOLDERS = (Path('/usr/share/fonts'), Path('/usr/local/share/fonts'))


@pytest.fixture(scope='module')
def font() -> Path:
    pytest.importorskip('PIL', reason='no Pillow: run `make setup`')
    found = [path for folder in FONT_FOLDERS for path in sorted(folder.rglob('*Sans*.ttf'))]
    if not found:
        pytest.skip('no TrueType font without serifs on this machine')
    return min(found, key=lambda path: len(path.name))


class Recorder(Lettering):
    """Keeps what is written."""

    def __init__(self, language: str) -> None:
        super().__init__(load_texts(language))
        self.written: list[str] = []

    def write(self, image_bgr: np.ndarray, text: str, *_: object) -> None:
        self.written.append(text)


@pytest.mark.parametrize(
    ('language', 'words'),
    [
        ('en', ['Ana shake', 'happy 90%', 'tired 0.70']),
        ('zh', ['Ana 摇头', '高兴 90%', '疲劳 0.70']),
    ],
)
def test_the_words_of_a_result_picture(language: str, words: list[str]) -> None:
    result = result_with((600, 300, 700, 420), 'Ana')
    shaking = replace(result.head_poses[0], motion=Motion.SHAKE)
    recorder = Recorder(language)
    draw_overlay(
        np.zeros((720, 1280, 3), np.uint8), replace(result, head_poses=(shaking,)), recorder
    )
    assert recorder.written == words


def test_english_needs_no_font_and_chinese_does() -> None:
    assert not needs_font(load_texts('en'))
    assert needs_font(load_texts('zh'))
    assert type(lettering_for(load_texts('en'))) is Lettering


def test_without_a_font_the_words_are_english_and_it_says_why(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def no_fonts(_: str) -> Iterator[Path]:
        yield Path(__file__)  # one that cannot be read is passed over

    monkeypatch.setattr(lettering, '_fonts_for', no_fonts)
    chosen = lettering_for(load_texts('zh'))
    assert chosen.texts.language == 'en'
    assert 'fonts-noto-cjk' in chosen.problem
    assert 'overlay_font' in chosen.problem


def test_a_file_that_is_no_font_is_named() -> None:
    with pytest.raises(ConfigError, match=r'overlay_font = .*test_lettering\.py'):
        lettering_for(load_texts('zh'), __file__)


@pytest.mark.parametrize('zoom', [0.75, 1.0, 3.0])
def test_letters_of_a_font_stand_on_their_line(font: Path, zoom: float) -> None:
    letters = FontLettering(load_texts('zh'), font)
    picture = np.full((400, 900, 3), 90, np.uint8)
    letters.write(picture, 'HEM', (100, 200), zoom, BLUE, WHITE)
    rows, columns = np.nonzero(picture[..., 0] > picture[..., 2].astype(int) + 60)
    assert abs(rows.max() - 199) <= 1
    assert rows.min() > 200 - 16 * zoom - 2
    assert columns.min() >= 100
    assert columns.max() <= 100 + letters.width_px('HEM', zoom)
    assert (picture == WHITE).all(axis=2).any(), 'a halo'


def test_letters_outside_the_picture_are_left_out(font: Path) -> None:
    letters = FontLettering(load_texts('zh'), font)
    picture = np.zeros((40, 60, 3), np.uint8)
    for place in ((-500, 20), (500, 20), (0, -90), (0, 900)):
        letters.write(picture, 'tired', place, 1.0, BLUE, WHITE)
    assert not picture.any()
    letters.write(picture, 'tired', (40, 20), 1.0, BLUE, WHITE)
    assert picture.any()


def test_a_whole_result_picture_with_a_font(font: Path) -> None:
    result = result_with((600, 300, 700, 420), '王芳')
    picture = np.full((720, 1280, 3), 90, np.uint8)
    drawn = draw_overlay(picture, result, FontLettering(load_texts('zh'), font))
    changed = (drawn != picture).any(axis=2)
    assert changed[262:300, 600:640].any()
    assert not changed[303:418, 603:698].any()
    assert changed[422:445, 600:700].any()


def test_nobody_nothing_written() -> None:
    recorder = Recorder('zh')
    empty = FrameResult(stamp_ns=0, index=0, size_wh=(1280, 720))
    draw_overlay(np.zeros((72, 128, 3), np.uint8), empty, recorder)
    assert recorder.written == []


def test_what_opencv_can_draw() -> None:
    assert drawable('Zoë 王') == 'Zoe ?'
