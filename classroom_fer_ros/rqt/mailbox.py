"""Handing the newest thing, and only that, from another thread to Qt's."""

from __future__ import annotations

import threading
from typing import Any

from classroom_fer_ros.rqt.qt import QtCore, Signal


class Mailbox(QtCore.QObject):
    """
    Holds one thing. Whoever is slow gets the newest, and nothing piles up.

    :ivar arrived: there is something to `take`; not repeated until it was taken
    :ivar passed_over: things that were replaced before anybody took them
    """

    arrived = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.passed_over = 0
        self._lock = threading.Lock()
        self._thing: Any = None

    def put(self, thing: Any) -> None:
        """Put something in, from any thread."""
        with self._lock:
            was_empty, self._thing = self._thing is None, thing
            self.passed_over += not was_empty
        if was_empty:
            self.arrived.emit()

    def take(self) -> Any:
        """Take the newest out; None if there is nothing."""
        with self._lock:
            thing, self._thing = self._thing, None
        return thing
