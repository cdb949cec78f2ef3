"""The fused node does less on a machine that is too slow, says so, and comes back."""

from __future__ import annotations

import cv2
import pytest
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.node import Node
from rclpy.parameter import Parameter

from classroom_fer_ros.nodes import topics
from harness import pipeline_node, wait_until

SMALL = {
    'source': 'simulated',
    'camera__students': 1,
    'camera__width': 320,
    'camera__height': 240,
    'camera__fps': 5.0,
    'diagnostics_period_s': 0.1,
}
pytestmark = pytest.mark.usefixtures('ros')


def test_a_machine_that_is_too_slow_is_relieved_and_told_of() -> None:
    with pipeline_node(**SMALL, relief__max_analysis_ms=0.01) as node:
        seen: list[DiagnosticStatus] = []
        listener = Node('listener')
        listener.create_subscription(
            DiagnosticArray,
            topics.DIAGNOSTICS,
            lambda message: seen.append(message.status[0]),
            topics.RESULTS_QOS,
        )
        node.executor_of_test.add_node(listener)
        node.trigger_configure()
        node.trigger_activate()
        wait_until(lambda: seen and seen[-1].level == DiagnosticStatus.WARN)
        told = {value.key: value.value for value in seen[-1].values}
        assert told['relief'].startswith('level 1 of 4: new faces')
        assert told['provider'] == 'cpu'
        assert 'too slow' in seen[-1].message
        assert node.pipeline._relief_level == 1
        node.set_parameters([Parameter('relief.max_analysis_ms', value=0.0)])
        wait_until(lambda: seen[-1].level == DiagnosticStatus.OK)
        assert node.pipeline._relief_level == 0
        node.executor_of_test.remove_node(listener)
        listener.destroy_node()


def test_offline_everything_is_done() -> None:
    with pipeline_node(**SMALL, relief__max_analysis_ms=0.01, camera__is_paced=False) as node:
        node.trigger_configure()
        node.trigger_activate()
        # Stamps run far ahead of the clock.
        wait_until(lambda: node.performance.pictures > 40)
        assert node.pipeline._relief_level == 0
        assert node.strain == ''


@pytest.mark.parametrize('threads', [1, 2])
def test_opencv_takes_no_more_threads_than_it_is_given(threads: int) -> None:
    cv2.setNumThreads(3)
    with pipeline_node(**SMALL, num_threads=threads) as node:
        node.trigger_configure()
        assert cv2.getNumThreads() == threads
