"""
Words on pictures, in any language that there are letters for.

OpenCV draws Latin letters only. What else a language needs comes from a font file by Pillow;
where either is missing the words are English, and `problem` says why.
"""

from __future__ import annotations

import shutil
import subprocess
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from classroom_fer_ros.core.arrays import ImageBgr, ImageGray
from classroom_fer_ros.core.errors import ConfigError
from classroom_fer_ros.core.texts import Texts, load_texts

Color = tuple[int, int, int]

FONT = cv2.FONT_HERSHEY_SIMPLEX
FONT_SCALE = 0.45
#: Height of a font's letters with a zoom of 1, pixels; as large as those of OpenCV look.
FONT_SIZE_PX = 14
#: Where fonts lie of which `fc-list` says nothing, as it is not installed.
KNOWN_FONTS = (
    '/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc',
    '/usr/share/fonts/truetype/wqy/wqy-microhei.ttc',
    '/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc',
    '/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf',
)
FONT_PACKAGE = 'fonts-noto-cjk'


class Lettering:
    """
    Writes with the strokes that OpenCV brings: letters lose their accents, others become '?'.

    :ivar texts: the words that are written
    :ivar problem: why these are not the words that were asked for; empty if they are
    """

    def __init__(self, texts: Texts | None = None, problem: str = '') -> None:
        """:param texts: English without"""
        self.texts = texts or load_texts()
        self.problem = problem

    def width_px(self, text: str, zoom: float) -> int:
        """How wide a text is."""
        return cv2.getTextSize(drawable(text), FONT, FONT_SCALE * zoom, _thin(zoom))[0][0]

    def write(
        self,
        image_bgr: ImageBgr,
        text: str,
        place_xy: tuple[int, int],
        zoom: float,
        color: Color,
        halo: Color,
    ) -> None:
        """
        Write into a picture.

        :param place_xy: where the base line begins
        :param zoom: 1 for a picture of 720 lines
        """
        for ink, thickness in ((halo, _thin(zoom) + 2), (color, _thin(zoom))):
            cv2.putText(
                image_bgr,
                drawable(text),
                place_xy,
                FONT,
                FONT_SCALE * zoom,
                ink,
                thickness,
                cv2.LINE_AA,
            )


class FontLettering(Lettering):
    """Writes with the letters of a font file."""

    def __init__(self, texts: Texts, font_path: Path) -> None:
        """
        :raises ConfigError: if the file is no font, or Pillow is missing
        """
        super().__init__(texts)
        self._path = font_path
        self._font = lru_cache(maxsize=8)(self._load)
        self._mask = lru_cache(maxsize=512)(self._draw)
        self._width = lru_cache(maxsize=512)(self._measure)
        self._font(FONT_SIZE_PX)

    def width_px(self, text: str, zoom: float) -> int:
        return self._width(text, _size_px(zoom))

    def write(
        self,
        image_bgr: ImageBgr,
        text: str,
        place_xy: tuple[int, int],
        zoom: float,
        color: Color,
        halo: Color,
    ) -> None:
        size_px = _size_px(zoom)
        letters, around = self._mask(text, size_px)
        for mask, ink in ((around, halo), (letters, color)):
            _lay(image_bgr, mask, (place_xy[0] - size_px, place_xy[1] - 2 * size_px), ink)

    def _load(self, size_px: int) -> Any:
        try:
            from PIL import ImageFont
        except ImportError as error:
            problem = 'wants Pillow: run `make setup`'
            raise ConfigError('overlay_font', str(self._path), problem) from error
        try:
            return ImageFont.truetype(str(self._path), size_px)
        except OSError as error:
            raise ConfigError('overlay_font', str(self._path), f'is no font ({error})') from error

    def _measure(self, text: str, size_px: int) -> int:
        return round(float(self._font(size_px).getlength(text)))

    def _draw(self, text: str, size_px: int) -> tuple[ImageGray, ImageGray]:
        """Letters and their halo; the base line begins (1, 2) sizes from the upper left corner."""
        from PIL import Image, ImageDraw

        font = self._font(size_px)
        canvas = Image.new('L', (self._width(text, size_px) + 2 * size_px, 3 * size_px))
        ImageDraw.Draw(canvas).text((size_px, 2 * size_px), text, fill=255, font=font, anchor='ls')
        letters = np.asarray(canvas, np.uint8)
        return letters, np.asarray(cv2.dilate(letters, np.ones((3, 3), np.uint8)), np.uint8)


def lettering_for(texts: Texts, font_path: str = '') -> Lettering:
    """
    Lettering that can show the words of a language, or English with the reason.

    :param font_path: font to use; empty to look for one where the language needs it
    :raises ConfigError: if the font that was asked for cannot be used
    """
    if font_path:
        return FontLettering(texts, Path(font_path))
    if not needs_font(texts):
        return Lettering(texts)
    for path in _fonts_for(texts.language):
        try:
            return FontLettering(texts, path)
        except ConfigError:
            continue
    return Lettering(
        load_texts(),
        f'result pictures are in English: no font (or no Pillow) for {texts.language!r} on this '
        f'machine; install {FONT_PACKAGE}, or name a font in the parameter overlay_font',
    )


def needs_font(texts: Texts) -> bool:
    """Whether OpenCV cannot draw the words of a language."""
    templates = (texts.template(key) for key in texts.keys)
    return any('?' in drawable(text) and '?' not in text for text in templates)


def drawable(text: str) -> str:
    """What OpenCV's stroke font can show: letters lose their accents, others become '?'."""
    plain = unicodedata.normalize('NFKD', text)
    return (
        ''.join(c for c in plain if not unicodedata.combining(c))
        .encode('ascii', 'replace')
        .decode()
    )


def _fonts_for(language: str) -> Iterator[Path]:
    """Fonts of this machine that have the letters of a language."""
    program = shutil.which('fc-list')
    if program is not None:
        listed = subprocess.run(
            [program, f':lang={language}', 'file'],
            capture_output=True,
            text=True,
            timeout=10.0,
            check=False,
        )
        yield from (Path(line.strip().rstrip(':')) for line in sorted(listed.stdout.splitlines()))
    yield from (Path(path) for path in KNOWN_FONTS if Path(path).is_file())


def _lay(image_bgr: ImageBgr, mask: ImageGray, left_top: tuple[int, int], ink: Color) -> None:
    """Colour a picture where a mask says so; what lies outside is left out."""
    left, top = left_top
    height, width = image_bgr.shape[:2]
    x_min, y_min = max(left, 0), max(top, 0)
    x_max, y_max = min(left + mask.shape[1], width), min(top + mask.shape[0], height)
    if x_min >= x_max or y_min >= y_max:
        return
    part = image_bgr[y_min:y_max, x_min:x_max]
    share = mask[y_min - top : y_max - top, x_min - left : x_max - left, None] / 255.0
    part[:] = np.round(part + share * (np.array(ink) - part)).astype(np.uint8)


def _thin(zoom: float) -> int:
    return max(1, round(zoom))


def _size_px(zoom: float) -> int:
    return max(10, round(FONT_SIZE_PX * zoom))
