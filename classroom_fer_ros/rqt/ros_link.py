"""The window's ears: a node in a thread of its own, heard of by Qt signals only."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import rclpy
from classroom_fer_msgs.msg import (
    AlertArray,
    ClassState,
    ExpressionArray,
    FaceArray,
    FatigueArray,
    HeadPoseArray,
)
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.event_handler import SubscriptionEventCallbacks
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import (
    QoSCompatibility,
    QoSProfile,
    QoSReliabilityPolicy,
    qos_check_compatible,
)
from rclpy.signals import SignalHandlerOptions
from sensor_msgs.msg import CompressedImage

from classroom_fer_ros.core.errors import ClassroomFerError
from classroom_fer_ros.nodes import convert_back, topics
from classroom_fer_ros.nodes.convert import from_time
from classroom_fer_ros.nodes.results_join import ResultsJoin
from classroom_fer_ros.rqt.facts import Graph, Status
from classroom_fer_ros.rqt.mailbox import Mailbox
from classroom_fer_ros.rqt.qt import QtCore, Signal
from classroom_fer_ros.rqt.ros_requests import SERVICES, Requests

#: The graph is looked at this often.
GRAPH_PERIOD_S = 1.0
#: The end is noticed within this time.
LONGEST_WAIT_S = 0.5
JOINED = {
    topics.FACES: FaceArray,
    topics.EXPRESSIONS: ExpressionArray,
    topics.FATIGUE: FatigueArray,
    topics.HEAD_POSE: HeadPoseArray,
}
PICTURE_TYPES = {'sensor_msgs/msg/Image', 'sensor_msgs/msg/CompressedImage'}
#: Whether these have a publisher says where something is missing.
WATCHED_TOPICS = (topics.FACES, topics.PREVIEW_COMPRESSED, topics.CLASS_STATE)


class RosLink(QtCore.QObject):
    """
    Subscribes to one camera's topics and asks its services.

    Signals are emitted in the ROS thread; Qt hands them over to its own.

    :ivar pictures: stamp in ns and the JPEG of the newest preview
    :ivar results: newest `Joined`, of which everything has come
    :ivar closed: the camera was closed, or another run has begun
    """

    alerts_heard = Signal(object)
    active_heard = Signal(object)
    class_heard = Signal(object)
    statuses_heard = Signal(object)
    graph_heard = Signal(object)
    closed = Signal()
    failed = Signal(str)

    def __init__(self, namespace: str) -> None:
        super().__init__()
        self.namespace = '/' + namespace.strip('/')
        self.pictures, self.results = Mailbox(), Mailbox()
        self._owns_context = not rclpy.ok()
        if self._owns_context:
            rclpy.init(args=[], signal_handler_options=SignalHandlerOptions.NO)
        self.node = Node(
            f'classroom_monitor_{os.getpid()}',
            namespace=self.namespace,
            use_global_arguments=False,
        )
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self.node)
        self._join = ResultsJoin(tuple(JOINED)[1:], self._is_published)
        self._is_over = threading.Event()
        self._asked: dict[str, QoSProfile] = {}
        self._published: dict[str, tuple[float, bool]] = {}
        self.requests = Requests(self.node, self.later)
        self._thread = threading.Thread(target=self._spin, name='monitor ros', daemon=True)

    def begin(self) -> None:
        """Subscribe, and listen from now on."""
        for name, kind in JOINED.items():
            self._listen(kind, name, partial(self._on_part, name), topics.RESULTS_QOS)
        self._listen(
            CompressedImage, topics.PREVIEW_COMPRESSED, self._on_picture, topics.PICTURE_SUB_QOS
        )
        self._listen(AlertArray, topics.ALERTS, self._on_alerts, topics.RESULTS_QOS)
        self._listen(AlertArray, topics.ACTIVE_ALERTS, self._on_active, topics.LATCHED_QOS)
        self._listen(ClassState, topics.CLASS_STATE, self._on_class, topics.LATCHED_QOS)
        self._listen(DiagnosticArray, topics.DIAGNOSTICS, self._on_diagnostics, topics.RESULTS_QOS)
        self.requests.begin()
        self.node.create_timer(GRAPH_PERIOD_S, self._on_tick)
        self._thread.start()

    def end(self) -> None:
        """Let go of everything."""
        # Shut down while it spins, rclpy's executor may trip over what is gone already.
        self._is_over.set()
        self._executor.wake()
        self._thread.join(2.0)
        self._executor.shutdown(timeout_sec=2.0)
        self.node.destroy_node()
        if self._owns_context:
            rclpy.try_shutdown()

    def later(self, action: Callable[[], None]) -> None:
        """Do something in the ROS thread, from any thread."""
        self._executor.create_task(self._guarded(action))

    # In the ROS thread

    def _spin(self) -> None:
        try:
            while not self._is_over.is_set() and rclpy.ok():
                self._executor.spin_once(timeout_sec=LONGEST_WAIT_S)
        except ExternalShutdownException:  # rqt ends the context before its plugins
            return

    def _guarded(self, action: Callable[..., None]) -> Callable[..., None]:
        """What cannot be read, of another version for one, must not end the thread."""

        def act(*arguments: Any) -> None:
            try:
                action(*arguments)
            except (ClassroomFerError, ValueError) as error:
                self.failed.emit(str(error))

        return act

    def _listen(
        self, kind: type, name: str, callback: Callable[[Any], None], qos: QoSProfile
    ) -> None:
        self._asked[name] = qos
        # The window says itself what does not fit.
        events = SubscriptionEventCallbacks(use_default_callbacks=False)
        self.node.create_subscription(
            kind, name, self._guarded(callback), qos, event_callbacks=events
        )

    def _is_published(self, name: str) -> bool:
        """Asking the graph is slow; a picture comes many times a second."""
        now_s = time.monotonic()
        asked_s, is_there = self._published.get(name, (-GRAPH_PERIOD_S, False))
        if now_s - asked_s >= GRAPH_PERIOD_S:
            is_there = self.node.count_publishers(name) > 0
            self._published[name] = now_s, is_there
        return is_there

    def _on_part(self, name: str, message: Any) -> None:
        heard = self._join.add(name, message)
        if heard.is_anew:
            self.closed.emit()
        if heard.ready and not heard.is_closed:
            self.results.put(heard.ready[-1])

    def _on_picture(self, message: CompressedImage) -> None:
        self.pictures.put((from_time(message.header.stamp), bytes(message.data)))

    def _on_alerts(self, message: AlertArray) -> None:
        self.alerts_heard.emit(convert_back.from_alert_array(message))

    def _on_active(self, message: AlertArray) -> None:
        self.active_heard.emit(convert_back.from_alert_array(message))

    def _on_class(self, message: ClassState) -> None:
        self.class_heard.emit(convert_back.from_class_state(message))

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        prefix = self.namespace.strip('/') + '/'
        statuses = {
            status.name.removeprefix(prefix): Status(
                int.from_bytes(status.level, 'little'),
                status.message,
                {value.key: value.value for value in status.values},
                time.monotonic(),
            )
            for status in message.status
            if status.name.startswith(prefix)
        }
        if statuses:
            self.statuses_heard.emit(statuses)

    def _on_tick(self) -> None:
        prefix = self.namespace + '/'
        found = self.node.get_node_names_and_namespaces()
        nodes = frozenset(name for name, namespace in found if namespace == self.namespace)
        # The names of all services would hold those that only we ask for.
        services = frozenset(name for name in SERVICES if self.node.count_services(name))
        pictures = sorted(
            name
            for name, kinds in self.node.get_topic_names_and_types()
            if PICTURE_TYPES.intersection(kinds) and not name.startswith(prefix)
        )
        publishers = {name: self.node.count_publishers(name) for name in WATCHED_TOPICS}
        self.requests.look_after(nodes)
        refused = {name: policy for name in self._asked if (policy := self._refused(name))}
        self.graph_heard.emit(Graph(nodes, services, tuple(pictures), publishers, refused))

    def _refused(self, name: str) -> str:
        """Policy of which a publisher offers less than is asked for; empty if none does."""
        asked = self._asked[name]
        infos = self.node.get_publishers_info_by_topic(self.node.resolve_topic_name(name))
        for offered in (info.qos_profile for info in infos):
            if qos_check_compatible(offered, asked)[0] == QoSCompatibility.ERROR:
                is_unreliable = offered.reliability == QoSReliabilityPolicy.BEST_EFFORT
                is_too_little = is_unreliable and asked.reliability != offered.reliability
                return 'reliability' if is_too_little else 'durability'  # all that is asked for
        return ''
