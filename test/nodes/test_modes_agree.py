"""The distributed nodes say of the classroom film what the fused analysis says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from classroom_fer_ros.core.frame import Frame
from classroom_fer_ros.core.pipeline import ClassroomPipeline
from classroom_fer_ros.core.results import FrameResult
from classroom_fer_ros.nodes import convert, topics
from classroom_fer_ros.nodes.face_node import FaceNode
from classroom_fer_ros.nodes.pictures import to_image
from distributed import BEHIND_THE_CAMERA, Ear, ear, nodes_of
from films import read_film
from harness import wait_until

PICTURES = 80
EACH_PICTURE = (topics.FACES, topics.EXPRESSIONS, topics.FATIGUE, topics.HEAD_POSE)
pytestmark = pytest.mark.usefixtures('ros')


def play(frames: list[Frame], listener: Ear) -> None:
    """Show the pictures to the nodes one by one, so that none is passed over."""
    for frame in frames:
        header = convert.to_header(frame.stamp_ns, 'camera')
        listener.say(topics.IMAGE, to_image(frame.image_bgr, header))
        listener.wait_for(frame.stamp_ns, *EACH_PICTURE)


def labels(expressions: list) -> dict[str, tuple[int, str]]:
    return {one.face_id: (one.status, one.label) for one in expressions}


def test_both_modes_agree_on_the_classroom_film(data_dir: Path) -> None:
    frames = list(read_film(data_dir / 'video' / 'classroom_pupils_720p.mp4', last=PICTURES))
    pipeline = ClassroomPipeline()
    fused = [pipeline.process(frame) for frame in frames]
    names = (*EACH_PICTURE, topics.CLASS_STATE, topics.ALERTS, topics.OVERLAY)
    with ear(*names) as listener, nodes_of(*BEHIND_THE_CAMERA) as nodes:
        wait_until(lambda: nodes[FaceNode].outputs.is_wanted(topics.LANDMARKS))
        wait_until(lambda: nodes[FaceNode].outputs.is_wanted(topics.FACE_CROPS))
        listener.wait_for_listeners(topics.IMAGE)
        wait_until(lambda: nodes[FaceNode].takes_reliably)
        play(frames, listener)
        states = [result.class_state for result in fused if result.class_state is not None]
        wait_until(lambda: len(listener.heard[topics.CLASS_STATE]) == len(states))
        incomplete = {kind: n.join.incomplete for kind, n in nodes.items() if kind != FaceNode}
    assert set(incomplete.values()) == {0}, incomplete
    same = total = 0
    for result in fused:
        compare_faces(result, listener)
        header = convert.to_header(result.stamp_ns, 'camera')
        expected = labels(convert.to_expression_array(result, header).expressions)
        found = labels(listener.heard[topics.EXPRESSIONS][result.stamp_ns].expressions)
        assert found.keys() == expected.keys()
        total += len(expected)
        same += sum(found[face_id] == expected[face_id] for face_id in expected)
    assert total > 5 * PICTURES
    assert same >= 0.95 * total
    changes = [alert.kind.value for result in fused for alert in result.alert_changes]
    alerts = listener.heard[topics.ALERTS]
    assert [a.kind for stamp in sorted(alerts) for a in alerts[stamp].alerts] == changes
    assert len(listener.heard[topics.OVERLAY]) > 0.9 * PICTURES


def compare_faces(result: FrameResult, listener: Ear) -> None:
    """Same faces at the same places; heads and eyes alike."""
    faces = listener.heard[topics.FACES][result.stamp_ns].faces
    assert [face.face_id for face in faces] == [face.face_id for face in result.faces]
    for found, expected in zip(faces, result.faces, strict=True):
        place = (found.x_min, found.y_min, found.x_max, found.y_max)
        assert place == pytest.approx(expected.box_xyxy, abs=1e-2)
    poses = listener.heard[topics.HEAD_POSE][result.stamp_ns].head_poses
    yaws = [pose.yaw_rad for pose in result.head_poses]
    assert np.allclose([pose.yaw for pose in poses], yaws, atol=1e-3, equal_nan=True)
    fatigue = listener.heard[topics.FATIGUE][result.stamp_ns].fatigue
    assert [one.state for one in fatigue] == [one.state.value for one in result.fatigue]
    assert [one.blink_count for one in fatigue] == [one.blink_count for one in result.fatigue]
