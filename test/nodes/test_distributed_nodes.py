"""Each node of the distributed mode: life cycle, profiles, switches, faults, a closed camera."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from classroom_fer_msgs.srv import (
    AcknowledgeAlert,
    EnrollPerson,
    ForgetPerson,
    ListPeople,
    SetSource,
)
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rcl_interfaces.msg import SetParametersResult
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Image
from std_srvs.srv import SetBool

from classroom_fer_ros.core import results
from classroom_fer_ros.core.alignment import AlignedCrop
from classroom_fer_ros.core.settings import settings_of
from classroom_fer_ros.core.simulation import SimulatedClassroom, SimulationConfig
from classroom_fer_ros.core.switches import ANALYSES
from classroom_fer_ros.nodes import convert, topics
from classroom_fer_ros.nodes.alert_node import AlertNode
from classroom_fer_ros.nodes.analysis_node import AnalysisNode
from classroom_fer_ros.nodes.camera_node import CameraNode
from classroom_fer_ros.nodes.expression_node import ExpressionNode
from classroom_fer_ros.nodes.face_node import FaceNode
from classroom_fer_ros.nodes.head_pose_node import HeadPoseNode
from classroom_fer_ros.nodes.node_config import NodeConfig
from classroom_fer_ros.nodes.overlay_node import OverlayNode
from classroom_fer_ros.nodes.pictures import from_compressed, to_compressed, to_image
from classroom_fer_ros.nodes.room_node import RoomNode
from distributed import NODES, Ear, ear, in_executor, node_of, transition
from harness import NAMESPACE, Client, wait_until

SUCCESS, FAILURE = TransitionCallbackReturn.SUCCESS, TransitionCallbackReturn.FAILURE
SECOND = 10**9
KEYPOINTS_XY = np.array([[20.0, 40], [60, 40], [40, 60], [25, 80], [55, 80]])
HASTY = {'alerts__looking_away__after_s': 1.0}
SMALL = {
    'source': 'simulated',
    'camera__students': 1,
    'camera__width': 320,
    'camera__height': 240,
    'camera__fps': 5.0,
}
pytestmark = pytest.mark.usefixtures('ros')


def picture_of(stamp_ns: int, *ids: str) -> results.FrameResult:
    """A result with faces side by side, not seen well enough to be judged."""
    faces = tuple(
        results.Face(
            face_id=face_id,
            box_xyxy=(200.0 * place, 100.0, 200.0 * place + 100, 200.0),
            score=0.9,
            keypoints_xy=np.add(KEYPOINTS_XY, (200 * place, 100)),
        )
        for place, face_id in enumerate(ids)
    )
    return results.FrameResult(stamp_ns=stamp_ns, index=0, size_wh=(1280, 720), faces=faces)


def say_faces(speaker: Ear, stamp_ns: int, *ids: str) -> None:
    header = convert.to_header(stamp_ns, 'camera')
    speaker.say(topics.FACES, convert.to_face_array(picture_of(stamp_ns, *ids), header))


def say_closed(speaker: Ear, stamp_ns: int) -> None:
    closed = results.FrameResult(stamp_ns=stamp_ns, index=0, size_wh=(0, 0))
    speaker.say(topics.FACES, convert.to_face_array(closed, convert.to_header(stamp_ns, '')))


@pytest.fixture
def listener() -> Iterator[Ear]:
    with ear(*(n for n in (topics.EXPRESSIONS, topics.HEAD_POSE, topics.CLASS_STATE))) as one:
        yield one


@pytest.mark.parametrize('kind', NODES, ids=lambda kind: kind.NAME)
def test_life_cycle_twice(kind: type[AnalysisNode]) -> None:
    with node_of(kind, is_active=False, **SMALL) as node:
        before = _ends(node)
        for _ in range(2):
            for name in ('configure', 'activate', 'deactivate', 'activate', 'deactivate'):
                assert transition(node, name) is SUCCESS, node.problem
            assert transition(node, 'cleanup') is SUCCESS
            wait_until(lambda: _ends(node) == before)  # the graph follows a little later


def _ends(node: AnalysisNode) -> list[tuple[str, list[str]]]:
    """All publishers, subscriptions and services of a node."""
    place = (node.get_name(), node.get_namespace())
    return [
        *node.get_publisher_names_and_types_by_node(*place),
        *node.get_subscriber_names_and_types_by_node(*place),
        *node.get_service_names_and_types_by_node(*place),
    ]


def test_the_nodes_share_out_every_parameter_and_every_switch() -> None:
    declared: set[str] = set()
    for kind in (*NODES, RoomNode):
        with node_of(kind, is_active=False) as node:
            names = set(node._parameters)
            assert {'profile', 'diagnostics_period_s'} <= names
            declared |= names
    alone = {'relief.max_analysis_ms'}  # only the fused mode can do less of everything
    assert {setting.name for setting in settings_of(NodeConfig)} - declared == alone
    assert sorted(name for kind in NODES for name in kind.ANALYSES) == sorted(ANALYSES)


@pytest.mark.parametrize('kind', [*NODES, RoomNode], ids=lambda kind: kind.NAME)
def test_the_page_of_topics_lists_what_a_node_takes_and_gives(kind: type[AnalysisNode]) -> None:
    page = (Path(__file__).parents[2] / 'docs' / 'topics.md').read_text(encoding='utf-8')
    (row,) = [line for line in page.splitlines() if line.startswith(f'| `{kind.NAME}` |')]
    _, _, takes, gives, services, _ = (cell.strip() for cell in row.split('|'))
    for name in kind.OUTPUTS:
        assert f'`{name}`' in gives or name.endswith('/compressed')
    for name in getattr(kind, 'INPUTS', ()):
        assert f'`{name}`' in takes or 'all results' in takes
    for analysis in kind.ANALYSES:
        assert topics.ENABLE.format(analysis=analysis) in services


def test_what_a_profile_forbids_is_refused(tmp_path: Path) -> None:
    gallery = tmp_path / 'gallery.sqlite'
    with node_of(ExpressionNode, is_active=False, profile='eu_school') as node:
        assert transition(node, 'configure') is FAILURE
        assert 'eu_school forbids expression' in node.problem
    with node_of(
        FaceNode, is_active=False, profile='eu_school', gallery_path=str(gallery)
    ) as node:
        assert transition(node, 'configure') is FAILURE
        assert 'eu_school forbids identification' in node.problem
        assert not gallery.exists()
    with node_of(FaceNode, is_active=False, profile='eu_school') as node:
        assert transition(node, 'configure') is SUCCESS
        client = Client(node.executor_of_test)
        name = topics.ENABLE.format(analysis='identification')
        answer = client.call(SetBool, name, data=True)
        assert not answer.success
        assert 'eu_school forbids identification' in answer.message


@pytest.mark.parametrize('profile', ['standard', 'eu_school'])
def test_attention_is_left_out_where_it_is_forbidden(profile: str, listener: Ear) -> None:
    """Five that are awake, one of them looking away all the time; nobody tells expressions."""
    ids = tuple(f'00{number}' for number in range(1, 6))
    with node_of(AlertNode, profile=profile, **HASTY) as node:
        for name in (topics.FACES, topics.FATIGUE, topics.HEAD_POSE):
            listener.wait_for_listeners(name)
        kinds: set[str] = set()
        for stamp_ns in range(0, 6 * SECOND, SECOND // 2):
            say_class(listener, stamp_ns, ids)
            wait_until(
                lambda stamp_ns=stamp_ns: node.meter._pictures == stamp_ns * 2 // SECOND + 1
            )
            kinds |= {alert.kind.value for alert in node.lesson.active}
        state = listener.heard[topics.CLASS_STATE][5 * SECOND]
    is_strict = profile == 'eu_school'
    assert (topics.EXPRESSIONS in node.inputs) is not is_strict
    assert np.isnan(state.attentive_share) == is_strict
    assert state.tired_share == 0.0
    assert ('looking_away' in kinds) is not is_strict


def say_lesson(speaker: Ear, node: AlertNode, ids: tuple[str, ...]) -> None:
    """Six seconds of it, picture by picture."""
    for name in (topics.FACES, topics.FATIGUE, topics.HEAD_POSE):
        speaker.wait_for_listeners(name)
        wait_until(lambda name=name: node.count_publishers(name))
    for number in range(12):
        say_class(speaker, number * SECOND // 2, ids)
        wait_until(lambda number=number: node.meter._pictures == number + 1)


def say_class(speaker: Ear, stamp_ns: int, ids: tuple[str, ...]) -> None:
    header = convert.to_header(stamp_ns, 'camera')
    seen = picture_of(stamp_ns, *ids)
    fatigue = [results.Fatigue(face_id=i, state=results.FatigueState.AWAKE) for i in ids]
    poses = [results.HeadPose(face_id=i, direction=results.Direction.AHEAD) for i in ids]
    poses[0] = results.HeadPose(
        face_id=ids[0], direction=results.Direction.LEFT, looking_away_since_s=0.0
    )
    told = results.FrameResult(
        stamp_ns=stamp_ns,
        index=0,
        size_wh=seen.size_wh,
        fatigue=tuple(fatigue),
        head_poses=tuple(reversed(poses)),  # joined by face_id, never by position
    )
    speaker.say(topics.FATIGUE, convert.to_fatigue_array(told, header))
    speaker.say(topics.HEAD_POSE, convert.to_head_pose_array(told, header))
    speaker.say(topics.FACES, convert.to_face_array(seen, header))


def test_an_alert_is_acknowledged_and_the_camera_s_closing_clears_it(listener: Ear) -> None:
    ids = ('001', '002')
    with node_of(AlertNode, **HASTY) as node:
        say_lesson(listener, node, ids)
        (alert,) = node.lesson.active
        assert alert.face_id == '001'
        client = Client(node.executor_of_test)
        done = client.call(AcknowledgeAlert, topics.ACKNOWLEDGE_ALERT, alert_id=alert.alert_id)
        assert done.success, done.message
        gone = client.call(AcknowledgeAlert, topics.ACKNOWLEDGE_ALERT, alert_id='alert-9999')
        assert (gone.success, 'alert-9999' in gone.message) == (False, True)
        say_closed(listener, 1_700_000_000 * SECOND)
        wait_until(lambda: not node.lesson.active)


@contextmanager
def teller(speaker: Ear) -> Iterator[Callable[[str, bytes, str], None]]:
    """A function that tells /diagnostics how a node is."""
    publisher = speaker.create_publisher(DiagnosticArray, topics.DIAGNOSTICS, topics.RESULTS_QOS)
    wait_until(publisher.get_subscription_count)

    def tell(name: str, level: bytes, message: str) -> None:
        status = DiagnosticStatus(
            name=f'{NAMESPACE.strip("/")}/{name}', level=level, message=message
        )
        publisher.publish(DiagnosticArray(status=[status]))

    yield tell
    speaker.destroy_publisher(publisher)


def test_the_camera_s_trouble_becomes_an_alert() -> None:
    with node_of(AlertNode) as node, ear() as speaker, teller(speaker) as tell:

        def texts_after(name: str, level: bytes, message: str) -> list[str]:
            tell(name, level, message)
            return [alert.text for alert in node.lesson.active]

        warn, error, ok = DiagnosticStatus.WARN, DiagnosticStatus.ERROR, DiagnosticStatus.OK
        wait_until(lambda: texts_after('face_node', warn, 'no picture for 3 s'))
        words = 'the cable is out'
        wait_until(lambda: texts_after('camera_node', error, words) == [words])
        wait_until(lambda: not texts_after('camera_node', ok, '25 pictures a second'))


def test_a_silent_node_becomes_an_alert() -> None:
    hasty = {'alerts__system__after_s': 0.0, 'alerts__system__clear_after_s': 0.0}
    quick = {'alerts__system__silent_after_s': 1.0, 'diagnostics_period_s': 0.1}
    with (
        node_of(AlertNode, **hasty, **quick, language='zh') as node,
        ear() as speaker,
        teller(speaker) as tell,
    ):
        tell('fatigue_node', DiagnosticStatus.OK, '25 pictures a second')
        wait_until(lambda: node.lesson.active)
        (alert,) = node.lesson.active
        assert (alert.kind.value, alert.text) == ('system', 'fatigue_node 没有响应')

        def is_cleared() -> bool:
            tell('fatigue_node', DiagnosticStatus.OK, '25 pictures a second')
            return not node.lesson.active

        wait_until(is_cleared)


def test_alerts_are_kept_quiet_when_asked(listener: Ear) -> None:
    with node_of(AlertNode, **HASTY) as node:
        client = Client(node.executor_of_test)
        done = client.call(SetBool, topics.QUIET_ALERTS, data=True)
        assert (done.success, '10 minutes' in done.message) == (True, True)
        heard = len(listener.heard[topics.CLASS_STATE])
        say_lesson(listener, node, ('001', '002'))
        wait_until(lambda: len(listener.heard[topics.CLASS_STATE]) > heard)
        assert node.lesson.active == ()
        assert client.call(SetBool, topics.QUIET_ALERTS, data=False).success


def test_a_node_begins_anew_with_another_run(listener: Ear) -> None:
    with node_of(ExpressionNode) as node:
        listener.wait_for_listeners(topics.FACES)
        say_faces(listener, 9 * SECOND, '001')
        listener.wait_for(9 * SECOND, topics.EXPRESSIONS)
        say_faces(listener, 2 * SECOND, '001')
        listener.wait_for(2 * SECOND, topics.EXPRESSIONS)
        say_closed(listener, 99 * SECOND)
        listener.wait_for(99 * SECOND, topics.EXPRESSIONS)
        assert listener.heard[topics.EXPRESSIONS][99 * SECOND].expressions == []
        say_faces(listener, SECOND, '001')
        listener.wait_for(SECOND, topics.EXPRESSIONS)
        assert node.problem == ''


def test_a_broken_crop_is_told_and_passed_over(listener: Ear) -> None:
    with node_of(ExpressionNode) as node:
        listener.wait_for_listeners(topics.FACES)
        listener.wait_for_listeners(topics.FACE_CROPS)
        wait_until(lambda: node.count_publishers(topics.FACE_CROPS))
        crop = AlignedCrop(np.full((112, 112, 3), 90, np.uint8), np.eye(3)[:2])
        for second, is_broken in ((1, True), (2, False)):
            header = convert.to_header(second * SECOND, 'camera')
            crops = convert.to_crop_array({'001': crop}, header)
            if is_broken:
                crops.crops[0].image.encoding = 'unheard of'
            listener.say(topics.FACE_CROPS, crops)
            say_faces(listener, second * SECOND, '001')
            if is_broken:
                wait_until(lambda: 'unheard of' in node.problem)
        listener.wait_for(2 * SECOND, topics.EXPRESSIONS)
        (expression,) = listener.heard[topics.EXPRESSIONS][2 * SECOND].expressions
        assert expression.label
        assert node.problem == ''


def test_a_switch_leaves_everybody_unknown(listener: Ear) -> None:
    with node_of(HeadPoseNode) as node:
        listener.wait_for_listeners(topics.FACES)
        client = Client(node.executor_of_test)
        name = topics.ENABLE.format(analysis='head_pose')
        assert client.call(SetBool, name, data=False).success
        say_faces(listener, SECOND, '001', '002')
        listener.wait_for(SECOND, topics.HEAD_POSE)
        poses = listener.heard[topics.HEAD_POSE][SECOND].head_poses
        assert [pose.face_id for pose in poses] == ['001', '002']
        assert all(np.isnan(pose.yaw) for pose in poses)
        assert client.call(SetBool, name, data=True).success
        assert node.is_on('head_pose')


def test_camera_services(data_dir: Path) -> None:
    film = str(data_dir / 'video' / 'face_smile.mp4')
    with node_of(CameraNode, **SMALL) as node:
        client = Client(node.executor_of_test)
        for wanted in (False, False, True, True):  # each may be asked for twice
            answer = client.call(SetBool, topics.OPEN_CAMERA, data=wanted)
            assert answer.success, answer.message
            assert node.camera.is_open is wanted
        assert client.call(SetSource, topics.SET_SOURCE, source=film).success
        for wrong in ('/no/such/film.mp4', f'topic:{topics.IMAGE}'):
            refused = client.call(SetSource, topics.SET_SOURCE, source=wrong)
            assert not refused.success
            assert wrong.removeprefix('topic:') in refused.message
            assert 'face_smile' in node.camera.source.description


def test_what_cannot_start_says_why() -> None:
    with node_of(CameraNode, is_active=False, source='/no/such/film.mp4') as node:
        assert transition(node, 'configure') is SUCCESS
        assert transition(node, 'activate') is FAILURE
        assert '/no/such/film.mp4' in node.problem
    with node_of(ExpressionNode, is_active=False, expression__card='none.json') as node:
        assert transition(node, 'configure') is FAILURE
        assert 'none.json' in node.problem


def test_from_the_camera_to_faces_enrolment_and_closing(tmp_path: Path) -> None:
    with (
        ear(topics.FACES, topics.OVERLAY, topics.MARKERS) as listener,
        node_of(OverlayNode),
        node_of(AlertNode) as alert_node,
        node_of(
            FaceNode, gallery_path=str(tmp_path / 'gallery.sqlite'), enroll_views=1
        ) as face_node,
        node_of(
            CameraNode, **SMALL | {'camera__width': 640, 'camera__height': 480}
        ) as camera_node,
    ):
        heard = listener.heard
        wait_until(lambda: any(message.faces for message in heard[topics.FACES].values()))
        wait_until(lambda: heard[topics.OVERLAY] and heard[topics.MARKERS])
        client = Client(face_node.executor_of_test)
        name = face_node.faces._finder.faces[0].face_id
        answer = client.call(
            EnrollPerson, topics.ENROLL_PERSON, face_id=name, person_name='李小明'
        )
        assert answer.success, answer.message
        assert client.call(ListPeople, topics.LIST_PEOPLE).person_names == ['李小明']
        wait_until(
            lambda: any(
                face.person_name == '李小明'
                for message in list(heard[topics.FACES].values())
                for face in message.faces
            )
        )
        forgotten: list[str] = []
        alert_node.lesson.forget_person = forgotten.append
        erased = client.call(ForgetPerson, topics.FORGET_PERSON, person_id=answer.person_id)
        assert erased.success, erased.message
        wait_until(lambda: forgotten == [answer.person_id])
        camera = Client(camera_node.executor_of_test)
        assert camera.call(SetBool, topics.OPEN_CAMERA, data=False).success
        wait_until(lambda: list(heard[topics.FACES].values())[-1].image_width == 0)
        assert face_node.faces._finder.faces == ()


@pytest.mark.parametrize(
    'offered', [topics.PICTURE_PUB_QOS, topics.PICTURE_SUB_QOS], ids=['reliable', 'best effort']
)
def test_faces_of_any_driver_s_pictures(offered: QoSProfile) -> None:
    """Stamps and frames come back; no camera_node is needed. The driver may start later."""
    image, _ = SimulatedClassroom(SimulationConfig(students=2)).render(0.0)
    with ear(topics.FACES) as listener, node_of(FaceNode, diagnostics_period_s=0.1) as node:
        driver = listener.create_publisher(Image, topics.IMAGE, offered)
        wait_until(lambda: node.takes_reliably is (offered is topics.PICTURE_PUB_QOS))
        wait_until(driver.get_subscription_count)
        for stamp_ns in (7 * SECOND, 8 * SECOND, SECOND):
            driver.publish(to_image(image, convert.to_header(stamp_ns, 'lens')))
            listener.wait_for(stamp_ns, topics.FACES)
        message = listener.heard[topics.FACES][SECOND]
        assert message.header.frame_id == 'lens'
        assert (message.image_width, len(message.faces)) == (image.shape[1], 2)


def test_pictures_are_taken_compressed_and_drawn_on() -> None:
    """By the nodes that take pictures; the raw ones then have no subscriber."""
    names = (topics.FACES, topics.OVERLAY_COMPRESSED)
    with (
        ear(*names) as listener,
        node_of(FaceNode, picture_transport='compressed'),
        node_of(OverlayNode, picture_transport='compressed'),
    ):
        camera = listener.speak_on(topics.IMAGE_COMPRESSED)
        listener.wait_for_listeners(topics.IMAGE_COMPRESSED, 2)
        assert listener.speak_on(topics.IMAGE).get_subscription_count() == 0
        image, _ = SimulatedClassroom(SimulationConfig(students=1)).render(0.0)
        stamps = itertools.count(SECOND, SECOND // 10)

        def is_drawn() -> bool:
            header = convert.to_header(next(stamps), 'camera')
            camera.publish(to_compressed(image, header))
            time.sleep(0.1)
            return bool(listener.heard[topics.OVERLAY_COMPRESSED])

        wait_until(is_drawn)
        stamp_ns, drawn = next(iter(listener.heard[topics.OVERLAY_COMPRESSED].items()))
        assert len(listener.heard[topics.FACES][stamp_ns].faces) == 1
        assert from_compressed(drawn).shape == image.shape


def set_parameter(node: AnalysisNode, name: str, value: object) -> SetParametersResult:
    parameter = Parameter(name, value=value)
    (result,) = in_executor(node.executor_of_test, lambda: node.set_parameters([parameter]))
    return result


def test_live_parameters_reach_the_node_that_uses_them(data_dir: Path) -> None:
    other = str(data_dir / 'video' / 'face_smile.mp4')
    changes = (
        (CameraNode, 'source', other, lambda node: 'face_smile' in node.camera.source.description),
        (FaceNode, 'identity_interval_s', 9.0, lambda n: n.faces._identity._interval_s == 9.0),
        (
            ExpressionNode,
            'expression_interval_s',
            9.0,
            lambda node: node._stage._interval_s == 9.0,
        ),
        (
            AlertNode,
            'alerts.tired.after_s',
            9.0,
            lambda node: node.lesson._alerts._config.tired.after_s == 9.0,
        ),
    )
    for kind, name, value, is_taken in changes:
        with node_of(kind, **SMALL) as node:
            refused = set_parameter(node, 'profile', 'research')
            assert not refused.successful, 'is not live'
            done = set_parameter(node, name, value)
            assert done.successful, done.reason
            assert is_taken(node), name
    with node_of(CameraNode, **SMALL) as node:
        refused = set_parameter(node, 'source', '/no/such/film.mp4')
        assert not refused.successful
        assert '/no/such/film.mp4' in refused.reason
        assert node.camera.is_open
