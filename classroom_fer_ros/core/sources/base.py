"""What every source of pictures has in common."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from types import TracebackType

from classroom_fer_ros.core.frame import Frame

#: Gives the time in nanoseconds since the epoch.
ClockNs = Callable[[], int]
#: Waits for so many seconds.
Sleep = Callable[[float], None]


class Source(ABC):
    """
    Delivers pictures one after the other. Use it in a ``with`` statement, or close it.

    :ivar description: what it is, in words for a person; holds no password
    :ivar fps: pictures a second that it delivers, or means to
    :ivar dropped: pictures passed over because the reader came too late for them
    :ivar problem: why no pictures come now, in plain words; empty while all is well
    :ivar is_connected: False while a camera or an address is lost and tried again
    """

    def __init__(self, description: str, fps: float) -> None:
        self.description = description
        self.fps = fps
        self.dropped = 0
        self.problem = ''
        self.is_connected = True
        self._is_closing = threading.Event()

    def _sleep_until_closed(self, seconds: float) -> None:
        """Wait, but no longer than the source is open."""
        self._is_closing.wait(seconds)

    @property
    @abstractmethod
    def size_wh(self) -> tuple[int, int]:
        """Width and height of the latest picture in pixels; (0, 0) before it is known."""

    @abstractmethod
    def read(self) -> Frame | None:
        """
        Wait for the next picture.

        :return: None at the end, and after `close`
        :raises SourceError: if the source broke in a way that trying again does not mend
        """

    @abstractmethod
    def close(self) -> None:
        """Let go of the device, file or address; may be called twice and from another thread."""

    def __enter__(self) -> Source:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
