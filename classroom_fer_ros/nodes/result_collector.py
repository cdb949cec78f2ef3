"""Node that keeps what a camera's nodes say, by topic and stamp."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection
from functools import partial
from typing import Any

from rclpy.node import Node
from rclpy.qos import QoSProfile

from classroom_fer_ros.core.errors import ClassroomFerError
from classroom_fer_ros.nodes import topics
from classroom_fer_ros.nodes.convert import from_time
from classroom_fer_ros.nodes.result_publishers import TOPICS

#: Topics that say something of every picture, and those that do now and then.
EACH_PICTURE = (topics.FACES, topics.EXPRESSIONS, topics.FATIGUE, topics.HEAD_POSE)
NOW_AND_THEN = (topics.ALERTS, topics.CLASS_STATE)
DEPTH = 200
#: A result by its topic (relative) and the stamp of its picture.
ResultKey = tuple[str, int]


class ResultCollector(Node):
    """
    Collects results; spun by a thread of its own.

    :ivar results: messages by topic and stamp
    """

    def __init__(self, namespace: str, names: Collection[str]) -> None:
        """:param names: topics relative to the namespace"""
        super().__init__('result_collector', namespace=namespace, use_global_arguments=False)
        self.results: dict[ResultKey, Any] = {}
        self.last_s = time.monotonic()
        self._has_more = threading.Condition()
        for name in names:
            kind, offered = TOPICS[name]
            qos = QoSProfile(
                history=offered.history,
                depth=DEPTH,
                reliability=offered.reliability,
                durability=offered.durability,
            )
            self.create_subscription(kind, name, partial(self._on_message, name), qos)

    def has_publishers(self, names: Collection[str]) -> bool:
        """Whether each of some topics is published."""
        return all(self.count_publishers(self.resolve_topic_name(name)) for name in names)

    def wait_for(
        self, stamp_ns: int, names: Collection[str], timeout_s: float, why_not: Callable[[], str]
    ) -> None:
        """
        Wait for the results of one picture.

        :param why_not: looked at where they do not come
        :raises ClassroomFerError: if they do not come in time
        """
        with self._has_more:
            if self._has_more.wait_for(
                lambda: all((name, stamp_ns) in self.results for name in names), timeout_s
            ):
                return
        missing = [name for name in names if (name, stamp_ns) not in self.results]
        raise ClassroomFerError(
            f'no {", ".join(missing)} of the picture of {stamp_ns * 1e-9:.3f} s within '
            f'{timeout_s:g} s in {self.get_namespace()}: {why_not() or "is the analysis running?"}'
        )

    def _on_message(self, name: str, message: Any) -> None:
        with self._has_more:
            self.results[name, from_time(message.header.stamp)] = message
            self.last_s = time.monotonic()
            self._has_more.notify_all()
