"""Lifecycle node: a camera, film or any other source in, its pictures out."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from classroom_fer_msgs.srv import SetSource
from rclpy.parameter import Parameter
from std_msgs.msg import Bool
from std_srvs.srv import SetBool

from classroom_fer_ros.core.errors import SourceError
from classroom_fer_ros.core.frame import Frame
from classroom_fer_ros.core.results import FrameResult
from classroom_fer_ros.core.sources import Source, SourceKind, kind_of, open_source, topic_name
from classroom_fer_ros.nodes import topics
from classroom_fer_ros.nodes.analysis_node import AnalysisNode
from classroom_fer_ros.nodes.analysis_thread import Performance
from classroom_fer_ros.nodes.calibration import to_camera_info
from classroom_fer_ros.nodes.camera import Camera
from classroom_fer_ros.nodes.convert import to_header
from classroom_fer_ros.nodes.node_config import NodeConfig
from classroom_fer_ros.nodes.pipeline_services import NOT_ACTIVE
from classroom_fer_ros.nodes.service_desk import Handler
from classroom_fer_ros.nodes.serving import run_node
from classroom_fer_ros.nodes.topic_source import TopicSource


class NoAnalysis:
    """Pictures go through as they are."""

    def process(self, frame: Frame) -> FrameResult:
        return FrameResult(stamp_ns=frame.stamp_ns, index=frame.index, size_wh=frame.size_wh)

    def reset(self) -> None:
        """Nothing is remembered."""


class CameraNode(AnalysisNode):
    """Publishes the pictures of one source, and tells whenever it opens or closes."""

    NAME = 'camera_node'
    PARAMETERS = ('source', 'camera.', 'frame_id', 'opens_at_start')
    OUTPUTS = (
        topics.IMAGE,
        topics.IMAGE_COMPRESSED,
        topics.CAMERA_INFO,
        topics.PREVIEW_COMPRESSED,
    )

    def start(self) -> None:
        self.camera = Camera(
            self.config.camera.source,
            self._open_source,
            NoAnalysis(),
            self._on_picture,
            self.get_logger().warning,
            self._on_closed,
        )
        self._open_pub = self.create_lifecycle_publisher(
            Bool, topics.CAMERA_OPEN, topics.RESULTS_QOS
        )
        self.undo_with(partial(self.destroy_lifecycle_publisher, self._open_pub))

    def reconfigure(self, config: NodeConfig) -> None:
        if config.camera.source == self.camera.source_text:
            return
        if self.camera.is_open:
            self.open_camera(config.camera.source)
        else:
            kind_of(config.camera.source)  # raises SourceError where there is no such thing
            self.camera.source_text = config.camera.source

    def begin(self) -> None:
        if self.config.opens_at_start:
            self.open_camera()

    def end(self) -> None:
        self.camera.close()

    def handlers(self) -> dict[str, tuple[type, Handler]]:
        return {
            topics.OPEN_CAMERA: (SetBool, self._on_open_camera),
            topics.SET_SOURCE: (SetSource, self._on_set_source),
        }

    @property
    def input_words(self) -> str:
        return self.camera.source_text

    @property
    def performance(self) -> Performance | None:
        return self.camera.performance

    def on_tick(self) -> None:
        self.problem = self.camera.problem

    def open_camera(self, source_text: str = '') -> None:
        """
        Open the source; without effect if it is open already.

        :raises SourceError: if it cannot be opened; the old one stays
        """
        if not self.has_begun:
            raise SourceError(NOT_ACTIVE)
        if self.camera.open(source_text):
            self._open_pub.publish(Bool(data=True))
            self.get_logger().info(f'open: {self.camera.source.description}')
        text = self.camera.source_text
        if self.get_parameter('source').value != text:  # whoever asks learns what is open
            self.set_parameters([Parameter('source', value=text)])
        self.problem = ''

    def _on_closed(self) -> None:
        self._open_pub.publish(Bool(data=False))
        self.get_logger().info('camera closed')

    def _open_source(self, text: str) -> Source:
        if kind_of(text) is SourceKind.TOPIC:
            name = topic_name(text)
            ours = {self.resolve_topic_name(output) for output in self.OUTPUTS}
            if self.resolve_topic_name(name) in ours:
                raise SourceError(
                    f'{name} is what camera_node itself publishes: leave camera_node out where a '
                    'driver publishes it'
                )
            return TopicSource(self, name)
        config = replace(self.config.camera, source=text)
        # Offline, stamps count from zero, so that the same film gives the same results.
        return open_source(config, start_ns=None if config.is_paced else 0)

    def _on_picture(self, frame: Frame, result: FrameResult) -> None:
        """Called in the reading thread."""
        source = self.camera.source
        frame_id = getattr(source, 'frame_id', '') or self.config.frame_id
        header = to_header(result.stamp_ns, frame_id)
        info = to_camera_info(getattr(source, 'camera_info', None), header, result.size_wh)
        self.outputs.publish_pictures(frame, header, info)

    def _on_open_camera(self, request: SetBool.Request, response: object) -> str:
        if not request.data:
            self.camera.close()
            return 'the camera is closed'
        self.open_camera()
        return f'open: {self.camera.source.description}'

    def _on_set_source(self, request: SetSource.Request, response: object) -> str:
        if not request.source.strip():
            raise SourceError('no source given')
        self.open_camera(request.source)
        return f'open: {self.camera.source.description}'


main = partial(run_node, CameraNode)

if __name__ == '__main__':
    main()
