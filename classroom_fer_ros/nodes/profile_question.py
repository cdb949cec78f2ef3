"""Asking a running system which profile it keeps to."""

from __future__ import annotations

import time

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node

from classroom_fer_ros.core.profiles import PROFILES
from classroom_fer_ros.nodes import topics

#: Every node says so itself; once one was heard, the others are listened to for so long.
LISTEN_S = 2.5


def profile_of(namespace: str, timeout_s: float) -> str:
    """
    Profile of the nodes of a camera, the strictest where they differ.

    :return: its name; empty if no node said anything in time
    """
    node = Node('profile_question', namespace=namespace, use_global_arguments=False)
    heard: set[str] = set()

    def on_diagnostics(message: DiagnosticArray) -> None:
        prefix = namespace.strip('/') + '/'
        for status in message.status:
            if status.name.startswith(prefix):
                heard.update(v.value for v in status.values if v.key == 'profile')

    node.create_subscription(
        DiagnosticArray, topics.DIAGNOSTICS, on_diagnostics, topics.RESULTS_QOS
    )
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    end_s = time.monotonic() + timeout_s
    while time.monotonic() < end_s:
        was_heard = bool(heard)
        executor.spin_once(timeout_sec=0.1)
        if heard and not was_heard:
            end_s = min(end_s, time.monotonic() + LISTEN_S)
    executor.shutdown()
    node.destroy_node()
    known = [PROFILES[name] for name in heard if name in PROFILES]
    return max(known, key=lambda one: len(one.forbidden)).name if known else ''
