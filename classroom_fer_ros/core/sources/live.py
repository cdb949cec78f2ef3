"""Sources that go on by themselves: the newest picture only, and back again after a loss."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any, Protocol

import cv2
import numpy as np

from classroom_fer_ros.core.errors import SourceError
from classroom_fer_ros.core.frame import Frame
from classroom_fer_ros.core.sources.base import ClockNs, Source
from classroom_fer_ros.core.sources.config import SourceConfig
from classroom_fer_ros.core.sources.film import plausible_fps

logger = logging.getLogger(__name__)


class Capture(Protocol):
    """The part of `cv2.VideoCapture` that is used here."""

    def grab(self) -> bool: ...

    def retrieve(self) -> tuple[bool, Any]: ...

    def get(self, propId: int, /) -> float: ...  # noqa: N803 - OpenCV's name

    def release(self) -> None: ...


class BackOff:
    """Pauses that double from one attempt to the next."""

    def __init__(self, min_s: float, max_s: float) -> None:
        self._min_s = min_s
        self._max_s = max_s
        self._next_s = min_s

    def next_s(self) -> float:
        """Pause before the next attempt."""
        pause_s = self._next_s
        self._next_s = min(2.0 * pause_s, self._max_s)
        return pause_s

    def reset(self) -> None:
        """Begin again with the shortest pause."""
        self._next_s = self._min_s


class LiveSource(Source):
    """
    A camera or a stream, read in a thread of its own so that nothing old is ever handed out.

    Stamps are the time of the grab. A loss ends nothing: `is_connected` and `problem` tell of it
    while the thread tries again, and `read` waits.
    """

    def __init__(
        self,
        open_capture: Callable[[], Capture],
        description: str,
        config: SourceConfig,
        *,
        is_first_open_final: bool,
        clock_ns: ClockNs = time.time_ns,
    ) -> None:
        """
        :param open_capture: opens the thing; raises `SourceError` saying why it cannot
        :param is_first_open_final: raise when it cannot be opened at first, else keep trying
        :raises SourceError: see there
        """
        super().__init__(description, config.fps)
        self._open_capture = open_capture
        self._clock_ns = clock_ns
        self._back_off = BackOff(config.reconnect_min_s, config.reconnect_max_s)
        self._join_s = config.timeout_s + 1.0
        self._size_wh = (0, 0)
        self._index = 0
        self._stamp_ns = 0
        self._newest: Frame | None = None
        self._has_newest = threading.Condition()
        self.is_connected = False
        capture = open_capture() if is_first_open_final else None
        self._thread = threading.Thread(
            target=self._run, args=(capture,), name=description, daemon=True
        )
        self._thread.start()

    @property
    def size_wh(self) -> tuple[int, int]:
        return self._size_wh

    def read(self) -> Frame | None:
        with self._has_newest:
            self._has_newest.wait_for(lambda: self._newest or self._is_closing.is_set())
            frame, self._newest = self._newest, None
        return None if self._is_closing.is_set() else frame

    def close(self) -> None:
        with self._has_newest:
            self._is_closing.set()
            self._has_newest.notify_all()
        self._thread.join(self._join_s)
        self.is_connected = False

    def _run(self, capture: Capture | None) -> None:
        while not self._is_closing.is_set():
            if capture is None:
                capture = self._connect()
            elif not self._take(capture):
                capture.release()
                capture = None
                self._pause(f'{self.description} delivers no pictures any more')
        if capture is not None:
            capture.release()

    def _connect(self) -> Capture | None:
        try:
            return self._open_capture()
        except (SourceError, cv2.error) as error:
            self._pause(str(error))
            return None

    def _take(self, capture: Capture) -> bool:
        """Grab one picture and put it in the place of the one before."""
        try:
            if not capture.grab():
                return False
            stamp_ns = self._clock_ns()
            is_decoded, image = capture.retrieve()
        except cv2.error as error:
            logger.warning('%s: %s', self.description, error)
            return False
        if not is_decoded:
            return False
        if not self.is_connected:
            self._note_connection(capture)
        self._stamp_ns = max(stamp_ns, self._stamp_ns)
        self._hand_out(Frame(np.asarray(image, np.uint8), self._stamp_ns, self._index))
        return True

    def _hand_out(self, frame: Frame) -> None:
        with self._has_newest:
            self.dropped += self._newest is not None
            self._newest = frame
            self._index += 1
            self._size_wh = frame.size_wh
            self._has_newest.notify_all()

    def _note_connection(self, capture: Capture) -> None:
        self._back_off.reset()
        self.fps = plausible_fps(capture.get(cv2.CAP_PROP_FPS), self.fps)
        self.problem = ''
        self.is_connected = True
        logger.info('%s delivers pictures', self.description)

    def _pause(self, reason: str) -> None:
        pause_s = self._back_off.next_s()
        is_news = self.is_connected or not self.problem
        self.is_connected = False
        self.problem = f'{reason}; trying again every {pause_s:.3g} s'
        logger.log(logging.WARNING if is_news else logging.DEBUG, self.problem)
        self._is_closing.wait(pause_s)
