"""A topic as a source of pictures: any camera driver, or a bag that is played."""

from __future__ import annotations

import threading
from typing import Any

from rclpy.event_handler import (
    QoSRequestedIncompatibleQoSInfo,
    SubscriptionEventCallbacks,
)
from rclpy.node import Node
from rclpy.qos import QoSProfile, qos_policy_name_from_kind
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from classroom_fer_ros.core.frame import Frame
from classroom_fer_ros.core.sources import Source
from classroom_fer_ros.nodes import topics
from classroom_fer_ros.nodes.convert import from_time
from classroom_fer_ros.nodes.pictures import PictureError, from_compressed, from_image

#: Reported until the rate has been seen.
ASSUMED_FPS = 30.0


class TopicSource(Source):
    """
    The newest picture of a topic, raw or compressed, with its own stamp.

    :ivar frame_id: of the header of the picture that was read last
    :ivar camera_info: newest calibration from the topic beside the pictures, None before one came
    """

    def __init__(self, node: Node, name: str, qos: QoSProfile | None = None) -> None:
        """
        :param node: whoever spins it delivers the pictures
        :param name: topic; compressed if it ends in ``/compressed``
        :param qos: of the pictures; without one, that which matches every publisher
        """
        super().__init__(f'topic {node.resolve_topic_name(name)}', ASSUMED_FPS)
        self.frame_id = ''
        self.camera_info: CameraInfo | None = None
        self._node = node
        self._is_compressed = name.rstrip('/').endswith('compressed')
        self._size_wh = (0, 0)
        self._newest: Image | CompressedImage | None = None
        self._has_newest = threading.Condition()
        self._index = 0
        self._number = 0
        self._topic = node.resolve_topic_name(name)
        self._kind = CompressedImage if self._is_compressed else Image
        self._own_subscriptions = [
            node.create_subscription(
                self._kind,
                name,
                self._on_picture,
                qos or topics.PICTURE_SUB_QOS,
                event_callbacks=SubscriptionEventCallbacks(incompatible_qos=self._on_mismatch),
            ),
            node.create_subscription(
                CameraInfo, topics.info_of(name), self._on_camera_info, topics.PICTURE_SUB_QOS
            ),
        ]

    @property
    def size_wh(self) -> tuple[int, int]:
        return self._size_wh

    def read(self) -> Frame | None:
        while True:
            with self._has_newest:
                self._has_newest.wait_for(lambda: self._newest or self._is_closing.is_set())
                message, self._newest = self._newest, None
            if self._is_closing.is_set() or message is None:
                return None
            frame = self._to_frame(message)
            if frame is not None:
                return frame

    def explain_silence(self) -> str:
        """Why no pictures come and what to do, as far as the graph tells."""
        publishers = self._node.get_publishers_info_by_topic(self._topic)
        wanted = f'sensor_msgs/msg/{self._kind.__name__}'
        others = sorted({info.topic_type for info in publishers} - {wanted})
        if not publishers:
            return (
                f'nobody publishes on {self._topic}: start the camera driver or the bag, and '
                'compare the name (`ros2 topic list -t`), ROS_DOMAIN_ID and '
                'ROS_AUTOMATIC_DISCOVERY_RANGE on both sides'
            )
        if others:
            return (
                f'{", ".join(others)} is published on {self._topic}, not {wanted}: name an image '
                'topic; a compressed one ends in /compressed'
            )
        names = sorted(
            f'{info.node_namespace.rstrip("/")}/{info.node_name}' for info in publishers
        )
        return f'{", ".join(names)} offers {self._topic} but sends nothing'

    def close(self) -> None:
        with self._has_newest:
            self._is_closing.set()
            self._has_newest.notify_all()
            subscriptions, self._own_subscriptions = self._own_subscriptions, []
        for subscription in subscriptions:
            self._node.destroy_subscription(subscription)

    def _on_picture(self, message: Image | CompressedImage, info: dict[str, Any]) -> None:
        lost = self._lost_before(info['publication_sequence_number'])
        with self._has_newest:
            self.dropped += (self._newest is not None) + lost
            self._index += lost
            self._newest = message
            self._index += 1
            self._has_newest.notify_all()

    def _lost_before(self, number: int | None) -> int:
        """Pictures that were published since the one before and did not come."""
        if number is None:  # not every DDS numbers them
            return 0
        # Of a recording all count, of a camera those since the first that came.
        is_first = not self._number and not self._node.get_parameter('use_sim_time').value
        lost = 0 if is_first else number - self._number - 1
        self._number = number
        # A new publisher begins anew; of several, the numbers say nothing.
        return lost if lost > 0 and self._node.count_publishers(self._topic) == 1 else 0

    def _on_mismatch(self, info: QoSRequestedIncompatibleQoSInfo) -> None:
        policy = qos_policy_name_from_kind(info.last_policy_kind)
        self._node.get_logger().warning(
            f'a publisher of {self._topic} offers another {policy} than is asked for, so that its '
            f'pictures cannot come: compare `ros2 topic info -v {self._topic}` and let it publish '
            'with the default QoS'
        )

    def _on_camera_info(self, message: CameraInfo) -> None:
        self.camera_info = message

    def _to_frame(self, message: Image | CompressedImage) -> Frame | None:
        try:
            image = from_compressed(message) if self._is_compressed else from_image(message)
        except PictureError as error:
            self.problem = f'{self.description}: {error}'
            self._node.get_logger().warning(self.problem, throttle_duration_sec=5.0)
            return None
        self.problem = ''
        self.frame_id = message.header.frame_id
        height, width = image.shape[:2]
        self._size_wh = (width, height)
        return Frame(image, from_time(message.header.stamp), self._index - 1)
