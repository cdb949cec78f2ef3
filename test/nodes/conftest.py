"""ROS for the tests of nodes; they skip where it is not installed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

rclpy = pytest.importorskip('rclpy', reason='no ROS 2: run `make setup`')
pytest.importorskip('classroom_fer_msgs', reason='messages are not built: run `make setup`')


@pytest.fixture
def ros() -> Iterator[None]:
    """A ROS context for one test."""
    rclpy.init()
    yield
    rclpy.try_shutdown()
