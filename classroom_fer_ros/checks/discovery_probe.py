"""
One of two processes that look for each other: ``discovery_probe talk|listen TOPIC SECONDS``.

The listener ends with 0 as soon as it has heard the talker, with 1 if it has not in time.
"""

from __future__ import annotations

import sys
import time

import rclpy
from rclpy.node import Node
from std_msgs.msg import String

PERIOD_S = 0.1


def main() -> int:
    """Entry point."""
    role, topic, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
    rclpy.init()
    node = Node(f'doctor_{role}')
    heard: list[String] = []
    if role == 'talk':
        publisher = node.create_publisher(String, topic, 10)
        node.create_timer(PERIOD_S, lambda: publisher.publish(String(data='hello')))
    else:
        node.create_subscription(String, topic, heard.append, 10)
    end_s = time.monotonic() + seconds
    while not heard and time.monotonic() < end_s:
        rclpy.spin_once(node, timeout_sec=PERIOD_S)
    node.destroy_node()
    rclpy.shutdown()
    return 0 if heard or role == 'talk' else 1


if __name__ == '__main__':
    sys.exit(main())
