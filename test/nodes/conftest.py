"""ROS for the tests of nodes; they skip where it is not installed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

rclpy = pytest.importorskip('rclpy', reason='no ROS 2: run `make setup`')
pytest.importorskip('classroom_fer_msgs', reason='messages are not built: run `make setup`')


@pytest.fixture
def ros(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A ROS context for one test, in which nodes do not wait to discover other processes."""
    monkeypatch.setattr('classroom_fer_ros.nodes.namespace_guard.DISCOVERY_S', 0.0)
    rclpy.init()
    yield
    rclpy.try_shutdown()
