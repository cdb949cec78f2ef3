"""Films, in real time or as fast as they can be read."""

from __future__ import annotations

import logging
import threading
import time
from pathlib import Path

import cv2
import numpy as np

from classroom_fer_ros.core.errors import SourceError
from classroom_fer_ros.core.frame import Frame
from classroom_fer_ros.core.sources.base import ClockNs, Sleep, Source
from classroom_fer_ros.core.sources.config import SourceConfig
from classroom_fer_ros.core.sources.pacing import Timeline

logger = logging.getLogger(__name__)

#: Containers without a picture rate report 0, 1000 or 90000.
PLAUSIBLE_FPS = (0.1, 500.0)


def plausible_fps(fps: float, fallback: float) -> float:
    """A picture rate as reported, or `fallback` if it cannot be meant."""
    return fps if PLAUSIBLE_FPS[0] <= fps <= PLAUSIBLE_FPS[1] else fallback


class FilmSource(Source):
    """
    Pictures of a film, stamped by their place in it: start + index / fps, on and on over loops.

    Where the film is truncated or damaged it ends.

    :ivar path: the file
    """

    def __init__(
        self,
        path: Path,
        config: SourceConfig,
        start_ns: int | None = 0,
        clock_ns: ClockNs = time.time_ns,
        sleep: Sleep | None = None,
    ) -> None:
        """
        :param start_ns: stamp of the first picture, None for the clock's time at its reading
        :param sleep: waits until a picture is due; None: really, and `close` ends it
        :raises SourceError: if the file is no film or holds no picture
        """
        self.path = path
        self._capture = self._open()
        fps = plausible_fps(self._capture.get(cv2.CAP_PROP_FPS), config.fps)
        super().__init__(f'film {path}', fps)
        # Decoded, and not asked for: turned films have another size than their streams.
        height, width = self._capture.retrieve()[1].shape[:2]
        self._size_wh = (width, height)
        self._is_looped = config.is_looped
        self._timeline = Timeline(1.0 / fps, start_ns, clock_ns)
        if config.is_paced:
            self._timeline.pace(sleep or self._sleep_until_closed)
        self._index = 0
        self._index_in_loop = 0
        # FFmpeg crashes when a film is released in the middle of a grab.
        self._capture_lock = threading.Lock()

    @property
    def size_wh(self) -> tuple[int, int]:
        return self._size_wh

    @property
    def picture_count(self) -> int:
        """How many pictures the file says it holds, 0 where it does not say."""
        return max(int(self._capture.get(cv2.CAP_PROP_FRAME_COUNT)), 0)

    def read(self) -> Frame | None:
        newest = self._timeline.newest_due(self._index)
        with self._capture_lock:
            return None if self._is_closing.is_set() else self._read_from(newest)

    def _read_from(self, newest: int) -> Frame | None:
        """Read the picture `newest` or, if it cannot be decoded, the next one after it."""
        while self._grab():
            index = self._index
            self._index += 1
            if index < newest:
                self.dropped += 1
                continue
            is_decoded, image = self._capture.retrieve()
            if is_decoded:
                return Frame(np.asarray(image, np.uint8), self._timeline.stamp_ns(index), index)
            logger.warning('%s: picture %d cannot be decoded', self.description, index)
            self.dropped += 1
        return None

    def close(self) -> None:
        self._is_closing.set()
        with self._capture_lock:
            self._capture.release()

    def _open(self) -> cv2.VideoCapture:
        # FFmpeg by name: others would take a pattern in the name for a row of pictures.
        capture = cv2.VideoCapture(str(self.path), cv2.CAP_FFMPEG)
        if capture.isOpened() and capture.grab() and capture.retrieve()[0]:
            self._index_in_loop = 0
            return capture
        capture.release()
        raise SourceError(
            f'{self.path} cannot be played: it is no film, is truncated or is in a format that '
            'FFmpeg does not know; try `ffprobe` on it'
        )

    def _grab(self) -> bool:
        """Go to the next picture, over the end if the film is looped."""
        self._index_in_loop += 1
        if self._index_in_loop == 1 or self._capture.grab():  # `_open` has grabbed the first
            return True
        self._warn_if_short()
        if not self._is_looped:
            return False
        self._capture.release()
        self._capture = self._open()
        self._index_in_loop = 1
        return True

    def _warn_if_short(self) -> None:
        expected = self.picture_count
        found = self._index_in_loop - 1
        if found < expected - 1:  # containers are one off at times
            self.problem = f'{self.path} is truncated or damaged: {found} of {expected} pictures'
            logger.warning(self.problem)
