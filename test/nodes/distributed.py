"""Nodes of the distributed mode in this process, an executor each, and somebody who listens."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

from rclpy.executors import SingleThreadedExecutor
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.node import Node
from rclpy.parameter import Parameter
from std_msgs.msg import Header

from classroom_fer_ros.nodes import topics
from classroom_fer_ros.nodes.alert_node import AlertNode
from classroom_fer_ros.nodes.analysis_node import AnalysisNode
from classroom_fer_ros.nodes.camera_node import CameraNode
from classroom_fer_ros.nodes.convert import from_time
from classroom_fer_ros.nodes.dataset_node import DatasetNode
from classroom_fer_ros.nodes.expression_node import ExpressionNode
from classroom_fer_ros.nodes.face_node import FaceNode
from classroom_fer_ros.nodes.fatigue_node import FatigueNode
from classroom_fer_ros.nodes.head_pose_node import HeadPoseNode
from classroom_fer_ros.nodes.overlay_node import OverlayNode
from classroom_fer_ros.nodes.result_publishers import TOPICS
from harness import NAMESPACE, TIMEOUT_S, wait_until

BEHIND_THE_CAMERA = (
    FaceNode,
    ExpressionNode,
    FatigueNode,
    HeadPoseNode,
    AlertNode,
    OverlayNode,
    DatasetNode,
)
SUCCESS = TransitionCallbackReturn.SUCCESS
NODES = (CameraNode, *BEHIND_THE_CAMERA)


class Ear(Node):
    """Keeps every message of some topics by its stamp, and plays the part of missing nodes."""

    def __init__(self, *names: str) -> None:
        super().__init__('ear', namespace=NAMESPACE)
        self.heard: dict[str, dict[int, Any]] = defaultdict(dict)
        self.speakers: dict[str, Any] = {}
        for name in names:
            kind, qos = TOPICS[name]
            self.create_subscription(kind, name, partial(self._on_message, name), qos)

    def say(self, name: str, message: Any) -> None:
        """Publish; whoever is to hear has subscribed already."""
        self.speak_on(name).publish(message)

    def speak_on(self, name: str) -> Any:
        """The publisher of a topic."""
        if name not in self.speakers:
            kind, qos = TOPICS[name]
            self.speakers[name] = self.create_publisher(kind, name, qos)
        return self.speakers[name]

    def wait_for(self, stamp_ns: int, *names: str) -> None:
        """Until a message of a stamp has come on every topic."""
        wait_until(lambda: all(stamp_ns in self.heard[name] for name in names))

    def wait_for_listeners(self, name: str, count: int = 1) -> None:
        """Until so many subscribe."""
        speaker = self.speak_on(name)
        wait_until(lambda: speaker.get_subscription_count() >= count)

    def _on_message(self, name: str, message: Any) -> None:
        if name == topics.MARKERS:  # carry one header each
            header = message.markers[0].header if message.markers else Header()
        else:
            header = message.header
        self.heard[name][from_time(header.stamp)] = message


def in_executor(executor: SingleThreadedExecutor, action: Callable[[], Any]) -> Any:
    """Call something where a node's callbacks run, as services of its life cycle are."""
    task = executor.create_task(action)
    wait_until(task.done)
    return task.result()


@contextmanager
def spinning(node: Node) -> Iterator[SingleThreadedExecutor]:
    """Serve a node from a thread of its own, and destroy it at the end."""
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    is_over = threading.Event()

    def spin() -> None:
        while not is_over.is_set():
            executor.spin_once(timeout_sec=0.1)

    thread = threading.Thread(target=spin, daemon=True)
    thread.start()
    try:
        yield executor
    finally:
        if isinstance(node, AnalysisNode):
            in_executor(executor, node.trigger_shutdown)
        is_over.set()
        thread.join(TIMEOUT_S)
        executor.shutdown()
        node.destroy_node()


@contextmanager
def node_of(kind: type[AnalysisNode], is_active: bool = True, **parameters: Any) -> Iterator[Any]:
    """A spinning node. Dots in names of parameters are written as two underscores."""
    overrides = [
        Parameter(name.replace('__', '.'), value=value) for name, value in parameters.items()
    ]
    node = kind(namespace=NAMESPACE, parameter_overrides=overrides)
    with spinning(node) as executor:
        node.executor_of_test = executor
        if is_active:
            assert transition(node, 'configure') is SUCCESS, node.problem
            assert transition(node, 'activate') is SUCCESS, node.problem
        yield node


def transition(node: AnalysisNode, name: str) -> TransitionCallbackReturn:
    """Configure, activate, deactivate or clean up a node of `node_of`."""
    return in_executor(node.executor_of_test, getattr(node, f'trigger_{name}'))


@contextmanager
def nodes_of(*kinds: type[AnalysisNode], **parameters: Any) -> Iterator[dict[type, Any]]:
    """Several active nodes, by their class."""
    with ExitStack() as stack:
        yield {kind: stack.enter_context(node_of(kind, **parameters)) for kind in kinds}


@contextmanager
def ear(*names: str) -> Iterator[Ear]:
    """Somebody who listens on some topics."""
    node = Ear(*names)
    with spinning(node):
        yield node
