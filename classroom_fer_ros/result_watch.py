"""Watching one camera's results from another process, by the topics alone."""

from __future__ import annotations

import time
from collections.abc import Iterable
from functools import partial
from typing import Any

from classroom_fer_msgs.msg import AlertArray
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.node import Node

from classroom_fer_ros.core.results import Alert, FrameResult
from classroom_fer_ros.nodes import topics
from classroom_fer_ros.nodes.camera import STATE_KEY, SourceState
from classroom_fer_ros.nodes.convert import from_time
from classroom_fer_ros.nodes.convert_back import from_alert_array
from classroom_fer_ros.nodes.result_publishers import TOPICS
from classroom_fer_ros.nodes.results_join import Joined, ResultsJoin
from classroom_fer_ros.session import Session

#: Beside the faces; one that nobody publishes is not waited for.
JOINED_TOPICS = (topics.EXPRESSIONS, topics.FATIGUE, topics.HEAD_POSE)
#: Nodes by whose figures one tells how the analysis keeps up, and where its pictures come from.
FACES_NODES = ('pipeline_node', 'face_node')
SOURCE_NODES = ('pipeline_node', 'camera_node')
#: Results may be on their way for so long after the source has ended.
LATE_RESULTS_S = 1.0


class ResultWatch(Node):
    """
    Puts the results of a namespace together, picture by picture.

    :ivar session: gets every result
    """

    def __init__(self, namespace: str) -> None:
        super().__init__('run', namespace=namespace)
        self.born_s = time.monotonic()
        self.session = Session()
        self._join = ResultsJoin(JOINED_TOPICS, self._is_published)
        self._changes: list[Alert] = []
        self._active: tuple[Alert, ...] = ()
        self._statuses: dict[str, DiagnosticStatus] = {}
        self._dropped: dict[str, int] = {}

    def begin(self) -> None:
        """Subscribe."""
        for name in (topics.FACES, *JOINED_TOPICS):
            kind, qos = TOPICS[name]
            self.create_subscription(kind, name, partial(self._on_part, name), qos)
        for name, callback in (
            (topics.ALERTS, self._on_alerts),
            (topics.ACTIVE_ALERTS, self._on_active_alerts),
        ):
            self.create_subscription(AlertArray, name, callback, TOPICS[name][1])
        self.create_subscription(
            DiagnosticArray, topics.DIAGNOSTICS, self._on_diagnostics, topics.RESULTS_QOS
        )

    def forget(self, node: str) -> None:
        """Let go of what a node has said of itself: it has ended."""
        self._statuses.pop(node, None)
        self._dropped.pop(node, None)

    @property
    def is_over(self) -> bool:
        """Whether the source has ended by itself and its last results have come."""
        is_quiet = time.monotonic() - self.session.last_s > LATE_RESULTS_S
        return self.session.is_over.is_set() and is_quiet

    @property
    def dropped(self) -> int:
        """Pictures passed over, as far as the nodes have told; of a killed one no longer."""
        return sum(self._dropped.values())

    @property
    def title(self) -> str:
        """Source and rates."""
        namespace = self.get_namespace()
        faces_node = next((name for name in FACES_NODES if self._value(name, 'rate (Hz)')), '')
        if not faces_node:
            return f'{namespace}: no results yet'
        named = (*SOURCE_NODES, *FACES_NODES)
        source = next((s for name in named if (s := self._value(name, 'source'))), '')
        return (
            f'{namespace}: {source}: {self._value(faces_node, "rate (Hz)")} pictures a second, '
            f'{self._value(faces_node, "analysis (ms)")} ms each, {self.dropped} passed over'
        )

    @property
    def problem(self) -> str:
        """What the nodes say is wrong; empty while all is well."""
        return '; '.join(
            f'{name}: {status.message}'
            for name, status in sorted(self._statuses.items())
            if status.level != DiagnosticStatus.OK
        )

    def _value(self, node: str, key: str) -> str:
        status = self._statuses.get(node)
        values: Iterable[Any] = status.values if status else ()
        return next((value.value for value in values if value.key == key), '')

    def _is_published(self, name: str) -> bool:
        return self.count_publishers(name) > 0

    def _on_part(self, name: str, message: Any) -> None:
        heard = self._join.add(name, message)
        if heard.is_closed:
            stamp_ns = from_time(message.header.stamp)
            self.session.newest = FrameResult(stamp_ns=stamp_ns, index=0, size_wh=(0, 0))
            return
        for joined in heard.ready:
            self.session.add(self._result(joined))

    def _result(self, joined: Joined) -> FrameResult:
        changes, self._changes = tuple(self._changes), []
        return joined.result(
            faces=joined.faces,
            expressions=joined.expressions,
            fatigue=joined.fatigue,
            head_poses=joined.head_poses,
            alert_changes=changes,
            active_alerts=self._active,
        )

    def _on_alerts(self, message: AlertArray) -> None:
        self._changes += from_alert_array(message)

    def _on_active_alerts(self, message: AlertArray) -> None:
        self._active = from_alert_array(message)

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        prefix = self.get_namespace().strip('/') + '/'
        for status in message.status:
            if not status.name.startswith(prefix):
                continue
            name = status.name.removeprefix(prefix)
            self._statuses[name] = status
            if dropped := self._value(name, 'dropped'):  # a source that has ended tells no more
                self._dropped[name] = int(dropped)
            if name in SOURCE_NODES:
                self._on_source_state(self._value(name, STATE_KEY), status.message)

    def _on_source_state(self, state: str, message: str) -> None:
        if state == SourceState.ENDED:
            self.session.end('')
        elif state == SourceState.BROKEN_OFF:
            self.session.end(message)
        else:
            self.session.is_over.clear()
