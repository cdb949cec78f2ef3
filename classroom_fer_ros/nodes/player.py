"""Node that publishes a bag as it was recorded, and sets the clock by it."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator

from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.qos import QoSDurabilityPolicy, QoSHistoryPolicy, QoSProfile, QoSReliabilityPolicy
from rosbags.interfaces import Qos, QosDurability, QosReliability
from rosgraph_msgs.msg import Clock

from classroom_fer_ros.bags.bag_reader import BagMessage, BagReader
from classroom_fer_ros.bags.message_types import class_of, stamp_of
from classroom_fer_ros.core.errors import BagError
from classroom_fer_ros.nodes.convert import to_time

CLOCK = '/clock'
#: The clock is told this often in between, in real time.
CLOCK_PERIOD_S = 0.02
#: Of topics that say nothing of their own.
DEPTH = 10


class Player(Node):
    """
    Plays some topics of a bag.

    :ivar num_published: messages by topic
    :ivar left_out: why topics of the bag are not played, in words
    """

    def __init__(self, bag: BagReader, wanted: Collection[str] | None = None) -> None:
        """
        :param wanted: topics to play; all that are understood here without
        :raises BagError: if there is nothing to play
        """
        # Its own arguments only: those of the command are for the nodes that it starts.
        super().__init__('player', use_global_arguments=False)
        self.num_published: dict[str, int] = {}
        self.left_out: list[str] = []
        self._bag = bag
        self._last: dict[str, BagMessage] = {}
        self._outputs: dict[str, Publisher] = {}
        for topic in wanted if wanted is not None else bag.topics:
            problem = bag.problem_with(topic) if topic in bag.topics else 'the bag has none'
            if problem:
                self.left_out.append(f'{topic} is left out: {problem}')
                continue
            kind, offered = class_of(bag.topics[topic].type_name), bag.topics[topic].offered_qos
            self._outputs[topic] = self.create_publisher(kind, topic, _from_bag_qos(offered))
            self.num_published[topic] = 0
        if not self._outputs:
            known = ', '.join(sorted(bag.topics)) or 'nothing'
            raise BagError(f'nothing of {bag.path} can be played: it holds {known}')
        self._clock_pub = self.create_publisher(Clock, CLOCK, DEPTH)

    @property
    def topics(self) -> tuple[str, ...]:
        """What is played."""
        return tuple(self._outputs)

    def last_stamp_ns(self, topic: str) -> int:
        """Stamp of the newest message of a topic that begins with a header; 0 before one."""
        return stamp_of(self._last[topic].data) if topic in self._last else 0

    def num_listeners(self, topic: str) -> int:
        """How many subscribe to a topic that is played."""
        return self._outputs[topic].get_subscription_count()

    def announce(self, topic: str) -> None:
        """Publish the first message of a topic ahead of time, where there is one."""
        first = next(self._bag.messages([topic]), None)
        if first is not None and topic in self._outputs:
            self._outputs[topic].publish(first.data)

    def play(self, rate: float, is_over: Callable[[], bool]) -> None:
        """
        Play from the first message to the last, as far apart as they were logged.

        :param rate: 2 plays twice as fast
        :param is_over: looked at between messages
        """
        first_ns, _ = self._bag.span_ns
        start_s = time.monotonic()
        for message in self._messages():
            due_s = start_s + (message.log_ns - first_ns) * 1e-9 / rate
            while (wait_s := due_s - time.monotonic()) > 0 and not is_over():
                time.sleep(min(wait_s, CLOCK_PERIOD_S))
                played_ns = round((time.monotonic() - start_s) * rate * 1e9)
                self.set_clock(min(first_ns + played_ns, message.log_ns))
            if is_over():
                return
            self.publish(message)

    def play_in_step(
        self, wait: Callable[[BagMessage], None], is_over: Callable[[], bool]
    ) -> None:
        """
        Play as fast as whoever listens can follow.

        :param wait: called after each message, until it has been worked on
        :param is_over: looked at between messages
        """
        for message in self._messages():
            if is_over():
                return
            self.publish(message)
            wait(message)

    def publish(self, message: BagMessage) -> None:
        """Publish one message, and set the clock to its time."""
        self.set_clock(message.log_ns)
        self._outputs[message.topic].publish(message.data)
        self._last[message.topic] = message
        self.num_published[message.topic] += 1

    def set_clock(self, now_ns: int) -> None:
        """Tell the time."""
        self._clock_pub.publish(Clock(clock=to_time(now_ns)))

    def _messages(self) -> Iterator[BagMessage]:
        return self._bag.messages(self._outputs)


def _from_bag_qos(offered: Collection[Qos]) -> QoSProfile:
    """How a topic was offered; where several publishers differed, what suits every subscriber."""
    durable = any(qos.durability is QosDurability.TRANSIENT_LOCAL for qos in offered)
    best_effort = bool(offered) and all(
        qos.reliability is QosReliability.BEST_EFFORT for qos in offered
    )
    depth = max((qos.depth for qos in offered), default=DEPTH)
    return QoSProfile(
        history=QoSHistoryPolicy.KEEP_LAST,
        depth=max(depth, DEPTH),
        reliability=QoSReliabilityPolicy.BEST_EFFORT
        if best_effort
        else QoSReliabilityPolicy.RELIABLE,
        durability=QoSDurabilityPolicy.TRANSIENT_LOCAL
        if durable
        else QoSDurabilityPolicy.VOLATILE,
    )
