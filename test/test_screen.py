"""What the command shows where there is no terminal, and in one."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from classroom_fer_ros import screen as screen_module
from classroom_fer_ros.core.results import FrameResult
from classroom_fer_ros.screen import Screen, View

RESULT = FrameResult(stamp_ns=0, index=0, size_wh=(640, 480))
VIEWS = [View(RESULT, 'front: 9 pictures'), View(None, 'back: no results yet', 'starts [/now]')]


def test_lines_now_and_then(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(screen_module, 'LINE_PERIOD_S', 0.0)
    with Screen() as screen:
        screen.show(VIEWS)
        monkeypatch.setattr(screen_module, 'LINE_PERIOD_S', 60.0)
        screen.show(VIEWS)
        screen.show(VIEWS)
        screen.say('a node ended')
    printed = capsys.readouterr()
    assert printed.out.splitlines() == ['front: 9 pictures | no face | 0 alerts'] * 2
    assert printed.err == 'a node ended\n'


def test_a_table_of_every_camera(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = io.StringIO()
    monkeypatch.setattr(
        screen_module, 'Console', lambda: Console(file=terminal, force_terminal=True, width=80)
    )
    with Screen() as screen:
        screen.show(VIEWS)
        screen.say('a node [ended]')
    shown = terminal.getvalue()
    for words in (
        *('front: 9 pictures', 'expression', 'no alerts', 'back: no results yet'),
        *('starts [/now]', 'a node [ended]'),
    ):
        assert words in shown
