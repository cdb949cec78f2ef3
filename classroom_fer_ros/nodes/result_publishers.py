"""Publishers of everything that one picture yields, made from one result."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from classroom_fer_msgs.msg import (
    AlertArray,
    ClassState,
    ExpressionArray,
    FaceArray,
    FaceCropArray,
    FaceLandmarksArray,
    FatigueArray,
    HeadPoseArray,
)
from rclpy.lifecycle import LifecycleNode
from rclpy.qos import QoSProfile
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import Header
from visualization_msgs.msg import MarkerArray

from classroom_fer_ros.core.alignment import AlignedCrop
from classroom_fer_ros.core.arrays import ImageBgr
from classroom_fer_ros.core.frame import Frame
from classroom_fer_ros.core.results import Alert, FrameResult
from classroom_fer_ros.core.spatial import Intrinsics
from classroom_fer_ros.nodes import convert, pictures, topics
from classroom_fer_ros.nodes.markers import to_markers

TOPICS: dict[str, tuple[type, QoSProfile]] = {
    topics.IMAGE: (Image, topics.PICTURE_PUB_QOS),
    topics.IMAGE_COMPRESSED: (CompressedImage, topics.PICTURE_PUB_QOS),
    topics.CAMERA_INFO: (CameraInfo, topics.PICTURE_PUB_QOS),
    topics.FACES: (FaceArray, topics.RESULTS_QOS),
    topics.FACE_CROPS: (FaceCropArray, topics.RESULTS_QOS),
    topics.LANDMARKS: (FaceLandmarksArray, topics.RESULTS_QOS),
    topics.EXPRESSIONS: (ExpressionArray, topics.RESULTS_QOS),
    topics.FATIGUE: (FatigueArray, topics.RESULTS_QOS),
    topics.HEAD_POSE: (HeadPoseArray, topics.RESULTS_QOS),
    topics.ALERTS: (AlertArray, topics.RESULTS_QOS),
    topics.ACTIVE_ALERTS: (AlertArray, topics.LATCHED_QOS),
    topics.CLASS_STATE: (ClassState, topics.LATCHED_QOS),
    topics.OVERLAY: (Image, topics.PICTURE_PUB_QOS),
    topics.OVERLAY_COMPRESSED: (CompressedImage, topics.PICTURE_PUB_QOS),
    topics.PREVIEW_COMPRESSED: (CompressedImage, topics.PICTURE_PUB_QOS),
    topics.MARKERS: (MarkerArray, topics.RESULTS_QOS),
}


class ResultPublishers:
    """
    One lifecycle publisher a topic.

    What is costly (pictures, crops, meshes, markers) is made only while somebody subscribes.
    """

    def __init__(self, node: LifecycleNode, left_out: tuple[str, ...] = ()) -> None:
        """:param left_out: topics that somebody else publishes, the camera driver for one"""
        self._node = node
        self._publishers = {
            name: node.create_lifecycle_publisher(kind, name, qos)
            for name, (kind, qos) in TOPICS.items()
            if name not in left_out
        }

    def destroy(self) -> None:
        """Take every publisher back."""
        while self._publishers:
            self._node.destroy_lifecycle_publisher(self._publishers.popitem()[1])

    def is_wanted(self, *names: str) -> bool:
        """Whether anybody subscribes to one of some topics."""
        return any(
            self._publishers[name].get_subscription_count() > 0
            for name in names
            if name in self._publishers
        )

    def num_listeners(self, name: str) -> int:
        """How many subscribe to a topic; 0 for one that is not ours."""
        publisher = self._publishers.get(name)
        return publisher.get_subscription_count() if publisher else 0

    def publish_results(self, result: FrameResult, header: Header) -> None:
        """Publish what is cheap, for every picture."""
        self.publish(topics.FACES, convert.to_face_array(result, header))
        self.publish(topics.EXPRESSIONS, convert.to_expression_array(result, header))
        self.publish(topics.FATIGUE, convert.to_fatigue_array(result, header))
        self.publish(topics.HEAD_POSE, convert.to_head_pose_array(result, header))
        if result.alert_changes:
            self.publish_alerts(result.alert_changes, result.active_alerts, header)
        if result.class_state is not None:
            self.publish(topics.CLASS_STATE, convert.to_class_state(result.class_state, header))

    def publish_alerts(
        self, changes: tuple[Alert, ...], active: tuple[Alert, ...], header: Header
    ) -> None:
        """Publish what changed, and what stands for whoever comes late."""
        if changes:
            self.publish(topics.ALERTS, convert.to_alert_array(changes, header))
        self.publish(topics.ACTIVE_ALERTS, convert.to_alert_array(active, header))

    def publish_details(
        self,
        result: FrameResult,
        header: Header,
        make_crops: Callable[[], dict[str, AlignedCrop]],
        intrinsics: Intrinsics,
    ) -> None:
        """Publish meshes, crops and markers, where wanted."""
        self.publish_wanted(topics.LANDMARKS, lambda: convert.to_landmarks_array(result, header))
        self.publish_wanted(topics.FACE_CROPS, lambda: convert.to_crop_array(make_crops(), header))
        self.publish_wanted(topics.MARKERS, lambda: to_markers(result, header, intrinsics))

    def publish_pictures(self, frame: Frame, header: Header, info: CameraInfo) -> None:
        """Publish the picture as it came, where wanted, and its calibration."""
        image = frame.image_bgr
        self.publish_wanted(topics.IMAGE, lambda: pictures.to_image(image, header))
        self.publish_wanted(topics.IMAGE_COMPRESSED, lambda: pictures.to_compressed(image, header))
        self.publish_wanted(
            topics.PREVIEW_COMPRESSED,
            lambda: pictures.to_compressed(image, header, pictures.PREVIEW_WIDTH),
        )
        self.publish(topics.CAMERA_INFO, info)

    def publish_overlay(self, overlay_bgr: ImageBgr, header: Header) -> None:
        """Publish the result picture, where wanted."""
        self.publish_wanted(topics.OVERLAY, lambda: pictures.to_image(overlay_bgr, header))
        self.publish_wanted(
            topics.OVERLAY_COMPRESSED, lambda: pictures.to_compressed(overlay_bgr, header)
        )

    def publish(self, name: str, message: Any) -> None:
        """Publish one message, if the topic is ours."""
        if name in self._publishers:
            self._publishers[name].publish(message)

    def publish_wanted(self, name: str, make: Callable[[], Any]) -> None:
        """Make and publish one message, if the topic is ours and somebody subscribes."""
        if self.is_wanted(name):
            self._publishers[name].publish(make())
