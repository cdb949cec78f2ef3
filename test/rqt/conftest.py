"""Qt off screen and ROS for the tests of the window; they skip where one of them is missing."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

pytest.importorskip('rclpy', reason='no ROS 2: run `make setup`')
pytest.importorskip('classroom_fer_msgs', reason='messages are not built: run `make setup`')

import rclpy

from classroom_fer_ros.core.errors import ClassroomFerError

os.environ.setdefault('QT_QPA_PLATFORM', 'offscreen')
try:
    from classroom_fer_ros.rqt.qt import QtWidgets
except ClassroomFerError as error:
    collect_ignore_glob = ['test_*.py']
    print(f'the tests of the window are left out: {error}')

FIRST_DOMAIN = int(os.environ['ROS_DOMAIN_ID'])
MODULES = itertools.count()
TIMEOUT_S = 60.0


@pytest.fixture(scope='session')
def application() -> Any:
    """The one application that a process may have."""
    return QtWidgets.QApplication.instance() or QtWidgets.QApplication(['test'])


@pytest.fixture(scope='module')
def ros_module() -> Iterator[None]:
    """A ROS context of a module, in a domain of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv('ROS_DOMAIN_ID', str(1 + (FIRST_DOMAIN + 50 + 7 * next(MODULES)) % 100))
        patch.setattr('classroom_fer_ros.nodes.namespace_guard.DISCOVERY_S', 0.0)
        rclpy.init()
        yield
        rclpy.try_shutdown()


@pytest.fixture(scope='session')
def until(application: Any) -> Callable[..., None]:
    """Lets Qt run until something is so; fails the test if it does not come."""

    def wait(condition: Callable[[], object], timeout_s: float = TIMEOUT_S) -> None:
        end_s = time.monotonic() + timeout_s
        while not condition():
            assert time.monotonic() < end_s, f'not within {timeout_s} s'
            application.processEvents()
            time.sleep(0.01)

    return wait
