"""One source at a time, read by a thread, for nodes that take pictures in."""

from __future__ import annotations

import enum
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

from classroom_fer_ros.core.frame import Frame
from classroom_fer_ros.core.results import FrameResult
from classroom_fer_ros.core.sources import Source
from classroom_fer_ros.nodes.analysis_thread import (
    AnalysisThread,
    OnEnd,
    OnResult,
    OnTrouble,
    Performance,
)

#: Said of a source that came to its natural end.
ENDED = 'the source has ended'
#: Value of /diagnostics that holds the state of the source.
STATE_KEY = 'source state'


class SourceState(str, enum.Enum):
    """How a source is, in /diagnostics."""

    CLOSED = 'closed'
    OPEN = 'open'
    ENDED = 'ended'
    BROKEN_OFF = 'broken off'


class Analysis(Protocol):
    """What is done with each picture."""

    def process(self, frame: Frame) -> FrameResult: ...

    def reset(self) -> None: ...


class Camera:
    """
    Opens, reads and closes sources.

    :ivar source_text: the source as a user types it, open or to be opened next
    :ivar trouble: why the last source ended, in plain words
    """

    def __init__(
        self,
        source_text: str,
        open_source: Callable[[str], Source],
        analysis: Analysis,
        on_result: OnResult,
        on_trouble: OnTrouble,
        on_closed: Callable[[], None],
        on_end: OnEnd,
    ) -> None:
        """
        :param open_source: opens a source as a user types it
        :param on_result: called in the reading thread with every picture
        :param on_trouble: called in the reading thread with what went wrong and was overcome
        :param on_closed: called when pictures are over, before those of another source begin
        :param on_end: called with the reason when a source has ended by itself, empty at its
            natural end
        """
        self.source_text, self.trouble = source_text, ''
        self._open_source, self._analysis = open_source, analysis
        self._on_result, self._on_trouble = on_result, on_trouble
        self._on_closed, self._on_end = on_closed, on_end
        self._thread: AnalysisThread | None = None

    @property
    def is_open(self) -> bool:
        """Whether pictures are being read; no longer once a film has ended."""
        thread = self._thread
        return thread is not None and thread.is_running

    @property
    def source(self) -> Source | None:
        """The open source; None while the camera is closed."""
        thread = self._thread  # another thread may close the camera meanwhile
        return thread.source if thread else None

    @property
    def state(self) -> SourceState:
        """Whether the source is open, or why not."""
        if self.is_open:
            return SourceState.OPEN
        if self._thread is None:
            return SourceState.CLOSED
        return SourceState.ENDED if self.trouble == ENDED else SourceState.BROKEN_OFF

    @property
    def performance(self) -> Performance | None:
        """How the work keeps up, or kept up until a film ended; None while it is closed."""
        thread = self._thread
        return thread.performance() if thread else None

    @property
    def problem(self) -> str:
        """Why no pictures come, in plain words; empty while all is well."""
        source = self.source
        return (source.problem if source else '') or self.trouble

    def lock(self) -> AbstractContextManager[object]:
        """Held to touch the analysis from another thread."""
        thread = self._thread
        return thread.lock if thread else nullcontext()

    def open(self, source_text: str = '') -> bool:
        """
        Open the source and close the one that was open; without effect if it is open already.

        :param source_text: another source than before
        :return: whether it was opened anew
        :raises SourceError: if it cannot be opened; the old one stays
        """
        if self.is_open and source_text in ('', self.source_text):
            return False
        source_text = source_text or self.source_text
        source = self._open_source(source_text)
        self.close()
        self.source_text = source_text
        self._read(source)
        return True

    def renew(self) -> None:
        """Open the same source once more, and go on with what is known."""
        source = self._open_source(self.source_text)
        if self._thread is not None:
            self._thread.stop()
        self._read(source)

    def _read(self, source: Source) -> None:
        self.trouble = ''
        self._thread = AnalysisThread(
            source, self._analysis, self._on_result, self._on_source_end, self._on_trouble
        )
        self._thread.start()

    def close(self) -> None:
        """Let the source go and forget what was seen; without effect if it is closed."""
        if self._thread is None:
            return
        self._thread.stop()
        self._thread = None
        self._analysis.reset()
        self._on_closed()

    def break_off(self, reason: str) -> None:
        """Close the source as one that ended for some reason."""
        self.close()
        self._on_source_end(reason)

    def _on_source_end(self, reason: str) -> None:
        self.trouble = reason or ENDED
        self._on_end(reason)
