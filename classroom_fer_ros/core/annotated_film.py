"""The film of a session: every picture with what was found drawn on it."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from classroom_fer_ros.core.arrays import ImageBgr
from classroom_fer_ros.core.errors import SourceError

FILM_NAME = 'annotated.mp4'
FILM_CODEC = 'mp4v'


class AnnotatedFilm:
    """Writes a film whose size is that of its first picture."""

    def __init__(self, folder: Path, fps: float) -> None:
        """
        :param folder: there already; the file is made with the first picture
        :param fps: pictures a second, 25 where it is not known (0)
        """
        self._path = folder / FILM_NAME
        self._fps = fps if fps > 0 else 25.0
        self._writer: cv2.VideoWriter | None = None
        self._size_wh: tuple[int, int] = (0, 0)

    def write(self, image_bgr: ImageBgr) -> None:
        """
        Add a picture; one of another size gets black bars.

        :param image_bgr: shape (height, width, 3), uint8
        :raises SourceError: if the film cannot be opened
        """
        height, width = image_bgr.shape[:2]
        if self._writer is None:
            codec = cv2.VideoWriter.fourcc(*FILM_CODEC)
            self._writer = cv2.VideoWriter(str(self._path), codec, self._fps, (width, height))
            if not self._writer.isOpened():
                raise SourceError(
                    f'OpenCV cannot write {self._path} ({FILM_CODEC}, {width}x{height})'
                )
            self._size_wh = (width, height)
        if (width, height) != self._size_wh:
            image_bgr = _letterbox(image_bgr, self._size_wh)
        self._writer.write(image_bgr)

    def close(self) -> None:
        """Finish the file; its index is written now."""
        if self._writer is not None:
            self._writer.release()
            self._writer = None


def _letterbox(image_bgr: ImageBgr, size_wh: tuple[int, int]) -> ImageBgr:
    """Fit a picture into another size, with black bars; a film has one size."""
    width, height = size_wh
    scale = min(width / image_bgr.shape[1], height / image_bgr.shape[0])
    new_width, new_height = round(image_bgr.shape[1] * scale), round(image_bgr.shape[0] * scale)
    fitted = np.zeros((height, width, 3), np.uint8)
    x, y = (width - new_width) // 2, (height - new_height) // 2
    fitted[y : y + new_height, x : x + new_width] = cv2.resize(image_bgr, (new_width, new_height))
    return fitted
