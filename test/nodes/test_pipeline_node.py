"""The fused node: life cycle, every topic in a second process, services, bad parameters."""

from pathlib import Path

import numpy as np
import pytest
from classroom_fer_msgs.srv import AcknowledgeAlert, ListPeople, SetSource
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.node import Node
from rclpy.parameter import Parameter
from sensor_msgs.msg import Image
from std_msgs.msg import Header
from std_srvs.srv import SetBool

from classroom_fer_ros.core.results import AlertKind
from classroom_fer_ros.nodes import topics
from classroom_fer_ros.nodes.convert import to_time
from classroom_fer_ros.nodes.pictures import to_image
from classroom_fer_ros.nodes.result_publishers import TOPICS
from harness import NAMESPACE, Client, pipeline_node, wait_until
from processes import listening

SUCCESS, FAILURE = TransitionCallbackReturn.SUCCESS, TransitionCallbackReturn.FAILURE
pytestmark = pytest.mark.usefixtures('ros')


@pytest.fixture
def film(data_dir: Path) -> str:
    return str(data_dir / 'video' / 'classroom_pupils_720p.mp4')


def test_every_topic_reaches_another_process(film: str) -> None:
    """With the stamps of the pictures, unchanged."""
    stamps: set[int] = set()
    # A class that turns its heads: the first glance aside raises an alert. That a busy machine
    # brings no pictures is told at the time of day.
    impatient = {
        'head_motion__away_deg': 10.0,
        'head_motion__away_s': 0.2,
        'alerts__camera__is_on': False,
        'alerts__system__is_on': False,
    }
    with (
        listening(NAMESPACE) as listener,
        pipeline_node(source=film, opens_at_start=False, **impatient) as node,
    ):
        ended = []
        node.on_end = ended.append
        node.add_listener(lambda frame, result, overlay: stamps.add(frame.stamp_ns))
        assert node.trigger_configure() is SUCCESS
        assert node.trigger_activate() is SUCCESS
        wait_until(lambda: node.count_subscribers(topics.MARKERS))
        wait_until(lambda: node.publishers_are_wanted(*TOPICS))
        node.open_camera()
        wait_until(lambda: ended)
        received = listener.finish()
    assert ended == ['']
    for name in TOPICS:
        assert received.get(name), f'nothing on {name}'
        if name != topics.ACTIVE_ALERTS:  # is also published when the camera closes
            assert set(received[name]) <= stamps, name
    for name in (topics.FACES, topics.EXPRESSIONS, topics.FATIGUE, topics.HEAD_POSE):
        assert len(received[name]) >= 0.9 * len(stamps), name
    assert received[topics.DIAGNOSTICS]


def test_life_cycle_twice(film: str) -> None:
    with pipeline_node(source=film) as node:
        for _ in range(2):
            seen: list[int] = []
            node.add_listener(lambda frame, result, overlay, seen=seen: seen.append(frame.index))
            assert node.trigger_configure() is SUCCESS
            assert node.trigger_activate() is SUCCESS
            wait_until(lambda seen=seen: len(seen) >= 5)
            assert node.trigger_deactivate() is SUCCESS
            count = len(seen)
            assert not node.is_camera_open
            assert node.trigger_cleanup() is SUCCESS
            assert len(seen) == count
            # The graph follows a little later.
            wait_until(lambda: not [t for t, _ in _own_topics(node) if t.endswith('/faces')])


def _own_topics(node: Node) -> list[tuple[str, list[str]]]:
    return node.get_publisher_names_and_types_by_node(node.get_name(), node.get_namespace())


def test_camera_services(film: str, data_dir: Path) -> None:
    other = str(data_dir / 'video' / 'face_smile.mp4')
    with pipeline_node(source=film) as node:
        node.trigger_configure()
        node.trigger_activate()
        client = Client(node.executor_of_test)
        for wanted in (False, False, True, True):  # each may be asked for twice
            answer = client.call(SetBool, topics.OPEN_CAMERA, data=wanted)
            assert answer.success, answer.message
            assert node.is_camera_open is wanted
        assert client.call(SetSource, topics.SET_SOURCE, source=other).success
        assert 'face_smile' in node.source.description
        refused = client.call(SetSource, topics.SET_SOURCE, source='/no/such/film.mp4')
        assert not refused.success
        assert '/no/such/film.mp4' in refused.message
        assert 'face_smile' in node.source.description
        assert node.is_camera_open


def test_an_inactive_node_opens_no_camera(film: str) -> None:
    with pipeline_node(source=film) as node:
        node.trigger_configure()
        client = Client(node.executor_of_test)
        answer = client.call(SetBool, topics.OPEN_CAMERA, data=True)
        assert (answer.success, 'not active' in answer.message) == (False, True)
        assert not node.is_camera_open


@pytest.mark.parametrize('source', ['topic:/cam/', 'topic:/classroom/test/image_raw'])
def test_topics_that_cannot_be_a_source_are_refused(film: str, source: str) -> None:
    """A name that is none, and the node's own output."""
    with pipeline_node(source=film) as node:
        node.trigger_configure()
        node.trigger_activate()
        client = Client(node.executor_of_test)
        answer = client.call(SetSource, topics.SET_SOURCE, source=source)
        assert not answer.success
        assert source.removeprefix('topic:') in answer.message
        assert 'classroom_pupils' in node.source.description


def test_analysis_switches(film: str) -> None:
    with pipeline_node(source=film) as node:
        node.trigger_configure()
        node.trigger_activate()
        client = Client(node.executor_of_test)
        name = topics.ENABLE.format(analysis='expression')
        assert client.call(SetBool, name, data=False).success
        assert 'expression' not in node.pipeline.enabled
        assert client.call(SetBool, name, data=True).success
        assert 'expression' in node.pipeline.enabled


def test_answers_say_why_not(film: str) -> None:
    with pipeline_node(source=film, gallery_path='') as node:
        node.trigger_configure()
        node.trigger_activate()
        client = Client(node.executor_of_test)
        answer = client.call(AcknowledgeAlert, topics.ACKNOWLEDGE_ALERT, alert_id='alert-9999')
        assert (answer.success, 'alert-9999' in answer.message) == (False, True)
        answer = client.call(ListPeople, topics.LIST_PEOPLE)
        assert (answer.success, 'gallery_path' in answer.message) == (False, True)


def test_a_topic_as_source(film: str) -> None:
    """Pictures of any driver: their stamps and frames come back, broken ones are passed over."""
    image = np.zeros((48, 64, 3), np.uint8)
    with pipeline_node(source='topic:/driver/image_raw') as node:
        results: list = []
        node.add_listener(lambda frame, result, overlay: results.append(result))
        node.trigger_configure()
        node.trigger_activate()
        driver = Node('driver')
        publisher = driver.create_publisher(Image, '/driver/image_raw', topics.PICTURE_PUB_QOS)
        wait_until(lambda: publisher.get_subscription_count())
        broken = to_image(image, Header())
        broken.encoding = 'unheard of'
        publisher.publish(broken)
        wait_until(lambda: 'unheard of' in node.problem)
        header = Header(frame_id='lens')
        for second in (5, 6, 3):  # a bag that starts again goes back in time
            header.stamp.sec = second
            publisher.publish(to_image(image, header))
            wait_until(lambda second=second: results and results[-1].stamp_ns == second * 10**9)
        wait_until(lambda: any(a.kind is AlertKind.CAMERA for a in node.pipeline.active_alerts))
        publisher.publish(to_image(image, Header(stamp=to_time(7 * 10**9), frame_id='lens')))
        wait_until(lambda: node.pipeline.active_alerts == ())
        assert node.source.frame_id == 'lens'
        assert node.problem == ''
        driver.destroy_node()


@pytest.mark.parametrize(
    ('parameters', 'words'),
    [
        pytest.param({'source': '/no/such/film.mp4'}, '/no/such/film.mp4', id='no film'),
        pytest.param({'expression__card': 'none.json'}, 'none.json', id='no model'),
    ],
)
def test_what_cannot_start_says_why(parameters: dict[str, str], words: str) -> None:
    with pipeline_node(**parameters) as node:
        outcomes = [node.trigger_configure()]
        if outcomes[-1] is SUCCESS:
            outcomes.append(node.trigger_activate())
        assert outcomes[-1] is FAILURE
        assert words in node.problem


def test_parameters_out_of_range_are_refused() -> None:
    with (
        pytest.raises(Exception, match=r'min_score'),
        pipeline_node(detection__min_score=7.0),
    ):
        pass


def test_parameters_are_described_and_guarded(film: str) -> None:
    with pipeline_node(source=film) as node:
        descriptor = node.describe_parameter('tracking.lost_hold_s')
        assert descriptor.description.endswith('[s]')
        assert descriptor.floating_point_range[0].to_value == 60.0
        (refused,) = node.set_parameters([Parameter('tracking.lost_hold_s', value=5.0)])
        assert not refused.successful
