"""A node that is killed and started again: the others go on, and it joins in again."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState, GetState
from rclpy.task import Future

from classroom_fer_ros.core import results
from classroom_fer_ros.core.alignment import AlignedCrop
from classroom_fer_ros.nodes import convert, topics
from classroom_fer_ros.nodes.alert_node import AlertNode
from distributed import Ear, ear, node_of
from harness import NAMESPACE, Client, wait_until

TIMEOUT_S = 30
PERIOD_NS = 100_000_000
#: Of a face that looks straight ahead.
KEYPOINTS_XY = np.array([[130.0, 140], [170, 140], [150, 160], [135, 180], [165, 180]])
pytestmark = pytest.mark.usefixtures('ros')


@contextmanager
def process_of(node: str, client: Client) -> Iterator[subprocess.Popen[bytes]]:
    """One active node in a process of its own."""
    process = subprocess.Popen(
        [
            sys.executable,
            '-m',
            f'classroom_fer_ros.nodes.{node}',
            '--ros-args',
            '-r',
            f'__ns:={NAMESPACE}',
        ]
    )
    try:
        wait_for_life(node, client)
        for step in (Transition.TRANSITION_CONFIGURE, Transition.TRANSITION_ACTIVATE):
            answer = client.call(
                ChangeState, f'{node}/change_state', transition=Transition(id=step)
            )
            assert answer.success
        yield process
    finally:
        process.kill()
        process.wait(TIMEOUT_S)


def wait_for_life(node: str, client: Client) -> None:
    """Until it answers: the services of one that was killed are still announced for a while."""
    asker = client.node.create_client(GetState, f'{node}/get_state')
    answers: list[Future] = []

    def is_answered() -> bool:
        if not answers or time.monotonic() - asked_s[0] > 1.0:
            asked_s[0] = time.monotonic()
            answers.append(asker.call_async(GetState.Request()))
        return any(answer.done() for answer in answers)

    asked_s = [0.0]
    assert asker.wait_for_service(TIMEOUT_S)
    wait_until(is_answered, TIMEOUT_S)
    client.node.destroy_client(asker)


class Lesson:
    """Shows one face, ten pictures a second."""

    def __init__(self, speaker: Ear) -> None:
        self._speaker, self.stamp_ns = speaker, 0

    def show(self) -> None:
        self.stamp_ns += PERIOD_NS
        header = convert.to_header(self.stamp_ns, 'camera')
        face = results.Face(
            face_id='001',
            box_xyxy=(100.0, 100.0, 200.0, 200.0),
            score=0.9,
            keypoints_xy=KEYPOINTS_XY,
        )
        seen = results.FrameResult(
            stamp_ns=self.stamp_ns, index=0, size_wh=(640, 480), faces=(face,)
        )
        crop = AlignedCrop(np.full((112, 112, 3), 90, np.uint8), np.eye(3)[:2])
        self._speaker.say(topics.FACE_CROPS, convert.to_crop_array({'001': crop}, header))
        self._speaker.say(topics.FACES, convert.to_face_array(seen, header))

    def show_until_judged(self) -> None:
        """Until an expression comes back with a label."""

        def is_judged() -> bool:
            self.show()
            heard = self._speaker.heard[topics.EXPRESSIONS]
            newest = heard.get(max(heard, default=0))
            return newest is not None and bool(newest.expressions[0].label)

        wait_until(is_judged, TIMEOUT_S)


def test_a_killed_node_holds_nobody_up_and_joins_in_again() -> None:
    with ear(topics.EXPRESSIONS, topics.CLASS_STATE) as listener, node_of(AlertNode) as alert_node:
        client = Client(alert_node.executor_of_test)
        lesson = Lesson(listener)
        with process_of('expression_node', client) as process:
            listener.wait_for_listeners(topics.FACES, 2)
            listener.wait_for_listeners(topics.FACE_CROPS)
            lesson.show_until_judged()
            process.send_signal(signal.SIGKILL)
            process.wait(TIMEOUT_S)
        listener.heard.clear()
        killed_ns = lesson.stamp_ns

        def is_class_summed_up() -> bool:
            lesson.show()
            return max(listener.heard[topics.CLASS_STATE], default=0) > killed_ns + 10**9

        wait_until(is_class_summed_up, TIMEOUT_S)
        assert not listener.heard[topics.EXPRESSIONS]
        with process_of('expression_node', client):
            lesson.show_until_judged()
