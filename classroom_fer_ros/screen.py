"""What goes on, shown while it goes on: a live table in a terminal, else a line now and then."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from classroom_fer_ros.core.results import FrameResult
from classroom_fer_ros.terminal_view import live_view, plain_line

REFRESH_HZ = 4.0
#: Without a terminal, one line this often.
LINE_PERIOD_S = 5.0


@dataclass(frozen=True, slots=True)
class View:
    """
    What is known of one camera.

    :param result: the newest; None before the first
    :param title: source and rates, one line
    :param problem: what is wrong now, in plain words; empty while all is well
    """

    result: FrameResult | None
    title: str
    problem: str = ''


class Screen:
    """Use it in a ``with`` statement; the table goes away at the end."""

    def __init__(self) -> None:
        self._console = Console()
        self._live: Live | None = None
        self._open = ExitStack()
        self._line_due_s = time.monotonic() + LINE_PERIOD_S

    def __enter__(self) -> Screen:
        if self._console.is_terminal:
            self._live = self._open.enter_context(
                Live(console=self._console, refresh_per_second=REFRESH_HZ, transient=True)
            )
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()
        self._live = None

    def show(self, views: Sequence[View]) -> None:
        """Show the cameras; call it several times a second."""
        if self._live is not None:
            self._live.update(Group(*(_table(view) for view in views)))
        elif time.monotonic() >= self._line_due_s:
            self._line_due_s = time.monotonic() + LINE_PERIOD_S
            for view in views:
                if view.result is not None:
                    print(plain_line(view.result, view.title), flush=True)

    def say(self, line: str) -> None:
        """Print a line above the table."""
        if self._live is not None:
            self._console.print(line, markup=False, highlight=False, soft_wrap=True)
        else:
            print(line, file=sys.stderr, flush=True)


def _table(view: View) -> Group:
    if view.result is None:
        return Group(Text(view.title, 'bold'), Text(view.problem or 'starting', 'yellow'))
    return live_view(view.result, view.title, view.problem)
