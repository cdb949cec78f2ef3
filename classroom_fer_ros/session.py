"""One run of the system, as the command collects it."""

from __future__ import annotations

import signal
import threading
import time

from classroom_fer_ros.core.results import FrameResult
from classroom_fer_ros.core.session_summary import SessionSummary

#: A signal is noticed within this time.
LONGEST_WAIT_S = 0.2


class Interruption:
    """
    Ctrl-C, SIGTERM and the end of the terminal, from now on.

    :ivar is_there: whether one of them came
    """

    def __init__(self) -> None:
        self.is_there = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._on_signal)
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup
            signal.signal(signal.SIGHUP, self._on_signal)

    def _on_signal(self, *_: object) -> None:
        """Called between two instructions of the main thread: it may hold any lock."""
        self.is_there = True


class Session:
    """
    The newest result of one camera and the sums.

    :ivar end_reason: why its source broke off; empty at a natural end
    :ivar is_over: set once its source has ended
    """

    def __init__(self) -> None:
        self.summary = SessionSummary()
        self.newest: FrameResult | None = None
        self.end_reason = ''
        self.is_over = threading.Event()
        self.last_s = 0.0
        self._first_s = 0.0

    def add(self, result: FrameResult) -> None:
        """Take in the result of the next picture."""
        self.last_s = time.monotonic()
        self._first_s = self._first_s or self.last_s
        self.summary.add(result)
        self.newest = result

    def end(self, reason: str) -> None:
        """Note that the source has ended by itself."""
        self.end_reason = reason
        self.is_over.set()

    @property
    def fps(self) -> float:
        """Pictures a second, from the first result to the last."""
        return max(self.summary.pictures - 1, 0) / max(self.last_s - self._first_s, 1e-3)

    def wait(self, seconds: float, interruption: Interruption) -> bool:
        """Wait until it is over or interrupted, but no longer than so many seconds."""
        end_s = time.monotonic() + seconds
        while not interruption.is_there and not self.is_over.is_set():
            left_s = end_s - time.monotonic()
            if left_s <= 0:
                return False
            self.is_over.wait(min(left_s, LONGEST_WAIT_S))
        return True
