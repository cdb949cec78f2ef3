"""One set of results in a namespace: whoever comes second is told so."""

from __future__ import annotations

import time

from rclpy.node import Node

from classroom_fer_ros.core.errors import ClassroomFerError

#: Others are known this long after a node has started, also on a busy machine.
DISCOVERY_S = 1.0


class NamespaceTakenError(ClassroomFerError):
    """Somebody else publishes the same results in the same namespace."""


def require_free(node: Node, topic: str, born_s: float) -> None:
    """
    Wait until the others are known, and look for one that publishes the same.

    :param topic: that every publisher of such results has, relative
    :param born_s: when the node was made, by `time.monotonic`
    :raises NamespaceTakenError: naming the other and what to do
    """
    time.sleep(max(0.0, born_s + DISCOVERY_S - time.monotonic()))
    others = node.get_publishers_info_by_topic(node.resolve_topic_name(topic))
    if not others:
        return
    other = f'{others[0].node_namespace.rstrip("/")}/{others[0].node_name}'
    raise NamespaceTakenError(
        f'{other} publishes results in the namespace {node.get_namespace()} already: stop it, or '
        'give this one a namespace of its own (`--namespace /classroom/back`, with ros2 run '
        '`--ros-args -r __ns:=/classroom/back`); one that was killed is forgotten after half a '
        'minute'
    )
