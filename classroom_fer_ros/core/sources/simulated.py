"""The simulated classroom as a source."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Protocol

from classroom_fer_ros.core.arrays import ImageBgr
from classroom_fer_ros.core.frame import Frame
from classroom_fer_ros.core.sources.base import ClockNs, Sleep, Source
from classroom_fer_ros.core.sources.config import SourceConfig
from classroom_fer_ros.core.sources.pacing import Timeline


class Classroom(Protocol):
    """What renders the pictures."""

    def render(self, stamp_s: float) -> tuple[ImageBgr, Sequence[Any]]:
        """Picture at a time since the start, and what is true of each student in it."""


class SimulatedSource(Source):
    """
    Pictures of a simulated classroom; it never ends.

    :ivar truth: what is true of each student in the picture that was read last
    """

    def __init__(
        self,
        classroom: Classroom,
        config: SourceConfig,
        start_ns: int | None = 0,
        clock_ns: ClockNs = time.time_ns,
        sleep: Sleep | None = None,
    ) -> None:
        """
        :param start_ns: stamp of the first picture, None for the clock's time at its reading
        :param sleep: waits until a picture is due; None: really, and `close` ends it
        """
        super().__init__(f'simulated classroom with {config.students} students', config.fps)
        self.truth: tuple[Any, ...] = ()
        self._classroom = classroom
        self._size_wh = (config.width, config.height)
        self._timeline = Timeline(1.0 / config.fps, start_ns, clock_ns)
        if config.is_paced:
            self._timeline.pace(sleep or self._sleep_until_closed)
        self._index = 0

    @property
    def size_wh(self) -> tuple[int, int]:
        return self._size_wh

    def read(self) -> Frame | None:
        index = self._timeline.newest_due(self._index)
        if self._is_closing.is_set():
            return None
        self.dropped += index - self._index
        self._index = index + 1
        image, truth = self._classroom.render(index / self.fps)
        self.truth = tuple(truth)
        return Frame(image, self._timeline.stamp_ns(index), index)

    def close(self) -> None:
        self._is_closing.set()
