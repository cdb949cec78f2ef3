"""Capture in both modes: off by default, the same faces, on demand, switched while it runs."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from classroom_fer_msgs.srv import CaptureFace
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.parameter import Parameter
from sensor_msgs.msg import Image
from std_msgs.msg import String

from captures import NOW_S
from classroom_fer_ros.core.capture import FaceCapture
from classroom_fer_ros.core.capture_config import CaptureConfig
from classroom_fer_ros.core.capture_record import CaptureRecord, Reason
from classroom_fer_ros.core.capture_store import CaptureStore
from classroom_fer_ros.core.label_steps import LabelSteps
from classroom_fer_ros.core.model_files import models_dir
from classroom_fer_ros.core.pipeline import ClassroomPipeline, PipelineConfig
from classroom_fer_ros.core.profiles import profile_named
from classroom_fer_ros.core.results import FrameResult
from classroom_fer_ros.core.sources import SourceConfig, open_source
from classroom_fer_ros.nodes import convert, topics
from classroom_fer_ros.nodes.dataset_node import DatasetNode
from classroom_fer_ros.nodes.pictures import to_image
from distributed import Ear, ear, node_of, transition
from harness import Client, pipeline_node, wait_until

SUCCESS, FAILURE = TransitionCallbackReturn.SUCCESS, TransitionCallbackReturn.FAILURE
SPOKEN = (topics.FACES, topics.FACE_CROPS, topics.EXPRESSIONS, topics.HEAD_POSE)
pytestmark = pytest.mark.usefixtures('ros')


@pytest.fixture
def film(data_dir: Path) -> str:
    return str(data_dir / 'video' / 'classroom_pupils_720p.mp4')


def records(folder: Path) -> list[CaptureRecord]:
    return CaptureStore.open(folder).records()


def switch(node: object, is_on: bool) -> None:
    (answer,) = node.set_parameters([Parameter('capture.is_enabled', value=is_on)])
    assert answer.successful, answer.reason


def test_nothing_is_kept_unasked(film: str, tmp_path: Path) -> None:
    folder = tmp_path / 'captures'
    with pipeline_node(source=film, profile='research', capture__folder=str(folder)) as node:
        seen: list = []
        node.add_listener(lambda frame, result, overlay: seen.append(result))
        node.trigger_configure()
        node.trigger_activate()
        wait_until(lambda: len(seen) > 10 and seen[-1].faces)
        answer = Client(node.executor_of_test).call(
            CaptureFace, topics.CAPTURE_FACE, face_id=seen[-1].faces[0].face_id
        )
        assert (answer.success, 'capture is off' in answer.message) == (False, True)
    assert not folder.exists()


def test_the_fused_node_keeps_faces(film: str, tmp_path: Path) -> None:
    """By itself and on demand, and no more once it is switched off."""
    settings = {'source': film, 'profile': 'research', 'capture__folder': str(tmp_path)}
    with pipeline_node(**settings, camera__is_looped=True) as node:
        newest: list = [None]
        node.add_listener(lambda frame, result, overlay: newest.__setitem__(0, result))
        node.trigger_configure()
        node.trigger_activate()
        wait_until(lambda: newest[0] and newest[0].faces)
        switch(node, True)
        wait_until(lambda: len(records(tmp_path)) >= 3)
        client = Client(node.executor_of_test)
        answer = client.call(
            CaptureFace,
            topics.CAPTURE_FACE,
            face_id=newest[0].faces[0].face_id,
            label='happy',
        )
        assert answer.success, answer.message
        (asked,) = [one for one in records(tmp_path) if one.reason is Reason.ASKED]
        assert Path(answer.path) == tmp_path / asked.file
        assert LabelSteps(CaptureStore.open(tmp_path)).current() == {asked.capture_id: 'happy'}
        gone = client.call(CaptureFace, topics.CAPTURE_FACE, face_id='999')
        assert (gone.success, '999' in gone.message) == (False, True)
        switch(node, False)
        count, last = len(records(tmp_path)), newest[0].stamp_ns
        wait_until(lambda: newest[0].stamp_ns > last + 2_000_000_000)
        assert len(records(tmp_path)) == count


def test_a_source_that_starts_again_is_another_session(film: str, tmp_path: Path) -> None:
    """Ids of faces begin anew with it: the same id is somebody else then."""
    settings = {'profile': 'research', 'capture__folder': str(tmp_path)}
    source = open_source(SourceConfig(source=film, is_paced=False), start_ns=0)
    frames = [source.read() for _ in range(20)]
    source.close()
    with (
        ear() as driver,
        pipeline_node(
            source='topic:/driver/image_raw', capture__is_enabled=True, **settings
        ) as node,
    ):
        assert node.trigger_configure() is SUCCESS
        node.trigger_activate()
        publisher = driver.create_publisher(Image, '/driver/image_raw', topics.PICTURE_PUB_QOS)
        wait_until(publisher.get_subscription_count)
        for sessions, begin_s in ((1, 100), (2, 1)):
            stamps = itertools.count(begin_s * 10**9, 10**8)

            def is_kept(sessions: int = sessions, stamps: Iterator[int] = stamps) -> bool:
                stamp_ns = next(stamps)
                image = frames[stamp_ns // 10**8 % len(frames)].image_bgr
                publisher.publish(to_image(image, convert.to_header(stamp_ns, 'lens')))
                time.sleep(0.1)
                return len({one.session for one in records(tmp_path)}) == sessions

            wait_until(is_kept, 30.0)


@pytest.mark.parametrize('make', [pipeline_node, None], ids=['fused', 'distributed'])
def test_eu_school_refuses(make: object, tmp_path: Path) -> None:
    settings = {'profile': 'eu_school', 'capture__is_enabled': True}
    if make is None:
        with node_of(DatasetNode, is_active=False, **settings) as node:
            assert transition(node, 'configure') is FAILURE
            assert 'eu_school forbids capture' in node.problem
        return
    with pipeline_node(**settings) as node:
        assert node.trigger_configure() is FAILURE
        assert 'eu_school forbids capture' in node.problem


def test_eu_school_cannot_be_switched_on_later(film: str) -> None:
    with pipeline_node(source=film, profile='eu_school') as node:
        assert node.trigger_configure() is SUCCESS
        (answer,) = node.set_parameters([Parameter('capture.is_enabled', value=True)])
        assert not answer.successful
        assert 'eu_school forbids capture' in answer.reason


def speak(speaker: Ear, result: object, crops: object) -> None:
    header = convert.to_header(result.stamp_ns, 'camera')
    speaker.say(topics.FACE_CROPS, convert.to_crop_array(crops, header))
    speaker.say(topics.EXPRESSIONS, convert.to_expression_array(result, header))
    speaker.say(topics.HEAD_POSE, convert.to_head_pose_array(result, header))
    speaker.say(topics.FACES, convert.to_face_array(result, header))


def summary(folder: Path) -> list[tuple[object, ...]]:
    return sorted((one.stamp_ns, one.face_id, one.reason, one.label) for one in records(folder))


def test_the_distributed_node_keeps_what_the_fused_one_would(film: str, tmp_path: Path) -> None:
    """Of the same results, joined by stamp."""
    config = PipelineConfig(profile='research', num_threads=1)
    pipeline = ClassroomPipeline(config)
    fused = CaptureConfig(folder=str(tmp_path / 'fused'), min_interval_s=0.0, look_interval_s=0.2)
    capture = FaceCapture(
        fused, profile_named('research'), [models_dir() / 'expression.json'], NOW_S
    )
    source = open_source(SourceConfig(source=film, is_paced=False), start_ns=0)
    settings = {
        'profile': 'research',
        'capture__is_enabled': True,
        'capture__folder': str(tmp_path / 'distributed'),
        'capture__min_interval_s': 0.0,
        'capture__look_interval_s': 0.2,
    }
    with ear() as speaker, node_of(DatasetNode, **settings) as node:
        for name in SPOKEN:
            speaker.wait_for_listeners(name)
        for number in range(25):
            result = pipeline.process(source.read())
            capture.update(result, pipeline.cut, NOW_S)
            speak(speaker, result, pipeline.crops())
            wait_until(lambda number=number: node.meter.performance() is not None)
            wait_until(lambda number=number: node.meter.performance().pictures == number + 1)
        assert node.problem == ''
        answer = Client(node.executor_of_test).call(
            CaptureFace, topics.CAPTURE_FACE, face_id=result.faces[0].face_id
        )
        assert answer.success, answer.message
        assert Path(answer.path).is_file()
    source.close()
    pipeline.close()
    expected = summary(tmp_path / 'fused')
    assert len(expected) >= 5
    found = [one for one in summary(tmp_path / 'distributed') if one[2] is not Reason.ASKED]
    assert found == expected


def named(result: FrameResult, person_id: str) -> FrameResult:
    """The same with everybody named so."""
    faces = tuple(replace(one, person_id=person_id) for one in result.faces)
    return replace(result, faces=faces)


def test_pictures_on_their_way_of_who_was_forgotten_are_not_kept(
    film: str, tmp_path: Path
) -> None:
    settings = {
        'profile': 'standard',
        'capture__is_enabled': True,
        'capture__folder': str(tmp_path),
    }
    pipeline = ClassroomPipeline(PipelineConfig(num_threads=1))
    source = open_source(SourceConfig(source=film, is_paced=False), start_ns=0)
    with ear() as speaker, node_of(DatasetNode, **settings):
        forgotten_pub = speaker.create_publisher(
            String, topics.PERSON_FORGOTTEN, topics.RESULTS_QOS
        )
        wait_until(lambda: forgotten_pub.get_subscription_count() == 1)
        for name in SPOKEN:
            speaker.wait_for_listeners(name)
        while not (result := pipeline.process(source.read())).faces:
            pass
        speak(speaker, named(result, 'ana'), pipeline.crops())
        wait_until(lambda: records(tmp_path))
        forgotten_pub.publish(String(data='ana'))
        wait_until(lambda: not records(tmp_path))
        late = replace(result, stamp_ns=result.stamp_ns + 60_000_000_000)
        speak(speaker, named(late, 'ana'), pipeline.crops())
        speak(speaker, named(replace(late, stamp_ns=late.stamp_ns + 1), 'bo'), pipeline.crops())
        wait_until(lambda: records(tmp_path))
        assert {one.person_id for one in records(tmp_path)} == {'bo'}
    source.close()
    pipeline.close()


def test_the_distributed_node_takes_crops_only_while_it_keeps_them(tmp_path: Path) -> None:
    with node_of(DatasetNode, profile='research', capture__folder=str(tmp_path)) as node:
        assert node.count_subscribers(topics.FACE_CROPS) == 0
        switch(node, True)
        wait_until(lambda: node.count_subscribers(topics.FACE_CROPS) == 1)
        switch(node, False)
        wait_until(lambda: node.count_subscribers(topics.FACE_CROPS) == 0)
