"""TF frames of faces."""

from __future__ import annotations

import sys
import types

import numpy as np
import pytest
import rclpy
from rclpy.node import Node
from std_msgs.msg import Header

from classroom_fer_ros.core.results import FrameResult, HeadPose
from classroom_fer_ros.core.spatial import head_orientation
from classroom_fer_ros.nodes.face_frames import FaceFrames, to_transforms
from test_markers import CAMERA, face

HEADER = Header(frame_id='camera')


def result(*faces: object, poses: tuple[HeadPose, ...] = ()) -> FrameResult:
    return FrameResult(stamp_ns=1, index=0, size_wh=(1280, 720), faces=faces, head_poses=poses)


def test_a_face_has_its_frame() -> None:
    pose = HeadPose(face_id='7', yaw_rad=0.3, pitch_rad=-0.1, roll_rad=0.2)
    (transform,) = to_transforms(result(face('7'), poses=(pose,)), HEADER, CAMERA)
    assert (transform.header.frame_id, transform.child_frame_id) == ('camera', 'face_7')
    assert transform.transform.translation.z == pytest.approx(2.0)
    turn = transform.transform.rotation
    expected = head_orientation(0.3, -0.1, 0.2)
    assert np.array([turn.x, turn.y, turn.z, turn.w]) == pytest.approx(expected)


def test_what_is_not_known_has_no_frame() -> None:
    poses = (HeadPose(face_id='1'), HeadPose(face_id='2', yaw_rad=0, pitch_rad=0, roll_rad=0))
    faces = (face('1'), face('2', has_landmarks=False), face('3'))
    assert not list(to_transforms(result(*faces, poses=poses), HEADER, CAMERA))


class Broadcaster:
    """As of tf2_ros; keeps what it is to send."""

    def __init__(self, node: Node) -> None:
        self.pub_tf, self.sent = node.create_publisher(Header, '/tf', 1), []
        Broadcaster.made = self

    def sendTransform(self, transforms: list) -> None:  # noqa: N802
        self.sent.append([transform.child_frame_id for transform in transforms])


@pytest.fixture
def node(ros: None) -> Node:
    return rclpy.create_node('frames')


def test_broadcast_and_end(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    tf2_ros = types.ModuleType('tf2_ros')
    tf2_ros.TransformBroadcaster = Broadcaster
    monkeypatch.setitem(sys.modules, 'tf2_ros', tf2_ros)
    frames = FaceFrames(node)
    pose = HeadPose(face_id='7', yaw_rad=0.3, pitch_rad=-0.1, roll_rad=0.2)
    frames.publish(result(face('7'), poses=(pose,)), HEADER, CAMERA)
    frames.publish(result(), HEADER, CAMERA)
    assert Broadcaster.made.sent == [['face_7']]
    frames.destroy()
    frames.destroy()
    assert not node.count_publishers('/tf')
    frames.publish(result(face('7'), poses=(pose,)), HEADER, CAMERA)
    assert len(Broadcaster.made.sent) == 1


def test_without_tf2_nothing_happens(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, 'tf2_ros', None)  # importing it fails
    frames = FaceFrames(node)
    pose = HeadPose(face_id='7', yaw_rad=0.3, pitch_rad=-0.1, roll_rad=0.2)
    frames.publish(result(face('7'), poses=(pose,)), HEADER, CAMERA)
    frames.destroy()
    assert not node.count_publishers('/tf')
