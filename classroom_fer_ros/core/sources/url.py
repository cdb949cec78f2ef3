"""Network cameras and streams, by FFmpeg."""

from __future__ import annotations

import time
from typing import Any

import cv2

from classroom_fer_ros.core.errors import SourceError
from classroom_fer_ros.core.sources.base import ClockNs, Sleep
from classroom_fer_ros.core.sources.config import SourceConfig
from classroom_fer_ros.core.sources.film import plausible_fps
from classroom_fer_ros.core.sources.kind import without_password
from classroom_fer_ros.core.sources.live import Capture, LiveSource
from classroom_fer_ros.core.sources.pacing import Pacer


class UrlSource(LiveSource):
    """An address. It need not answer yet: it is tried until it does, and again after a loss."""

    def __init__(
        self,
        config: SourceConfig,
        clock_ns: ClockNs = time.time_ns,
        sleep: Sleep | None = None,
    ) -> None:
        super().__init__(
            lambda: open_url(config, clock_ns, sleep or time.sleep),
            f'address {without_password(config.source.strip())}',
            config,
            is_first_open_final=False,
            clock_ns=clock_ns,
        )


def open_url(config: SourceConfig, clock_ns: ClockNs, sleep: Sleep) -> Capture:
    """
    Open an address.

    :raises SourceError: if it does not answer in time, or with something that is no film
    """
    url = config.source.strip()
    timeout_ms = round(config.timeout_s * 1e3)
    settings = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, timeout_ms]
    settings += [cv2.CAP_PROP_READ_TIMEOUT_MSEC, timeout_ms]
    capture = cv2.VideoCapture(url, cv2.CAP_FFMPEG, settings)
    if not capture.isOpened():
        capture.release()
        raise SourceError(
            f'{without_password(url)} does not answer with a film: check the address, that the '
            'camera is on, and that its name and password are right'
        )
    is_whole_film = url.lower().startswith('http') and capture.get(cv2.CAP_PROP_FRAME_COUNT) > 0
    return _PacedCapture(capture, config.fps, clock_ns, sleep) if is_whole_film else capture


class _PacedCapture:
    """A film on a web server: it arrives at the speed of the network and is played at its own."""

    def __init__(
        self, capture: cv2.VideoCapture, fps: float, clock_ns: ClockNs, sleep: Sleep
    ) -> None:
        fps = plausible_fps(capture.get(cv2.CAP_PROP_FPS), fps)
        self._capture = capture
        self._pacer = Pacer(1.0 / fps, clock_ns, sleep)
        self._index = 0

    def grab(self) -> bool:
        self._pacer.newest_due(self._index)
        self._index += 1
        return self._capture.grab()

    def retrieve(self) -> tuple[bool, Any]:
        return self._capture.retrieve()

    def get(self, propId: int, /) -> float:  # noqa: N803 - OpenCV's name
        return self._capture.get(propId)

    def release(self) -> None:
        self._capture.release()
