"""The node of a room, told by others what several cameras see."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
import pytest
from classroom_fer_msgs.msg import ClassState, FaceArray
from classroom_fer_msgs.srv import AcknowledgeAlert
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.node import Node
from rclpy.parameter import Parameter

from classroom_fer_ros.core.errors import ConfigError
from classroom_fer_ros.core.labels import EXPRESSION_LABELS
from classroom_fer_ros.core.results import (
    Direction,
    Expression,
    Face,
    Fatigue,
    FatigueState,
    FrameResult,
    HeadPose,
    Judgement,
)
from classroom_fer_ros.nodes import convert, topics
from classroom_fer_ros.nodes.result_publishers import TOPICS
from classroom_fer_ros.nodes.room_node import RoomNode, camera_namespaces
from distributed import SUCCESS, node_of, spinning, transition
from harness import NAMESPACE, wait_until

pytestmark = pytest.mark.usefixtures('ros')

SIZE_WH = (640, 480)
HASTY = {
    f'alerts__{kind}__{name}': 0.0
    for kind in ('class_attention', 'class_tired')
    for name in ('after_s', 'clear_after_s')
}
QUICK = {'class_state__interval_s': 0.1, 'diagnostics_period_s': 0.1}
FRONT, BACK = f'{NAMESPACE}/front', f'{NAMESPACE}/back'


class Cameras(Node):
    """Publishes what the cameras would, and keeps what the room says."""

    def __init__(self) -> None:
        super().__init__('cameras')
        self.heard: dict[str, list[Any]] = defaultdict(list)
        for name in RoomNode.OUTPUTS:
            kind, qos = TOPICS[name]
            heard = self.heard[name]
            self.create_subscription(kind, f'{NAMESPACE}/{name}', heard.append, qos)
        self.create_subscription(
            DiagnosticArray, topics.DIAGNOSTICS, self._on_diagnostics, topics.RESULTS_QOS
        )
        self._speakers = {
            (camera, name): self.create_publisher(kind, f'{camera}/{name}', qos)
            for camera in (FRONT, BACK)
            for name, (kind, qos) in TOPICS.items()
            if name in (topics.FACES, *RoomNode.INPUTS)
        }
        self.facts: dict[str, str] = {}
        self.problem = ''

    def wait_for_listeners(self, names: tuple[str, ...]) -> None:
        """Of all results beside the faces only some are taken."""
        taken = [s for (_, name), s in self._speakers.items() if name in (topics.FACES, *names)]
        wait_until(lambda: all(speaker.get_subscription_count() for speaker in taken))

    def see(self, camera: str, result: FrameResult) -> None:
        """All that a camera says about one picture."""
        header = convert.to_header(result.stamp_ns, camera)
        say = partial(self._say, camera)
        say(topics.FACES, convert.to_face_array(result, header))
        say(topics.EXPRESSIONS, convert.to_expression_array(result, header))
        say(topics.FATIGUE, convert.to_fatigue_array(result, header))
        say(topics.HEAD_POSE, convert.to_head_pose_array(result, header))

    def close(self, camera: str) -> None:
        self._say(camera, topics.FACES, FaceArray(header=convert.to_header(1, camera)))

    @property
    def state(self) -> ClassState:
        return self.heard[topics.CLASS_STATE][-1]

    def wait_for_state(self, stamp_s: float) -> ClassState:
        stamp = convert.to_seconds_time(stamp_s)
        wait_until(lambda: self.heard[topics.CLASS_STATE] and self.state.header.stamp == stamp)
        return self.state

    def _say(self, camera: str, name: str, message: Any) -> None:
        self._speakers[camera, name].publish(message)

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        (status,) = message.status
        self.facts = {entry.key: entry.value for entry in status.values}
        self.problem = status.message


def picture(stamp_s: float, awake: int, tired: int = 0, person_id: str = '') -> FrameResult:
    """Everybody happy; the first student is perhaps identified."""
    ids = [f'{i:03}' for i in range(awake + tired)]
    states = [FatigueState.AWAKE] * awake + [FatigueState.TIRED] * tired
    return FrameResult(
        stamp_ns=round(stamp_s * 1e9),
        index=0,
        size_wh=SIZE_WH,
        faces=tuple(
            Face(
                face_id=face_id,
                box_xyxy=(0.0, 0.0, 50.0, 50.0),
                score=0.9,
                keypoints_xy=np.zeros((5, 2)),
                person_id=person_id if face_id == '000' else '',
            )
            for face_id in ids
        ),
        expressions=tuple(
            Expression(face_id=face_id, status=Judgement.JUDGED, label='happy') for face_id in ids
        ),
        fatigue=tuple(
            Fatigue(face_id=face_id, state=state)
            for face_id, state in zip(ids, states, strict=True)
        ),
        head_poses=tuple(HeadPose(face_id=i, direction=Direction.AHEAD) for i in ids),
    )


@contextmanager
def room(**parameters: Any) -> Iterator[tuple[RoomNode, Cameras]]:
    """An active node and its two cameras, which know of each other."""
    given = QUICK | {'room__cameras': 'front, back'} | parameters
    with node_of(RoomNode, **given) as node:
        cameras = Cameras()
        with spinning(cameras):
            cameras.wait_for_listeners(node.inputs)
            yield node, cameras


def test_two_cameras_are_one_room() -> None:
    with room() as (_, cameras):
        cameras.see(FRONT, picture(10.0, awake=3, person_id='ana'))
        cameras.wait_for_state(10.0)
        assert math.isnan(cameras.state.tired_share), 'three are too few'
        cameras.see(BACK, picture(10.2, awake=1, tired=2, person_id='ana'))
        state = cameras.wait_for_state(10.2)
        assert (state.seen, state.judged, state.not_judged) == (5, 5, 0), 'ana counts once'
        assert state.attentive_share == pytest.approx(3 / 5)
        assert state.tired_share == pytest.approx(2 / 5)
        assert state.expression_shares[EXPRESSION_LABELS.index('happy')] == 1.0
        assert state.header.frame_id == ''
        late: list[ClassState] = []
        kind, qos = TOPICS[topics.CLASS_STATE]
        cameras.create_subscription(kind, f'{NAMESPACE}/class_state', late.append, qos)
        wait_until(lambda: late == [state])


def test_a_silent_camera_is_named_and_a_closed_one_is_not() -> None:
    with room() as (node, cameras):
        cameras.see(BACK, picture(10.0, awake=6))
        cameras.see(FRONT, picture(20.0, awake=7))
        assert cameras.wait_for_state(20.0).seen == 7
        wait_until(lambda: cameras.facts.get('left out') == BACK)
        assert BACK in cameras.problem
        cameras.close(BACK)
        wait_until(lambda: cameras.facts['left out'] == '')
        assert cameras.facts['cameras'] == FRONT
        assert not node.problem


def test_eu_school_says_nothing_about_attention() -> None:
    with room(profile='eu_school') as (node, cameras):
        assert node.count_subscribers(f'{FRONT}/expressions') == 0
        cameras.see(FRONT, picture(10.0, awake=6))
        state = cameras.wait_for_state(10.0)
        assert state.tired_share == 0.0
        assert math.isnan(state.attentive_share)
        assert math.isnan(state.looking_away_share)
        assert np.isnan(state.expression_shares).all()
        assert state.trend == ClassState.TREND_UNKNOWN


def test_alerts_about_the_room() -> None:
    with room(**HASTY) as (node, cameras):
        wait_until(lambda: cameras.heard[topics.ACTIVE_ALERTS])
        assert node.facts()['class'] == ''
        assert cameras.heard[topics.ACTIVE_ALERTS].pop().alerts == []
        cameras.see(FRONT, picture(10.0, awake=2, tired=4))
        wait_until(lambda: cameras.heard[topics.ACTIVE_ALERTS])
        raised = cameras.heard[topics.ACTIVE_ALERTS].pop().alerts
        assert [alert.kind for alert in raised] == ['class_attention', 'class_tired']
        assert '33 % attentive, 67 % tired' in node.facts()['class']
        answer = acknowledge(cameras, raised[1].alert_id)
        assert answer.success, answer.message
        assert not acknowledge(cameras, 'alert-0099').success
        wait_until(lambda: cameras.heard[topics.ALERTS][-1].alerts[0].status == 2)
        cameras.see(FRONT, picture(11.0, awake=6))
        wait_until(lambda: not cameras.heard[topics.ACTIVE_ALERTS][-1].alerts)
        cameras.see(FRONT, picture(400.0, awake=0, tired=6))
        wait_until(lambda: len(cameras.heard[topics.ACTIVE_ALERTS][-1].alerts) == 2)
        cameras.close(FRONT)
        wait_until(lambda: not cameras.heard[topics.ACTIVE_ALERTS][-1].alerts)


def acknowledge(cameras: Cameras, alert_id: str) -> AcknowledgeAlert.Response:
    client = cameras.create_client(AcknowledgeAlert, f'{NAMESPACE}/acknowledge_alert')
    assert client.wait_for_service(20.0)
    future = client.call_async(AcknowledgeAlert.Request(alert_id=alert_id))
    wait_until(future.done)
    return future.result()


def test_thresholds_change_at_run_time() -> None:
    with room(**HASTY) as (node, cameras):
        (done,) = node.set_parameters([Parameter('alerts.class_tired.from_share', value=0.9)])
        assert done.successful, done.reason
        cameras.see(FRONT, picture(10.0, awake=1, tired=5))
        wait_until(lambda: cameras.heard[topics.ALERTS])
        kinds = [alert.kind for alert in cameras.heard[topics.ALERTS][-1].alerts]
        assert kinds == ['class_attention']


def test_a_room_without_cameras_is_refused() -> None:
    with node_of(RoomNode, is_active=False) as node:
        assert transition(node, 'configure') is TransitionCallbackReturn.FAILURE
        assert 'room.cameras' in node.problem


def test_a_second_node_in_a_namespace_is_refused() -> None:
    given = {'room__cameras': 'front', 'is_active': False}
    with node_of(RoomNode, **given) as first, node_of(RoomNode, **given) as second:
        assert transition(first, 'configure') is SUCCESS, first.problem
        assert transition(second, 'configure') is TransitionCallbackReturn.FAILURE
        assert f'{NAMESPACE}/room_node' in second.problem
        assert transition(first, 'cleanup') is SUCCESS
        wait_until(lambda: second.count_publishers(topics.CLASS_STATE) == 0)
        assert transition(second, 'configure') is SUCCESS, second.problem


def test_the_way_through_its_life_twice() -> None:
    with node_of(RoomNode, is_active=False, room__cameras='front,back') as node:
        for _ in range(2):
            for name in ('configure', 'activate', 'deactivate', 'activate', 'deactivate'):
                assert transition(node, name) is SUCCESS, node.problem
            assert transition(node, 'cleanup') is SUCCESS


def test_namespaces_of_cameras() -> None:
    assert camera_namespaces('front, back/', '/room') == ('/room/front', '/room/back')
    assert camera_namespaces('/a/front,/b/back,', '/') == ('/a/front', '/b/back')
    assert camera_namespaces('front', '/') == ('/front',)
    for text in ('', ' , ', 'front,/room/front'):
        with pytest.raises(ConfigError, match=r'room\.cameras'):
            camera_namespaces(text, '/room')
