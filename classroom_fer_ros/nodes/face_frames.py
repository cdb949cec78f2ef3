"""TF frames of faces, where tf2 is installed: `face_<id>`, x out of the face, y left, z up."""

from __future__ import annotations

import math
from collections.abc import Iterator

from geometry_msgs.msg import Quaternion, TransformStamped, Vector3
from rclpy.node import Node
from std_msgs.msg import Header

from classroom_fer_ros.core.results import FrameResult
from classroom_fer_ros.core.spatial import Intrinsics, head_orientation, head_position


class FaceFrames:
    """Broadcasts a frame for every face; does nothing where tf2_ros is not installed."""

    def __init__(self, node: Node) -> None:
        self._node = node
        try:
            from tf2_ros import TransformBroadcaster
        except ImportError:
            self._broadcaster = None
            node.get_logger().info('no TF frames of faces: tf2_ros is not installed')
        else:
            self._broadcaster = TransformBroadcaster(node)

    def publish(self, result: FrameResult, header: Header, intrinsics: Intrinsics) -> None:
        """Broadcast where the heads of one picture are and where they point."""
        if self._broadcaster is None:
            return
        transforms = list(to_transforms(result, header, intrinsics))
        if transforms:
            self._broadcaster.sendTransform(transforms)

    def destroy(self) -> None:
        """Stop broadcasting."""
        if self._broadcaster is not None:
            self._node.destroy_publisher(self._broadcaster.pub_tf)
            self._broadcaster = None


def to_transforms(
    result: FrameResult, header: Header, intrinsics: Intrinsics
) -> Iterator[TransformStamped]:
    """Transforms from the picture's frame to each face whose place and angles are known."""
    poses = {pose.face_id: pose for pose in result.head_poses}
    for face in result.faces:
        place, pose = head_position(face, intrinsics), poses.get(face.face_id)
        if place is None or pose is None or math.isnan(pose.yaw_rad):
            continue
        x, y, z = map(float, place)
        turn = head_orientation(pose.yaw_rad, pose.pitch_rad, pose.roll_rad)
        transform = TransformStamped(header=header, child_frame_id=f'face_{face.face_id}')
        transform.transform.translation = Vector3(x=x, y=y, z=z)
        transform.transform.rotation = Quaternion(
            **{axis: float(value) for axis, value in zip('xyzw', turn, strict=True)}
        )
        yield transform
