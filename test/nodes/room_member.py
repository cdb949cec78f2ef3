"""
One machine of a room, in a process of its own: a camera, and if asked for the node of the room.

    python room_member.py /room/front            a camera that sees four pupils
    python room_member.py /room/front --room     the same, and the room of front and back

With `--room` it prints how many are judged in the room, whenever that changes. Ends when its
standard input is closed.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import numpy as np
import rclpy
from classroom_fer_msgs.msg import ClassState
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.parameter import Parameter

from classroom_fer_ros.core.results import (
    Direction,
    Face,
    Fatigue,
    FatigueState,
    FrameResult,
    HeadPose,
)
from classroom_fer_ros.nodes import convert, topics
from classroom_fer_ros.nodes.result_publishers import TOPICS
from classroom_fer_ros.nodes.room_node import RoomNode

IDS = tuple(f'{i:03}' for i in range(4))
PERIOD_S = 0.1


class Camera(Node):
    """Says that it sees four pupils who are awake."""

    def __init__(self, namespace: str) -> None:
        super().__init__('camera', namespace=namespace)
        self._speakers = {
            name: self.create_publisher(TOPICS[name][0], name, TOPICS[name][1])
            for name in (topics.FACES, topics.EXPRESSIONS, topics.FATIGUE, topics.HEAD_POSE)
        }
        self.create_timer(PERIOD_S, self._see)

    def _see(self) -> None:
        faces = tuple(
            Face(
                face_id=face_id,
                box_xyxy=(0.0, 0.0, 50.0, 50.0),
                score=0.9,
                keypoints_xy=np.zeros((5, 2)),
            )
            for face_id in IDS
        )
        result = FrameResult(
            stamp_ns=time.time_ns(),
            index=0,
            size_wh=(640, 480),
            faces=faces,
            fatigue=tuple(Fatigue(face_id=i, state=FatigueState.AWAKE) for i in IDS),
            head_poses=tuple(HeadPose(face_id=i, direction=Direction.AHEAD) for i in IDS),
        )
        header = convert.to_header(result.stamp_ns, 'camera')
        self._speakers[topics.FACES].publish(convert.to_face_array(result, header))
        self._speakers[topics.EXPRESSIONS].publish(convert.to_expression_array(result, header))
        self._speakers[topics.FATIGUE].publish(convert.to_fatigue_array(result, header))
        self._speakers[topics.HEAD_POSE].publish(convert.to_head_pose_array(result, header))


class Reader(Node):
    """Prints how many are judged in the room, whenever that changes."""

    def __init__(self, namespace: str) -> None:
        super().__init__('reader', namespace=namespace)
        self._judged = -1
        kind, qos = TOPICS[topics.CLASS_STATE]
        self.create_subscription(kind, topics.CLASS_STATE, self._on_state, qos)

    def _on_state(self, state: ClassState) -> None:
        if state.judged != self._judged:
            self._judged = state.judged
            print(state.judged, flush=True)


@contextmanager
def spinning(*nodes: Node) -> Iterator[None]:
    executor = SingleThreadedExecutor()
    for node in nodes:
        executor.add_node(node)
    thread = threading.Thread(target=executor.spin, daemon=True)
    thread.start()
    try:
        yield
    finally:
        executor.shutdown()
        thread.join()
        for node in nodes:
            node.destroy_node()


def main() -> None:
    namespace, *rest = sys.argv[1:]
    room = namespace.rpartition('/')[0]
    rclpy.init()
    with ExitStack() as stack:
        if rest == ['--room']:
            overrides = [
                Parameter('room.cameras', value='front,back'),
                Parameter('class_state.interval_s', value=0.2),
            ]
            node = RoomNode(namespace=room, parameter_overrides=overrides)
            node.trigger_configure()
            node.trigger_activate()
            stack.enter_context(spinning(node, Reader(room)))
        stack.enter_context(spinning(Camera(namespace)))
        sys.stdin.read()
    rclpy.shutdown()


if __name__ == '__main__':
    main()
