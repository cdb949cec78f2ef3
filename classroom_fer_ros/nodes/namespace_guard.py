"""One set of results in a namespace: whoever comes second is told so."""

from __future__ import annotations

import time

from rclpy.node import Node

from classroom_fer_ros.core.errors import ClassroomFerError

#: Others are known this long after a node has started.
DISCOVERY_S = 1.0
#: Their names are known a little later.
NAME_S = 0.5
UNKNOWN_NAME = '_NODE_NAME_UNKNOWN_'


class NamespaceTakenError(ClassroomFerError):
    """Somebody else publishes the same results in the same namespace."""


def require_free(node: Node, topic: str, born_s: float) -> None:
    """
    Wait until the others are known, and look for one that publishes the same.

    :param topic: that every publisher of such results has, relative; not published by `node` yet
    :param born_s: when the node was made, by `time.monotonic`
    :raises NamespaceTakenError: naming the other and what to do
    """
    time.sleep(max(0.0, born_s + DISCOVERY_S - time.monotonic()))
    if not _publishers(node, topic):
        return
    time.sleep(NAME_S)
    raise NamespaceTakenError(
        f'{_names(node, topic)} publishes results in the namespace {node.get_namespace()} '
        'already: stop it, or give this one a namespace of its own (`--namespace '
        '/classroom/back`, with ros2 run `--ros-args -r __ns:=/classroom/back`); one that was '
        'killed is forgotten after half a minute'
    )


def shared_with(node: Node, topic: str) -> str:
    """What to say if others publish the same beside `node`; empty if none does."""
    if len(_publishers(node, topic)) < 2:
        return ''
    return (
        f'two publish results in the namespace {node.get_namespace()}, and whoever listens gets '
        'both: stop one of them, or give it a namespace of its own'
    )


def _publishers(node: Node, topic: str) -> list:
    return node.get_publishers_info_by_topic(node.resolve_topic_name(topic))


def _names(node: Node, topic: str) -> str:
    names = {
        f'{info.node_namespace.rstrip("/")}/{info.node_name}'
        for info in _publishers(node, topic)
        if info.node_name != UNKNOWN_NAME
    }
    return ', '.join(sorted(names)) or 'another node'
