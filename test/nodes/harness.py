"""The fused node in this process, spun by a thread, and calls of its services."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.parameter import Parameter

from classroom_fer_ros.nodes.pipeline_node import PipelineNode

NAMESPACE = '/classroom/test'
TIMEOUT_S = 60.0


def wait_until(condition: Callable[[], object], timeout_s: float = TIMEOUT_S) -> None:
    """Wait for something to become true; fails the test if it does not."""
    end_s = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end_s, f'not within {timeout_s} s'
        time.sleep(0.02)


class Client:
    """A node of its own that calls services."""

    def __init__(self, executor: SingleThreadedExecutor) -> None:
        self.node = Node('client', namespace=NAMESPACE)
        executor.add_node(self.node)

    def call(self, kind: type, name: str, **request: Any) -> Any:
        client = self.node.create_client(kind, name)
        assert client.wait_for_service(TIMEOUT_S), name
        future = client.call_async(kind.Request(**request))
        wait_until(future.done)
        self.node.destroy_client(client)
        return future.result()


@contextmanager
def pipeline_node(**parameters: Any) -> Iterator[PipelineNode]:
    """A spinning node, not yet configured. Dots in names are written as two underscores."""
    overrides = [
        Parameter(name.replace('__', '.'), value=value) for name, value in parameters.items()
    ]
    node = PipelineNode(namespace=NAMESPACE, parameter_overrides=overrides)
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    thread = threading.Thread(target=executor.spin, daemon=True)
    thread.start()
    node.executor_of_test = executor
    try:
        yield node
    finally:
        node.trigger_shutdown()
        executor.shutdown()
        thread.join(TIMEOUT_S)
        node.destroy_node()
        assert rclpy.ok()
