"""Serving a node in a process of its own until a signal tells it to end."""

from __future__ import annotations

import signal
import threading

from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node

#: A signal is noticed within this time.
LONGEST_WAIT_S = 0.2


def serve_until_signal(node: Node) -> None:
    """
    Serve a node until SIGINT or SIGTERM.

    Wants ``rclpy.init(…, signal_handler_options=SignalHandlerOptions.NO)``: rclpy's own handler
    ends the ROS context at once, and whatever a node still publishes while it closes then fails.
    Further signals change nothing, so that closing is not interrupted.
    """
    is_over = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: is_over.set())
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    while not is_over.is_set():
        executor.spin_once(timeout_sec=LONGEST_WAIT_S)
    executor.remove_node(node)
