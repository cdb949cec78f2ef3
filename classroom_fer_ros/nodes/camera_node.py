"""Lifecycle node: a camera, film or any other source in, its pictures out."""

from __future__ import annotations

from functools import partial

from std_msgs.msg import Bool

from classroom_fer_ros.core.frame import Frame
from classroom_fer_ros.core.results import FrameResult
from classroom_fer_ros.nodes import topics
from classroom_fer_ros.nodes.analysis_thread import Performance
from classroom_fer_ros.nodes.serving import run_node
from classroom_fer_ros.nodes.source_node import SourceNode


class NoAnalysis:
    """Pictures go through as they are."""

    def process(self, frame: Frame) -> FrameResult:
        return FrameResult(stamp_ns=frame.stamp_ns, index=frame.index, size_wh=frame.size_wh)

    def reset(self) -> None:
        """Nothing is remembered."""


class CameraNode(SourceNode):
    """Publishes the pictures of one source, and tells whenever it opens or closes."""

    NAME = 'camera_node'
    PARAMETERS = ('source', 'camera.', 'frame_id', 'opens_at_start')
    OUTPUTS = (
        topics.IMAGE,
        topics.IMAGE_COMPRESSED,
        topics.CAMERA_INFO,
        topics.PREVIEW_COMPRESSED,
    )
    OWN_TOPIC_ADVICE = (
        'leave camera_node out where a driver publishes image_raw, or give it another namespace'
    )

    def start(self) -> None:
        self.make_camera(NoAnalysis())
        self._open_pub = self.create_lifecycle_publisher(
            Bool, topics.CAMERA_OPEN, topics.RESULTS_QOS
        )
        self.undo_with(partial(self.destroy_lifecycle_publisher, self._open_pub))

    @property
    def performance(self) -> Performance | None:
        return super().performance if self.is_camera_open else None

    def on_opened(self) -> None:
        self._open_pub.publish(Bool(data=True))

    def on_closed(self) -> None:
        self._open_pub.publish(Bool(data=False))

    def on_picture(self, frame: Frame, result: FrameResult) -> None:
        header = self.header_of(frame)
        self.outputs.publish_pictures(frame, header, self.camera_info_of(frame, header))


main = partial(run_node, CameraNode)

if __name__ == '__main__':
    main()
