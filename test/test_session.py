"""Signals that end a run, and those that come while it is loading."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from classroom_fer_ros import run
from classroom_fer_ros.session import Interruption


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """Those of before are put back."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers]
    yield
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_is_noted(number: int) -> None:
    interruption = Interruption()
    assert not interruption.is_there
    os.kill(os.getpid(), number)
    assert interruption.is_there


def test_nohup_is_kept() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    interruption = Interruption()
    os.kill(os.getpid(), signal.SIGHUP)
    assert not interruption.is_there


def test_ctrl_c_while_loading_ends_quietly(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(run, '_parser', interrupt)
    assert run.main([]) == 0
