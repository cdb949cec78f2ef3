"""Serving a node: in a process of its own until a signal tells it to end, or by a thread."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions

from classroom_fer_ros.core.errors import ClassroomFerError
from classroom_fer_ros.shared_memory import make_room_for_pictures

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


@contextmanager
def spinning(node: Node) -> Iterator[None]:
    """Serve a node by a thread while the context lasts."""
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    is_over = threading.Event()

    def spin() -> None:
        # Shut down while it spins, rclpy's executor may trip over what is gone already.
        while not is_over.is_set():
            executor.spin_once(timeout_sec=LONGEST_WAIT_S)

    thread = threading.Thread(target=spin, name=node.get_name(), daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        executor.wake()
        thread.join()
        executor.shutdown()


def run_node(kind: type) -> None:
    """
    Run one node in this process until a signal ends it; a launch file configures and activates it.

    :param kind: node class with its name in ``NAME`` and a ``release`` that gives everything back
    """
    make_room_for_pictures()
    rclpy.init(args=sys.argv, signal_handler_options=SignalHandlerOptions.NO)
    try:
        node = kind()
    except ClassroomFerError as error:
        sys.exit(f'{kind.NAME}: {error}')
    try:
        serve_until_signal(node)
    finally:
        node.release()
        node.destroy_node()
        rclpy.try_shutdown()
