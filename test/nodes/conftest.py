"""ROS for the tests of nodes; they skip where it is not installed."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator

import pytest

rclpy = pytest.importorskip('rclpy', reason='no ROS 2: run `make setup`')
pytest.importorskip('classroom_fer_msgs', reason='messages are not built: run `make setup`')

FIRST_DOMAIN = int(os.environ['ROS_DOMAIN_ID'])
MODULES = itertools.count()


@pytest.fixture(scope='module', autouse=True)
def own_domain() -> Iterator[None]:
    """A domain for each module: processes that another one killed are announced for a while."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv('ROS_DOMAIN_ID', str(1 + (FIRST_DOMAIN + 7 * next(MODULES)) % 100))
        yield


@pytest.fixture
def ros(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A ROS context for one test, in which nodes do not wait to discover other processes."""
    monkeypatch.setattr('classroom_fer_ros.nodes.namespace_guard.DISCOVERY_S', 0.0)
    rclpy.init()
    yield
    rclpy.try_shutdown()
