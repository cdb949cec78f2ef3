"""Photographs from a folder, one after the other."""

from __future__ import annotations

import logging
import time
from pathlib import Path

import cv2
import numpy as np

from classroom_fer_ros.core.arrays import ImageBgr
from classroom_fer_ros.core.errors import SourceError
from classroom_fer_ros.core.frame import Frame
from classroom_fer_ros.core.sources.base import ClockNs, Sleep, Source
from classroom_fer_ros.core.sources.config import SourceConfig
from classroom_fer_ros.core.sources.kind import picture_paths
from classroom_fer_ros.core.sources.pacing import Timeline

logger = logging.getLogger(__name__)


def read_picture(path: Path) -> ImageBgr | None:
    """
    Read a picture of any depth and any number of channels, upright.

    :return: shape (height, width, 3), uint8, BGR; None if it cannot be read
    """
    try:
        # Turns by EXIF, drops alpha, spreads gray, takes the high byte of 16 bits.
        image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    except cv2.error:  # raised for absurd sizes only
        return None
    return None if image is None else np.asarray(image, np.uint8)


class PicturesSource(Source):
    """
    Pictures in the order of their names. None is passed over when the reader is late.

    :ivar problems: one sentence for each picture that could not be read
    :ivar path: the picture that was read last
    """

    def __init__(
        self,
        config: SourceConfig,
        start_ns: int | None = 0,
        clock_ns: ClockNs = time.time_ns,
        sleep: Sleep | None = None,
    ) -> None:
        """
        :param start_ns: stamp of the first picture, None for the clock's time at its reading
        :param sleep: waits until a picture is due; None: really, and `close` ends it
        :raises SourceError: if there are no pictures, or none that can be read
        """
        self._paths = picture_paths(config.source)
        super().__init__(
            f'{len(self._paths)} pictures of {config.source}', 1.0 / config.picture_interval_s
        )
        self.problems: list[str] = []
        self.path = Path()
        self._size_wh = (0, 0)
        self._is_looped = config.is_looped
        self._timeline = Timeline(config.picture_interval_s, start_ns, clock_ns)
        if config.is_paced:
            self._timeline.pace(sleep or self._sleep_until_closed, max_late_s=0.0)
        self._place = 0
        self._index = 0
        self._next: ImageBgr | None = self._advance()
        if self._next is None:
            raise SourceError(f'none of the {self.description} can be read: {self.problems[0]}')

    @property
    def size_wh(self) -> tuple[int, int]:
        return self._size_wh

    def read(self) -> Frame | None:
        image = self._advance() if self._next is None else self._next
        self._next = None
        if image is None:
            return None
        self._timeline.newest_due(self._index)
        if self._is_closing.is_set():
            return None
        index = self._index
        self._index += 1
        return Frame(image, self._timeline.stamp_ns(index), index, is_still=True)

    def close(self) -> None:
        self._is_closing.set()

    def _advance(self) -> ImageBgr | None:
        """Read the next picture that can be read, going round at most once."""
        for _ in range(len(self._paths)):
            if self._place == len(self._paths):
                if not self._is_looped:
                    return None
                self._place = 0
            path = self._paths[self._place]
            self._place += 1
            image = read_picture(path)
            if image is not None:
                self.path = path
                self._size_wh = (image.shape[1], image.shape[0])
                return image
            self._report(path)
        return None

    def _report(self, path: Path) -> None:
        problem = f'{path} is skipped: it is no picture, or is damaged'
        if problem not in self.problems:
            self.problems.append(problem)
            logger.warning(problem)
