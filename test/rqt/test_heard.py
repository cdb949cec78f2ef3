"""What the window makes of what it hears: over DDS, from a node that says what the test wants."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
import pytest
from classroom_fer_msgs.msg import AlertArray, FaceArray
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.node import Node
from sensor_msgs.msg import CompressedImage

from classroom_fer_ros.core.results import (
    Alert,
    AlertKind,
    AlertStatus,
    Expression,
    Face,
    Fatigue,
    FatigueState,
    FrameResult,
    HeadPose,
    Judgement,
    Severity,
)
from classroom_fer_ros.core.settings import settings_of
from classroom_fer_ros.nodes import convert, enrolment, topics
from classroom_fer_ros.nodes.analysis_thread import Performance
from classroom_fer_ros.nodes.diagnostics import to_diagnostics
from classroom_fer_ros.nodes.node_config import NodeConfig
from classroom_fer_ros.nodes.pictures import to_compressed
from classroom_fer_ros.nodes.result_publishers import TOPICS
from classroom_fer_ros.rqt.facts import WATCHED
from classroom_fer_ros.rqt.mailbox import Mailbox
from classroom_fer_ros.rqt.model import MonitorModel
from classroom_fer_ros.rqt.monitor_widget import MonitorWidget
from classroom_fer_ros.rqt.ros_link import RosLink
from classroom_fer_ros.rqt.ros_requests import patience_s

NAMESPACE = '/classroom/heard'
RESULTS = {
    topics.FACES: convert.to_face_array,
    topics.EXPRESSIONS: convert.to_expression_array,
    topics.FATIGUE: convert.to_fatigue_array,
    topics.HEAD_POSE: convert.to_head_pose_array,
}
ALERT = Alert(
    alert_id='1',
    kind=AlertKind.TIRED,
    severity=Severity.WARNING,
    status=AlertStatus.RAISED,
    since_s=1.0,
    text='Ana looks tired',
    subject='Ana',
    face_id='001',
)
Until = Callable[..., None]


@dataclass
class Heard:
    """A node that publishes, and the window that listens."""

    node: Node
    publishers: dict[str, Any]
    model: MonitorModel
    widget: MonitorWidget

    def say(self, stamp_s: float, name: str = 'Ana', has_picture: bool = True) -> None:
        """One picture with one face in it."""
        header = convert.to_header(round(stamp_s * 1e9), 'camera')
        result = result_of(stamp_s, name)
        for topic, make in RESULTS.items():
            self.publishers[topic].publish(make(result, header))
        if has_picture:
            image = np.full((120, 160, 3), 90, np.uint8)
            cv2.circle(image, (80, 60), 30, (0, 200, 255), -1)
            picture = to_compressed(image, header, 160)
            self.publishers[topics.PREVIEW_COMPRESSED].publish(picture)

    def alert(self, *alerts: Alert) -> None:
        header = convert.to_header(1_000_000_000, 'camera')
        self.publishers[topics.ALERTS].publish(convert.to_alert_array(alerts, header))

    def status(self, state: str = 'open', rate: float = 25.0, problem: str = '') -> None:
        performance = Performance(
            pictures=1, dropped=0, fps=rate, analysis_ms=1.0, idle_s=0.0, stage_ms={}
        )
        self.publishers[topics.DIAGNOSTICS].publish(
            to_diagnostics(
                f'{NAMESPACE.strip("/")}/pipeline_node',
                convert.to_header(time.time_ns(), ''),
                'a test',
                problem,
                performance,
                {'source state': state, 'profile': 'standard'},
            )
        )

    def keys(self) -> list[str]:
        return [trouble.key for trouble in self.model.troubles]


def result_of(stamp_s: float, name: str) -> FrameResult:
    return FrameResult(
        stamp_ns=round(stamp_s * 1e9),
        index=0,
        size_wh=(160, 120),
        faces=(
            Face(
                face_id='001',
                box_xyxy=(50.0, 30.0, 110.0, 90.0),
                score=1.0,
                keypoints_xy=np.zeros((5, 2)),
                person_id='p',
                person_name=name,
            ),
        ),
        expressions=(
            Expression(face_id='001', status=Judgement.JUDGED, label='happy', confidence=0.8),
        ),
        fatigue=(Fatigue(face_id='001', state=FatigueState.TIRED, level=0.7),),
        head_poses=(HeadPose(face_id='001'),),
    )


@pytest.fixture(scope='module')
def heard(ros_module: None, application: Any, until: Until) -> Iterator[Heard]:
    node = Node('pipeline_node', namespace=NAMESPACE)
    publishers = {
        name: node.create_publisher(TOPICS[name][0], name, TOPICS[name][1])
        for name in (*RESULTS, topics.PREVIEW_COMPRESSED, topics.ALERTS)
    }
    publishers[topics.DIAGNOSTICS] = node.create_publisher(
        DiagnosticArray, topics.DIAGNOSTICS, topics.RESULTS_QOS
    )
    link = RosLink(NAMESPACE)
    model = MonitorModel(link)
    widget = MonitorWidget(model, 'en', 'light')
    widget.show()
    link.begin()
    until(lambda: all(one.get_subscription_count() for one in publishers.values()))
    yield Heard(node, publishers, model, widget)
    link.end()
    widget.close()
    node.destroy_node()


def test_results_are_drawn_on_their_own_picture(heard: Heard, until: Until) -> None:
    heard.say(100.0)
    until(lambda: heard.model.result_picture is not None and heard.model.shown_faces)
    assert heard.model.result_picture.stamp_ns == 100_000_000_000
    bare = heard.widget.pictures.original.grab().toImage()
    drawn = heard.widget.pictures.result.grab().toImage()
    assert bare != drawn
    heard.say(100.1, has_picture=False)  # its preview got lost on the way
    until(lambda: heard.model.stamp_s == pytest.approx(100.1))
    assert heard.model.result_picture.stamp_ns == 100_000_000_000


def test_a_row_says_everything(heard: Heard, until: Until) -> None:
    heard.say(101.0)
    until(lambda: heard.model.students)
    words = heard.widget.students.words.line(heard.model.students[0])
    for word in ('Ana', 'happy', 'tired', 'direction unknown'):
        assert word in words
    assert heard.widget.students.crops.crop('001', 32).width() == 32


def test_a_name_in_any_script_and_markup(heard: Heard, until: Until) -> None:
    heard.say(102.0, name='<b>小明</b> & Zoë')
    until(lambda: heard.model.students and '小明' in heard.model.students[0].person_name)
    assert not heard.widget.grab().isNull()


def test_tired_pops_up_without_focus_and_can_be_muted(heard: Heard, until: Until) -> None:
    toasts = heard.widget.toasts
    heard.say(103.0)
    until(lambda: heard.model.faces)
    heard.alert(ALERT, replace(ALERT, alert_id='2', kind=AlertKind.LOOKING_AWAY))
    until(lambda: toasts.shown)
    (toast,) = toasts.shown  # looking away is no reason
    assert toast.text.text() == 'Ana looks tired'
    assert not toast.isActiveWindow()
    heard.model.select('')
    toast.mousePressEvent(None)
    assert heard.model.selected == '001'
    assert not toasts.shown
    heard.widget.window_panel.popups.setChecked(False)
    heard.alert(replace(ALERT, alert_id='3'))
    until(lambda: len(heard.model.log.newest_first) == 3)
    assert not toasts.shown
    heard.widget.window_panel.popups.setChecked(True)


def test_the_first_alert_of_the_next_lesson_pops_up_too(heard: Heard, until: Until) -> None:
    """Ids begin anew with every lesson."""
    heard.say(104.0)
    until(lambda: heard.model.faces)
    heard.alert(ALERT)
    until(lambda: heard.model.log.newest_first)
    heard.widget.toasts.clear()
    heard.publishers[topics.FACES].publish(FaceArray(header=convert.to_header(1, 'camera')))
    until(lambda: not heard.model.faces)
    heard.alert(ALERT)
    until(lambda: heard.widget.toasts.shown)
    heard.widget.toasts.clear()


def test_slow_broken_and_gone(heard: Heard, until: Until, monkeypatch: pytest.MonkeyPatch) -> None:
    heard.status(rate=9.0)
    until(lambda: '9.0' in heard.widget.pictures.rate.text())

    def told(**status: object) -> Callable[[], list[str]]:
        def tell() -> list[str]:
            heard.status(**status)
            heard.say(time.monotonic())
            return heard.keys()

        return tell

    slow = told(rate=9.0)
    until(lambda: slow() == ['slow'])
    assert 'blinks' in heard.widget.pictures.banner.text()
    broken = told(problem='the cable is out')
    until(lambda: broken() == ['camera_trouble'])
    assert 'the cable is out' in heard.widget.pictures.banner.text()
    monkeypatch.setattr('classroom_fer_ros.rqt.health.STATUS_GONE_S', 0.2)
    until(lambda: heard.keys() == ['gone'])
    assert 'pipeline_node is gone' in heard.widget.pictures.banner.text()


def test_a_publisher_that_does_not_match_is_named(heard: Heard, until: Until) -> None:
    other = heard.node.create_publisher(FaceArray, topics.FACES, topics.PICTURE_SUB_QOS)
    late = heard.node.create_publisher(AlertArray, topics.ACTIVE_ALERTS, topics.RESULTS_QOS)
    until(lambda: heard.keys()[:2] == ['qos', 'qos'])
    words = heard.widget.pictures.banner.text()
    assert 'faces' in words
    assert 'reliability' in words
    assert 'durability' in words
    refused = {topics.FACES: 'reliability', topics.ACTIVE_ALERTS: 'durability'}
    assert heard.model.system.graph.refused == refused
    heard.node.destroy_publisher(other)
    until(lambda: set(heard.model.system.graph.refused) == {topics.ACTIVE_ALERTS})
    heard.node.destroy_publisher(late)
    until(lambda: heard.keys().count('qos') == 0)
    assert heard.model.system.graph.refused == {}


def test_what_is_no_picture_ends_nothing(heard: Heard, until: Until) -> None:
    broken = CompressedImage(header=convert.to_header(200_000_000_000, 'camera'), format='jpeg')
    broken.data = b'no jpeg'
    heard.publishers[topics.PREVIEW_COMPRESSED].publish(broken)
    until(lambda: heard.model.picture.stamp_ns == 200_000_000_000)
    assert not heard.widget.grab().isNull()


def test_what_nobody_offers_cannot_be_switched(heard: Heard) -> None:
    controls = heard.widget.controls
    controls.refresh()
    for control in (*controls.switches.values(), *controls.thresholds.values(), controls.open):
        assert not control.isEnabled()
    assert controls.switches['capture'].toolTip()


def test_the_parameters_that_are_watched_are_there() -> None:
    known = {setting.name for setting in settings_of(NodeConfig)}
    assert {name for names in WATCHED.values() for name in names} <= known


def test_a_mailbox_holds_the_newest_only(application: Any) -> None:
    mailbox, arrived = Mailbox(), []
    mailbox.arrived.connect(lambda: arrived.append(mailbox))
    for number in range(1, 4):
        mailbox.put(number)
    assert (mailbox.take(), mailbox.take(), mailbox.passed_over) == (3, None, 2)
    mailbox.put(4)
    assert len(arrived) == 2


def test_enrolling_is_waited_for_as_long_as_it_may_take() -> None:
    (longest_s,) = [
        setting.range[1] for setting in settings_of(NodeConfig) if setting.name == 'enroll_s'
    ]
    assert patience_s(topics.ENROLL_PERSON) > longest_s + 2 * enrolment.PATIENCE_S
