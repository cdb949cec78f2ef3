"""Node that writes what a camera's nodes publish into a bag, as it comes from DDS."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Sequence
from functools import partial
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.node import Node
from rclpy.qos import QoSProfile, QoSReliabilityPolicy
from rclpy.subscription import Subscription
from rosbags.interfaces import (
    Qos,
    QosDurability,
    QosHistory,
    QosLiveliness,
    QosReliability,
    QosTime,
)

from classroom_fer_ros.bags.bag_writer import BagWriter
from classroom_fer_ros.bags.message_types import name_of, stamp_of
from classroom_fer_ros.bags.names import without_names
from classroom_fer_ros.core.errors import ClassroomFerError
from classroom_fer_ros.nodes import topics
from classroom_fer_ros.nodes.result_publishers import TOPICS

#: What came is on the disk after this time: a process that is killed loses no more.
FLUSH_PERIOD_S = 0.5
#: Messages that DDS holds while a chunk is being written; of pictures less, as they are large.
DEPTH, PICTURE_DEPTH = 500, 30
#: Publishers of pictures are looked at this often: a new one may be of another reliability.
LOOK_PERIOD_S = 1.0
PICTURES = frozenset({topics.IMAGE, topics.IMAGE_COMPRESSED, topics.CAMERA_INFO})
#: Several nodes publish there, so that missing numbers say nothing.
SHARED = frozenset({topics.DIAGNOSTICS})
FOREVER = QosTime(9223372036, 854775807)


class Recorder(Node):
    """
    Takes messages as they are, serialized, and leaves names of people out.

    :ivar lost: messages by topic that were published and did not come
    :ivar failure: why it does not record any more; None while it does
    """

    def __init__(
        self, namespace: str, recorded: Sequence[str], writer: BagWriter, is_by_stamp: bool = False
    ) -> None:
        """
        :param recorded: topics relative to the namespace, keys of `TOPICS`, and the diagnostics
        :param is_by_stamp: log each message at the stamp of its header, not at the time when it
            came: for what is analysed faster or slower than it was taken
        """
        # Its own arguments only: those of the command are for the nodes that it starts.
        super().__init__('recorder', namespace=namespace, use_global_arguments=False)
        self.lost: dict[str, int] = defaultdict(int)
        self.failure: ClassroomFerError | None = None
        self.last_s = time.monotonic()
        self._writer, self._is_by_stamp = writer, is_by_stamp
        self._flushed_s = time.monotonic()
        self._numbers: dict[str, int] = {}
        self._log_ns = 0
        self._taken: dict[str, Subscription] = {}
        for name in recorded:
            kind, qos = _published(name)
            full_name = self.resolve_topic_name(name)
            writer.add_topic(full_name, name_of(kind), [_to_bag_qos(qos)])
            self._subscribe(name, self._wanted_qos(name))
        self.create_timer(FLUSH_PERIOD_S, self._flush)
        self.create_timer(LOOK_PERIOD_S, self._look)

    @property
    def names(self) -> tuple[str, ...]:
        """What is recorded, relative to the namespace."""
        return tuple(self._taken)

    @property
    def num_recorded(self) -> int:
        """Messages written so far."""
        return self._writer.num_messages

    def _subscribe(self, name: str, qos: QoSProfile) -> None:
        kind, _ = _published(name)
        self._taken[name] = self.create_subscription(
            kind, name, partial(self._on_message, name, name_of(kind)), qos, raw=True
        )

    def _wanted_qos(self, name: str) -> QoSProfile:
        """Reliable where that is offered, and with room for what comes meanwhile."""
        if name in PICTURES:
            offered = topics.picture_qos(self, name)
            return _with_depth(offered, PICTURE_DEPTH)
        return _with_depth(_published(name)[1], DEPTH)

    def _on_message(self, name: str, type_name: str, data: bytes, info: dict[str, Any]) -> None:
        self.last_s = time.monotonic()
        if self.failure is not None:
            return
        self._count_lost(name, info)
        self._log_ns = self._time_of(name, data)
        try:
            topic = self.resolve_topic_name(name)
            self._writer.write(topic, self._log_ns, without_names(type_name, data))
        except ClassroomFerError as error:
            self._fail(error)
        if self.last_s - self._flushed_s > FLUSH_PERIOD_S:  # a busy executor keeps timers waiting
            self._flush()

    def _time_of(self, name: str, data: bytes) -> int:
        """When a message is logged; never earlier than the one before."""
        if not self._is_by_stamp:
            return time.time_ns()
        # Diagnostics are stamped by the clock: they stand where they came.
        return self._log_ns if name in SHARED else max(stamp_of(data), self._log_ns)

    def _count_lost(self, name: str, info: dict[str, Any]) -> None:
        """By the publisher's numbers; a new publisher begins anew."""
        number = info.get('publication_sequence_number')
        if number is None or name in SHARED:
            return
        last = self._numbers.get(name)
        if last is not None and number > last + 1:
            self.lost[name] += number - last - 1
        self._numbers[name] = number

    def _flush(self) -> None:
        if self.failure is not None:
            return
        try:
            self._writer.flush()
        except ClassroomFerError as error:
            self._fail(error)
        self._flushed_s = time.monotonic()

    def _fail(self, error: ClassroomFerError) -> None:
        self.failure = error
        self.get_logger().error(str(error))

    def _look(self) -> None:
        for name in PICTURES & self._taken.keys():
            wanted = self._wanted_qos(name)
            if wanted.reliability != self._taken[name].qos_profile.reliability:
                self.destroy_subscription(self._taken.pop(name))
                self._subscribe(name, wanted)


def _published(name: str) -> tuple[type, QoSProfile]:
    """Type of a topic, and how it is published."""
    return TOPICS.get(name, (DiagnosticArray, topics.RESULTS_QOS))


def _with_depth(qos: QoSProfile, depth: int) -> QoSProfile:
    return QoSProfile(
        history=qos.history, depth=depth, reliability=qos.reliability, durability=qos.durability
    )


def _to_bag_qos(qos: QoSProfile) -> Qos:
    """As rosbag2 notes how a topic is offered, so that it is played in the same way."""
    is_reliable = qos.reliability == QoSReliabilityPolicy.RELIABLE
    return Qos(
        QosHistory.KEEP_LAST,
        qos.depth,
        QosReliability.RELIABLE if is_reliable else QosReliability.BEST_EFFORT,
        QosDurability[qos.durability.name],
        FOREVER,
        FOREVER,
        QosLiveliness.AUTOMATIC,
        FOREVER,
        False,
    )
