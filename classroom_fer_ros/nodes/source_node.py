"""Base of the nodes that open a source themselves: its parameter, its services, its pictures."""

from __future__ import annotations

from dataclasses import replace

from classroom_fer_msgs.srv import SetSource
from rclpy.parameter import Parameter
from sensor_msgs.msg import CameraInfo
from std_msgs.msg import Header
from std_srvs.srv import SetBool

from classroom_fer_ros.core.errors import SourceError
from classroom_fer_ros.core.frame import Frame
from classroom_fer_ros.core.results import FrameResult
from classroom_fer_ros.core.sources import Source, SourceKind, kind_of, open_source, topic_name
from classroom_fer_ros.nodes import topics
from classroom_fer_ros.nodes.analysis_node import AnalysisNode
from classroom_fer_ros.nodes.analysis_thread import Performance
from classroom_fer_ros.nodes.calibration import to_camera_info
from classroom_fer_ros.nodes.camera import STATE_KEY, Analysis, Camera
from classroom_fer_ros.nodes.convert import to_header
from classroom_fer_ros.nodes.diagnostics import SILENT_AFTER_S
from classroom_fer_ros.nodes.node_config import NodeConfig
from classroom_fer_ros.nodes.service_desk import Handler
from classroom_fer_ros.nodes.topic_source import TopicSource

#: The same trouble is logged this often.
LOG_PERIOD_S = 10.0
NOT_ACTIVE = 'the node is not active: activate it first (`ros2 lifecycle set … activate`)'


class SourceNode(AnalysisNode):
    """
    Opens, changes and closes one source while active.

    A node calls `make_camera` in its `start`, and overrides `on_picture` and what it needs of
    `on_opened`, `on_closed`, `on_trouble`, `on_source_end` and `publishes`.

    :cvar OWN_TOPIC_ADVICE: what to do where a source is what the node itself publishes
    :ivar camera: None before the node was configured
    """

    OWN_TOPIC_ADVICE = ''
    camera: Camera | None = None

    # For a node to override

    def on_picture(self, frame: Frame, result: FrameResult) -> None:
        """Called in the reading thread with every picture."""
        raise NotImplementedError

    def on_opened(self) -> None:
        """Called when a source was opened."""

    def on_closed(self) -> None:
        """Called when pictures are over, before those of another source begin."""

    def on_trouble(self, text: str) -> None:
        """Called in the reading thread with what went wrong and was overcome."""
        self.get_logger().warning(text)

    def on_source_end(self, reason: str) -> None:
        """Called in the reading thread, with the reason; empty at a source's natural end."""
        if reason:
            self.get_logger().error(reason)
        else:
            self.get_logger().info(self.camera.trouble)

    def publishes(self, topic: str) -> bool:
        """Whether the node itself publishes what a topic as source would bring."""
        ours = {self.resolve_topic_name(output) for output in self.output_topics()}
        return self.resolve_topic_name(topic) in ours

    # For a node to use

    def make_camera(self, analysis: Analysis) -> None:
        """Get ready to read the source that the parameter names."""
        self.camera = Camera(
            self.config.camera.source,
            self._open_source,
            analysis,
            self.on_picture,
            lambda text: self.on_trouble(text),
            self._on_closed,
            lambda reason: self.on_source_end(reason),
        )

    def header_of(self, frame: Frame) -> Header:
        """Header of a picture; a topic brings its frame."""
        frame_id = getattr(self.camera.source, 'frame_id', '') or self.config.frame_id
        return to_header(frame.stamp_ns, frame_id)

    def camera_info_of(self, frame: Frame, header: Header) -> CameraInfo:
        """Calibration that goes with a picture."""
        height, width = frame.image_bgr.shape[:2]
        info = getattr(self.camera.source, 'camera_info', None)
        return to_camera_info(info, header, (width, height))

    # What is asked of the node

    @property
    def is_camera_open(self) -> bool:
        """Whether pictures are being read; no longer once a film has ended."""
        return self.camera is not None and self.camera.is_open

    @property
    def source(self) -> Source | None:
        """The open source; None while the camera is closed."""
        return self.camera.source if self.camera else None

    @property
    def performance(self) -> Performance | None:
        """How the work keeps up; None while the camera is closed."""
        return self.camera.performance if self.camera else None

    @property
    def input_words(self) -> str:
        return self.camera.source_text

    @property
    def problem(self) -> str:
        """Why no pictures come, in plain words; empty while all is well."""
        return (self.camera.problem if self.camera else '') or self._problem

    @problem.setter
    def problem(self, text: str) -> None:
        self._problem = text
        if self.camera is not None:
            self.camera.trouble = ''

    def camera_problem(self) -> str:
        """Why an open camera delivers no pictures; a film that has ended is no problem."""
        if not self.is_camera_open:
            return ''
        source = self.source
        if source.problem or self.performance.idle_s <= SILENT_AFTER_S:
            return source.problem
        reason = source.explain_silence() if isinstance(source, TopicSource) else ''
        return f'no pictures come from {source.description}' + (f': {reason}' if reason else '')

    def open_camera(self, source_text: str = '') -> None:
        """
        Open the source, and close the one that was open; without effect if it is open already.

        :param source_text: another source than before, as a user types it
        :raises SourceError: if it cannot be opened; the old one stays
        """
        with self.life_lock:
            if not self.has_begun:
                raise SourceError(NOT_ACTIVE)
            if self.camera.open(source_text):
                self._problem = ''
                self.on_opened()
                self.get_logger().info(f'open: {self.source.description}')
            text = self.camera.source_text
            if self.get_parameter('source').value != text:  # whoever asks learns what is open
                self.set_parameters([Parameter('source', value=text)])

    def close_camera(self) -> None:
        """Let the camera go and return to the initial state; without effect if it is closed."""
        with self.life_lock:
            if self.camera is not None:
                self.camera.close()

    # Wiring

    def reconfigure(self, config: NodeConfig) -> None:
        text = config.camera.source
        if text == self.camera.source_text:
            return
        if self.is_camera_open:
            self.open_camera(text)
        else:
            kind_of(text)  # raises SourceError where there is no such thing
            self.camera.source_text = text

    def begin(self) -> None:
        if self.config.opens_at_start:
            self.open_camera()

    def end(self) -> None:
        self.close_camera()

    def on_tick(self) -> None:
        problem = self.camera_problem()
        if problem:
            text = f'no picture for {self.performance.idle_s:.0f} s: {problem}'
            self.get_logger().warning(text, throttle_duration_sec=LOG_PERIOD_S)

    def handlers(self) -> dict[str, tuple[type, Handler]]:
        return {
            topics.OPEN_CAMERA: (SetBool, self._on_open_camera),
            topics.SET_SOURCE: (SetSource, self._on_set_source),
        }

    def facts(self) -> dict[str, str]:
        return {STATE_KEY: self.camera.state.value}

    def _open_source(self, text: str) -> Source:
        if kind_of(text) is SourceKind.TOPIC:
            name = topic_name(text)
            if self.publishes(name):
                raise SourceError(
                    f'{name} is what {self.NAME} itself publishes: {self.OWN_TOPIC_ADVICE}'
                )
            # A recording that is played is taken whole, if it is offered so.
            qos = topics.picture_qos(self, name) if self.is_replayed else None
            return TopicSource(self, name, qos)
        config = replace(self.config.camera, source=text)
        # Offline, stamps count from zero, so that the same film gives the same results.
        return open_source(config, start_ns=None if config.is_paced else 0)

    def _on_closed(self) -> None:
        self.on_closed()
        self.get_logger().info('camera closed')

    def _on_open_camera(self, request: SetBool.Request, response: object) -> str:
        if not request.data:
            self.close_camera()
            return 'the camera is closed'
        self.open_camera()
        return f'open: {self.source.description}'

    def _on_set_source(self, request: SetSource.Request, response: object) -> str:
        if not request.source.strip():
            raise SourceError('no source given')
        self.open_camera(request.source)
        return f'open: {self.source.description}'
