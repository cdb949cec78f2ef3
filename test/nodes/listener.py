"""
A second process: subscribes to every topic of a namespace and prints what came, as JSON.

    python listener.py /classroom/front

Prints ``ready`` once its subscriptions stand; ends when its standard input is closed.
"""

from __future__ import annotations

import json
import sys
import threading
from collections import defaultdict
from functools import partial

import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.node import Node

from classroom_fer_ros.nodes import topics
from classroom_fer_ros.nodes.convert import from_time
from classroom_fer_ros.nodes.result_publishers import TOPICS


class Listener(Node):
    """Notes the stamps of every message of every topic."""

    def __init__(self, namespace: str) -> None:
        super().__init__('listener', namespace=namespace)
        self.stamps: dict[str, list[int]] = defaultdict(list)
        self.sizes: dict[str, int] = {}
        for name, (kind, qos) in TOPICS.items():
            self.create_subscription(kind, name, partial(self._on_message, name), qos)
        self.create_subscription(
            DiagnosticArray,
            topics.DIAGNOSTICS,
            partial(self._on_message, topics.DIAGNOSTICS),
            topics.RESULTS_QOS,
        )

    def _on_message(self, name: str, message: object) -> None:
        header = getattr(message, 'header', None)
        if header is None:  # markers carry one header each
            header = message.markers[0].header if message.markers else None
        if header is not None:
            self.stamps[name].append(from_time(header.stamp))


def main() -> None:
    rclpy.init()
    node = Listener(sys.argv[1])
    is_over = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), is_over.set()), daemon=True).start()
    print('ready', flush=True)
    while not is_over.is_set():
        rclpy.spin_once(node, timeout_sec=0.1)
    print(json.dumps(node.stamps), flush=True)
    node.destroy_node()
    rclpy.shutdown()


if __name__ == '__main__':
    main()
