"""Listening to results as cheaply as can be: bytes are kept now and read after the measurement."""

from __future__ import annotations

import struct
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from classroom_fer_msgs.msg import Alert
from rclpy.node import Node
from rclpy.serialization import deserialize_message
from std_msgs.msg import Float64

from benchmarks.film_nodes import RATE_TOPIC
from classroom_fer_ros.nodes import topics
from classroom_fer_ros.nodes.result_publishers import TOPICS

#: A picture has its result once all of these have come.
RESULT_TOPICS = (topics.FACES, topics.EXPRESSIONS, topics.FATIGUE, topics.HEAD_POSE)
#: Every message of ours begins with a header, and that with its stamp, behind CDR's 4 bytes.
STAMP = struct.Struct('<iI')
STAMP_OFFSET = 4


@dataclass(frozen=True, slots=True)
class Heard:
    """One message, when it came, and the stamp of its picture."""

    received_ns: int
    stamp_ns: int
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Heed:
    """
    What was heard of the pictures of some time.

    :param results: pictures with all their results
    :param fps: of those, a second
    :param latencies_ms: from stamp to last result of each
    :param alert_latencies_ms: from the stamp of the picture that raised an alert to the alert
    :param faces: faces a picture, on average
    :param landmark_hz: meshes a second and face
    :param expression_hz: new expressions a second and face
    """

    results: int
    fps: float
    latencies_ms: Sequence[float]
    alert_latencies_ms: Sequence[float]
    faces: float
    landmark_hz: float
    expression_hz: float


class Ear(Node):
    """
    Hears every result of a namespace, and sets the rate of the film.

    :ivar first_result_ns: when faces were told of at first, be there none; 0 before
    :ivar first_face_ns: when the first face was told of; 0 before
    """

    def __init__(self, namespace: str) -> None:
        super().__init__('bench', namespace=namespace)
        self._heard: dict[str, list[Heard]] = defaultdict(list)
        self.first_result_ns = self.first_face_ns = 0
        for name in (*RESULT_TOPICS, topics.ALERTS):
            kind, qos = TOPICS[name]
            self.create_subscription(kind, name, partial(self._on_bytes, name), qos, raw=True)
        self._rate_pub = self.create_publisher(Float64, RATE_TOPIC, topics.LATCHED_QOS)

    def set_rate(self, fps: float) -> None:
        """Let so many pictures a second be offered; 0: as many as are read."""
        self._rate_pub.publish(Float64(data=fps))

    def heed(self, from_ns: int, to_ns: int) -> Heed:
        """Read what was heard of the pictures that were stamped within some time."""
        span_s = (to_ns - from_ns) * 1e-9
        received: dict[int, list[int]] = defaultdict(list)
        for name in RESULT_TOPICS:
            for heard in self._within(name, from_ns, to_ns):
                received[heard.stamp_ns].append(heard.received_ns)
        whole = {s: max(times) for s, times in received.items() if len(times) == 4}
        faces = [
            _read(topics.FACES, heard) for heard in self._within(topics.FACES, from_ns, to_ns)
        ]
        entries = sum(len(message.faces) for message in faces)
        face_seconds = entries / len(faces) * span_s if faces else 0.0
        expressions = self._count_expressions(from_ns, to_ns)
        return Heed(
            results=len(whole),
            fps=len(whole) / span_s,
            latencies_ms=[(when - stamp) * 1e-6 for stamp, when in sorted(whole.items())],
            alert_latencies_ms=list(self._alert_latencies_ms(from_ns, to_ns)),
            faces=entries / max(len(faces), 1),
            landmark_hz=entries / face_seconds if face_seconds else 0.0,
            expression_hz=expressions / face_seconds if face_seconds else 0.0,
        )

    def forget(self) -> None:
        """Let go of what was heard, so that a long run needs no more memory."""
        self._heard.clear()

    def _within(self, name: str, from_ns: int, to_ns: int) -> Iterator[Heard]:
        return (heard for heard in self._heard[name] if from_ns <= heard.stamp_ns < to_ns)

    def _alert_latencies_ms(self, from_ns: int, to_ns: int) -> Iterator[float]:
        for heard in self._within(topics.ALERTS, from_ns, to_ns):
            alerts = _read(topics.ALERTS, heard).alerts
            if any(alert.status == Alert.RAISED for alert in alerts):
                yield (heard.received_ns - heard.stamp_ns) * 1e-6

    def _count_expressions(self, from_ns: int, to_ns: int) -> int:
        """How often a face was classified anew: the smoothed probabilities change every time."""
        shown: dict[str, bytes] = {}
        count = 0
        for heard in self._within(topics.EXPRESSIONS, from_ns, to_ns):
            for entry in _read(topics.EXPRESSIONS, heard).expressions:
                probabilities = np.asarray(entry.probabilities, np.float32).tobytes()
                before = shown.get(entry.face_id, probabilities)
                count += before != probabilities
                shown[entry.face_id] = probabilities
        return count

    def _on_bytes(self, name: str, data: bytes) -> None:
        now_ns = time.time_ns()
        seconds, nanoseconds = STAMP.unpack_from(data, STAMP_OFFSET)
        stamp_ns = seconds * 10**9 + nanoseconds
        heard = Heard(now_ns, stamp_ns, bytes(data))
        self._heard[name].append(heard)
        if not self.first_face_ns and name == topics.FACES:
            self.first_result_ns = self.first_result_ns or now_ns
            if _read(name, heard).faces:
                self.first_face_ns = now_ns


def _read(name: str, heard: Heard) -> Any:
    return deserialize_message(heard.data, TOPICS[name][0])
