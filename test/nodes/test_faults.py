"""What goes wrong in a class: the node says what it is and what to do, and goes on or stops."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.qos import QoSProfile, QoSReliabilityPolicy
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from classroom_fer_ros.core.errors import SourceError
from classroom_fer_ros.core.model_card import sha256_of
from classroom_fer_ros.core.model_files import models_dir
from classroom_fer_ros.core.results import AlertKind, FrameResult
from classroom_fer_ros.core.sources import SourceConfig
from classroom_fer_ros.core.sources import device as device_module
from classroom_fer_ros.core.sources.device import DeviceSource
from classroom_fer_ros.nodes import analysis_node, source_node, topics
from classroom_fer_ros.nodes import pipeline_node as node_module
from classroom_fer_ros.nodes.convert import to_time
from classroom_fer_ros.nodes.pictures import to_compressed, to_image
from classroom_fer_ros.nodes.pipeline_node import PipelineNode
from harness import NAMESPACE, pipeline_node, wait_until
from processes import listening

SUCCESS, FAILURE = TransitionCallbackReturn.SUCCESS, TransitionCallbackReturn.FAILURE
TOPIC = '/driver/image_raw'
RUN = (sys.executable, '-m', 'classroom_fer_ros.run')
pytestmark = pytest.mark.usefixtures('ros')


def watch(node: PipelineNode) -> list[FrameResult]:
    """Start a node; every result, as they come."""
    results: list[FrameResult] = []
    node.add_listener(lambda frame, result, overlay: results.append(result))
    assert node.trigger_configure() is SUCCESS
    assert node.trigger_activate() is SUCCESS
    return results


def warnings_of(node: PipelineNode, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the node will log as a warning or an error."""
    said: list[str] = []
    logger = node.get_logger()
    for level in ('warning', 'error'):
        monkeypatch.setattr(logger, level, lambda text, **_: said.append(text))
    monkeypatch.setattr(node, 'get_logger', lambda: logger)
    return said


@contextmanager
def driver(kind: type = Image, topic: str = TOPIC, qos: QoSProfile | None = None) -> Iterator:
    """A camera driver."""
    node = Node('driver')
    try:
        yield node.create_publisher(kind, topic, qos or topics.PICTURE_PUB_QOS)
    finally:
        node.destroy_node()


def publish_until(
    publisher: Publisher, message: object, is_true: Callable[[], object], timeout_s: float = 20.0
) -> None:
    """Best effort may lose one, and discovery takes its time: publish again, each time later."""
    end_s = time.monotonic() + timeout_s
    while not is_true():
        assert time.monotonic() < end_s, 'waited in vain'
        message.header.stamp = to_time(time.time_ns())
        publisher.publish(message)
        time.sleep(0.1)


class Camera:
    """Gives grey pictures while it is plugged in."""

    is_plugged_in = True

    def grab(self) -> bool:
        time.sleep(0.02)
        return self.is_plugged_in

    def retrieve(self) -> tuple[bool, np.ndarray]:
        return True, np.full((48, 64, 3), 90, np.uint8)

    def get(self, _: int, /) -> float:
        return 30.0

    def release(self) -> None:
        pass


def test_a_camera_that_is_unplugged_and_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    camera = Camera()

    def plug(path: Path, config: SourceConfig) -> Camera:
        if not camera.is_plugged_in:
            raise SourceError(f'camera {path} does not exist: plug it in')
        return camera

    config = SourceConfig(source='/dev/video0', reconnect_min_s=0.02, reconnect_max_s=0.1)
    monkeypatch.setattr(device_module, 'open_device', plug)
    monkeypatch.setattr(source_node, 'open_source', lambda *_, **__: DeviceSource(config))
    with pipeline_node(diagnostics_period_s=0.1) as node:
        seen: list[DiagnosticStatus] = []
        listener = Node('listener')
        listener.create_subscription(
            DiagnosticArray,
            topics.DIAGNOSTICS,
            lambda message: seen.append(message.status[0]),
            topics.RESULTS_QOS,
        )
        node.executor_of_test.add_node(listener)
        said = warnings_of(node, monkeypatch)
        results = watch(node)
        wait_until(lambda: len(results) > 3)
        wait_until(lambda: seen and seen[-1].level == DiagnosticStatus.OK)
        camera.is_plugged_in = False
        wait_until(lambda: seen[-1].level == DiagnosticStatus.ERROR)
        assert '/dev/video0' in seen[-1].message
        assert 'trying again' in seen[-1].message
        wait_until(lambda: [a.kind for a in node.pipeline.active_alerts] == [AlertKind.CAMERA])
        assert any('no picture for' in text and '/dev/video0' in text for text in said)
        count = len(results)
        camera.is_plugged_in = True
        wait_until(lambda: len(results) > count + 3)
        wait_until(lambda: node.pipeline.active_alerts == ())
        wait_until(lambda: seen[-1].level == DiagnosticStatus.OK)
        assert node.is_camera_open
        node.executor_of_test.remove_node(listener)
        listener.destroy_node()


def test_a_truncated_film_is_analysed_as_far_as_it_goes(tmp_path: Path) -> None:
    path = tmp_path / 'film.avi'
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*'MJPG'), 25.0, (64, 48))
    noise = np.random.default_rng(1)
    for _ in range(40):
        writer.write(noise.integers(0, 255, (48, 64, 3), np.uint8))
    writer.release()
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pipeline_node(source=str(path), camera__is_paced=False) as node:
        reasons: list[str] = []
        node.on_end = reasons.append
        results = watch(node)
        wait_until(lambda: reasons)
        assert 10 <= len(results) < 40
        assert not node.is_camera_open
        assert node.problem
        node.open_camera()  # nothing is left in the way of another try
        wait_until(lambda: len(reasons) == 2)


def test_a_picture_without_a_byte() -> None:
    topic = f'{TOPIC}/compressed'
    with (
        pipeline_node(source=f'topic:{topic}') as node,
        driver(CompressedImage, topic) as publisher,
    ):
        results = watch(node)
        publish_until(publisher, CompressedImage(format='jpeg'), lambda: node.problem)
        assert '0 bytes' in node.problem
        good = to_compressed(np.zeros((48, 64, 3), np.uint8), Header())
        publish_until(publisher, good, lambda: results)
        assert node.problem == ''


def strange_pictures() -> Iterator[tuple[str, Image | CompressedImage, tuple[int, int]]]:
    """Name, message and the size that must come out."""
    yield '1x1', to_image(np.zeros((1, 1, 3), np.uint8), Header()), (1, 1)
    grey = np.full((48, 64), 120, np.uint8)
    for encoding, pixels in (
        ('mono8', grey),
        ('bgra8', np.dstack([grey] * 4)),
        ('mono16', grey.astype(np.uint16) * 200),
    ):
        message = to_image(np.zeros((48, 64, 3), np.uint8), Header())
        message.encoding, message.step = encoding, pixels.strides[0]
        message.data = pixels.tobytes()
        yield encoding, message, (64, 48)
    padded = to_image(np.zeros((48, 72, 3), np.uint8), Header())
    padded.width = 64  # eight pixels of each row are padding
    yield 'a step beyond the row', padded, (64, 48)


def test_strange_pictures_by_topic() -> None:
    with pipeline_node(source=f'topic:{TOPIC}') as node, driver() as publisher:
        results = watch(node)
        for name, message, size_wh in strange_pictures():
            results.clear()
            publish_until(publisher, message, lambda: results)
            assert results[-1].size_wh == size_wh, name
            assert node.problem == ''
            assert node.is_camera_open


def test_a_picture_of_8k() -> None:
    topic = f'{TOPIC}/compressed'
    large = to_compressed(np.full((4320, 7680, 3), 90, np.uint8), Header())
    with (
        pipeline_node(source=f'topic:{topic}') as node,
        driver(CompressedImage, topic) as publisher,
    ):
        results = watch(node)
        publish_until(publisher, large, lambda: results, timeout_s=60.0)
        assert results[-1].size_wh == (7680, 4320)
        assert node.is_camera_open


@pytest.fixture
def own_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of models to break."""
    shutil.copytree(models_dir(), tmp_path / 'models')
    monkeypatch.setenv('CLASSROOM_FER_MODELS', str(tmp_path / 'models'))
    return tmp_path / 'models'


def cut(folder: Path) -> None:
    path = folder / 'expression_int8.onnx'
    path.write_bytes(path.read_bytes()[:1000])


def cut_and_sign(folder: Path) -> None:
    cut(folder)
    card = json.loads((folder / 'expression.json').read_text())
    card['quantized_sha256'] = sha256_of(folder / 'expression_int8.onnx')
    (folder / 'expression.json').write_text(json.dumps(card))


@pytest.mark.parametrize(
    ('spoil', 'words'),
    [
        pytest.param(cut, ('expression_int8.onnx', 'sha256', 'make train-'), id='wrong hash'),
        pytest.param(cut_and_sign, ('expression_int8.onnx', 'cannot read'), id='corrupted'),
        pytest.param(
            lambda folder: (folder / 'facenet.onnx').unlink(), ('facenet.onnx',), id='missing'
        ),
        pytest.param(
            lambda folder: (folder / 'facenet.json').write_text('{'), ('facenet.json',), id='card'
        ),
        pytest.param(
            lambda folder: (folder / 'face_shape.json').unlink(), ('face_shape',), id='no shape'
        ),
        pytest.param(shutil.rmtree, ('CLASSROOM_FER_MODELS',), id='no folder'),
    ],
)
def test_models_that_cannot_be_used(
    own_models: Path, spoil: Callable[[Path], None], words: tuple[str, ...]
) -> None:
    spoil(own_models)
    with pipeline_node() as node:
        assert node.trigger_configure() is FAILURE
        for word in words:
            assert word in node.problem


def test_a_model_put_right_is_taken_without_a_restart(own_models: Path) -> None:
    weights = own_models / 'expression_int8.onnx'
    content = weights.read_bytes()
    cut(own_models)
    with pipeline_node(opens_at_start=False) as node:
        assert node.trigger_configure() is FAILURE
        weights.write_bytes(content)
        assert node.trigger_configure() is SUCCESS


def test_stamps_that_jump_and_go_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Far ahead: goes on. A little late: passed over. Far back: begins anew."""
    with pipeline_node(source=f'topic:{TOPIC}') as node, driver() as publisher:
        said = warnings_of(node, monkeypatch)
        results = watch(node)
        wait_until(publisher.get_subscription_count)
        message = to_image(np.zeros((48, 64, 3), np.uint8), Header())

        def send(stamp_ms: int) -> None:
            message.header.stamp = to_time(stamp_ms * 10**6)
            publisher.publish(message)

        def send_and_wait(stamp_ms: int) -> None:
            send(stamp_ms)
            wait_until(lambda: results and results[-1].stamp_ns == stamp_ms * 10**6)

        for stamp_ms in (5_000, 5_040, 86_400_000):
            send_and_wait(stamp_ms)
        assert said == []
        count = len(results)
        send(86_399_900)
        wait_until(lambda: any('came late' in text for text in said))
        assert node.performance.dropped == 1
        send_and_wait(86_400_040)
        assert len(results) == count + 1
        send_and_wait(1_000)
        wait_until(lambda: any('begin anew' in text for text in said))
        send_and_wait(1_040)


def test_a_slow_subscriber_slows_nobody() -> None:
    """One that takes nothing at all: a stopped process that subscribes to every topic."""
    with listening(NAMESPACE) as listener, pipeline_node(camera__students=1) as node:
        finished_s: list[float] = []
        node.add_listener(lambda frame, result, overlay: finished_s.append(time.monotonic()))
        watch(node)
        wait_until(lambda: node.publishers_are_wanted(topics.FACES, topics.OVERLAY))
        wait_until(lambda: len(finished_s) >= 10)
        os.kill(listener.pid, signal.SIGSTOP)
        count = len(finished_s)
        wait_until(lambda: len(finished_s) >= count + 30, timeout_s=15.0)
        os.kill(listener.pid, signal.SIGCONT)
    pauses_s = np.diff(finished_s[count:])
    assert pauses_s.max() < 1.0
    assert np.median(pauses_s) < 0.15


def test_a_second_pipeline_in_a_namespace_is_refused() -> None:
    with pipeline_node(opens_at_start=False) as first:
        assert first.trigger_configure() is SUCCESS
        with pipeline_node(opens_at_start=False) as second:
            assert second.trigger_configure() is FAILURE
            for words in (NAMESPACE, 'pipeline_node', '__ns:='):
                assert words in second.problem
            assert first.trigger_activate() is SUCCESS
            assert first.trigger_deactivate() is SUCCESS
            assert first.trigger_cleanup() is SUCCESS
            wait_until(lambda: second.count_publishers(topics.FACES) == 0)
            assert second.trigger_configure() is SUCCESS, 'free again'


def test_who_was_discovered_late_gives_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(analysis_node, 'require_free', lambda *_: None)
    with (
        pipeline_node(camera__students=1, diagnostics_period_s=0.1) as first,
        pipeline_node(camera__students=1, diagnostics_period_s=0.1) as second,
    ):
        said, reasons = warnings_of(first, monkeypatch), []
        watch(first)
        first._begun_s -= node_module.NEWCOMER_S
        time.sleep(0.3)
        assert said == []
        second.on_end = reasons.append
        watch(second)
        wait_until(lambda: reasons)
        assert NAMESPACE in reasons[0]
        assert reasons[0] == second.problem
        assert not second.is_camera_open
        assert first.is_camera_open
        wait_until(lambda: reasons[0] in said)


def test_the_command_of_a_second_pipeline_ends_with_the_reason() -> None:
    with pipeline_node(opens_at_start=False) as first:
        assert first.trigger_configure() is SUCCESS
        done = subprocess.run(
            [*RUN, '--namespace', NAMESPACE, '--seconds', '30'],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode in (1, 2)  # before or after it has begun, as discovery goes
    assert f'in the namespace {NAMESPACE}' in done.stderr
    assert 'Traceback' not in done.stderr


def test_a_topic_that_stays_silent_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_node, 'SILENT_AFTER_S', 0.3)
    with pipeline_node(source=f'topic:{TOPIC}', diagnostics_period_s=0.1) as node:
        said = warnings_of(node, monkeypatch)
        watch(node)

        def is_said(words: str) -> bool:
            return any('no picture for' in text and words in text for text in said)

        wait_until(lambda: is_said(f'nobody publishes on {TOPIC}'))
        with driver():
            wait_until(lambda: is_said('/driver offers /driver/image_raw but sends nothing'))


def test_a_topic_of_another_type_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """In one process a topic cannot have two types: the other one is made up."""
    with pipeline_node(source=f'topic:{TOPIC}') as node:
        watch(node)
        info = SimpleNamespace(
            topic_type='sensor_msgs/msg/CompressedImage', node_namespace='/', node_name='driver'
        )
        monkeypatch.setattr(node, 'get_publishers_info_by_topic', lambda _: [info])
        reason = node.source.explain_silence()
        assert 'sensor_msgs/msg/CompressedImage is published on /driver/image_raw' in reason
        assert '/compressed' in reason


def test_a_mismatch_of_qos_is_told_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures are asked for best effort, which matches everybody; so ask for more here."""
    reliable = QoSProfile(depth=1, reliability=QoSReliabilityPolicy.RELIABLE)
    best_effort = QoSProfile(depth=1, reliability=QoSReliabilityPolicy.BEST_EFFORT)
    monkeypatch.setattr(topics, 'PICTURE_SUB_QOS', reliable)
    with pipeline_node(source=f'topic:{TOPIC}') as node, driver(qos=best_effort):
        said = warnings_of(node, monkeypatch)
        watch(node)
        wait_until(lambda: any('RELIABILITY' in text and TOPIC in text for text in said))


def test_a_disk_that_fills_up_ends_the_run_with_readable_files(tmp_path: Path) -> None:
    """A limit on the size of files stands for a full disk."""
    script = (
        'import resource, sys\n'
        'resource.setrlimit(resource.RLIMIT_FSIZE, (6000, 6000))\n'
        'from classroom_fer_ros.run import main\n'
        'sys.exit(main(sys.argv[1:]))\n'
    )
    arguments = ['--out', str(tmp_path), '--seconds', '30', '--ros-args']
    for setting in ('profile:=eu_school', 'camera.students:=2', 'camera.width:=640'):
        arguments += ['-p', setting]
    done = subprocess.run(
        [sys.executable, '-c', script, *arguments],
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
        env={**os.environ, 'ROS_LOG_DIR': str(tmp_path / 'log')},
    )
    assert done.returncode == 1, done.stderr
    assert 'File too large' in done.stderr
    assert str(tmp_path) in done.stderr
    assert 'Traceback' not in done.stderr
    lines = (tmp_path / 'faces.csv').read_text().splitlines()
    assert len(lines) > 5
    assert len({line.count(',') for line in lines}) == 1
