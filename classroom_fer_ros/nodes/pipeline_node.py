"""
Lifecycle node of the fused mode: pictures in, every topic of the design out.

Wiring only: `core.pipeline` analyses, `AnalysisThread` drives it, `ResultPublishers` publishes.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import partial

from diagnostic_msgs.msg import DiagnosticArray
from rcl_interfaces.msg import SetParametersResult
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.parameter import Parameter
from std_msgs.msg import Header

from classroom_fer_ros.core.arrays import ImageBgr
from classroom_fer_ros.core.errors import ClassroomFerError, SourceError
from classroom_fer_ros.core.frame import Frame
from classroom_fer_ros.core.overlay import draw_overlay
from classroom_fer_ros.core.pipeline import ClassroomPipeline
from classroom_fer_ros.core.results import Alert, FrameResult
from classroom_fer_ros.core.sources import (
    Source,
    SourceKind,
    kind_of,
    open_source,
    topic_name,
)
from classroom_fer_ros.nodes import parameters, topics
from classroom_fer_ros.nodes.analysis_thread import AnalysisThread, Performance
from classroom_fer_ros.nodes.calibration import intrinsics_of, to_camera_info
from classroom_fer_ros.nodes.convert import to_header
from classroom_fer_ros.nodes.diagnostics import SILENT_AFTER_S, to_diagnostics
from classroom_fer_ros.nodes.face_frames import FaceFrames
from classroom_fer_ros.nodes.namespace_guard import require_free, shared_with
from classroom_fer_ros.nodes.node_config import NodeConfig
from classroom_fer_ros.nodes.pipeline_services import NOT_ACTIVE, PipelineServices
from classroom_fer_ros.nodes.result_publishers import ResultPublishers
from classroom_fer_ros.nodes.serving import run_node
from classroom_fer_ros.nodes.topic_source import TopicSource

#: So young, a node gives way to others of its namespace.
NEWCOMER_S = 20.0
#: The same trouble is logged this often.
LOG_PERIOD_S = 10.0
#: Gets every picture, its result and the result picture (None unless asked for).
Listener = Callable[[Frame, FrameResult, ImageBgr | None], None]


class PipelineNode(LifecycleNode):
    """
    Analyses the pictures of one source while active.

    :ivar on_end: called in the analysis thread when the source has ended by itself, with the
        reason (empty at a natural end)
    """

    NAME = 'pipeline_node'

    def __init__(self, **options: object) -> None:
        super().__init__(self.NAME, **options)
        self._born_s = time.monotonic()
        parameters.declare(self, NodeConfig)
        for text in parameters.unknown_names(self, NodeConfig):
            self.get_logger().warning(text)
        self.on_end: Callable[[str], None] = lambda reason: None
        self._listeners: list[tuple[Listener, bool]] = []
        self._config: NodeConfig | None = None
        self._source_text = ''
        self._pipeline: ClassroomPipeline | None = None
        # rclpy's own Node keeps `_publishers` and `_services`.
        self._outputs: ResultPublishers | None = None
        self._service_desk: PipelineServices | None = None
        self._thread: AnalysisThread | None = None
        self._left_out: tuple[str, ...] = ()
        self._is_active = False
        self._problem = ''
        # A transition may come from another thread than the timer.
        self._release_lock = threading.RLock()
        self.add_on_set_parameters_callback(self._on_set_parameters)

    def add_listener(self, listener: Listener, wants_overlay: bool = False) -> None:
        """Hand every result to somebody in this process as well, in the analysis thread."""
        self._listeners.append((listener, wants_overlay))

    # Lifecycle

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        try:
            self._config = parameters.read(self, NodeConfig)
            self._source_text = self._config.camera.source
            self._left_out = self._published_by_others(self._source_text)
            # Last, so that the others are discovered while the models load.
            self._pipeline = ClassroomPipeline(self._config.analysis)
            require_free(self, topics.FACES, self._born_s)
        except Exception as error:  # rclpy would swallow it
            self._close_pipeline()
            return self._refuse('configure', error)
        self.get_logger().info(f'profile: {self._pipeline.profile.name}')
        self._outputs = ResultPublishers(self, self._left_out)
        self._face_frames = FaceFrames(self)
        self._diagnostics_pub = self.create_publisher(
            DiagnosticArray, topics.DIAGNOSTICS, topics.RESULTS_QOS
        )
        self._status_timer = self.create_timer(self._config.diagnostics_period_s, self._on_timer)
        self._service_desk = PipelineServices(self)
        return super().on_configure(state)

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        result = super().on_activate(state)  # publishers first: an inactive one drops silently
        self._is_active = True
        if self._config.opens_at_start:
            try:
                self.open_camera()
            except Exception as error:
                self._is_active = False
                super().on_deactivate(state)
                return self._refuse('activate', error)
        return result

    def _refuse(self, transition: str, error: Exception) -> TransitionCallbackReturn:
        is_ours = isinstance(error, ClassroomFerError)
        self._problem = str(error) if is_ours else f'{type(error).__name__}: {error}'
        self.get_logger().error(f'cannot {transition}: {self._problem}')
        return TransitionCallbackReturn.FAILURE

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        self._is_active = False
        self.close_camera()
        return super().on_deactivate(state)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        self.release()
        return TransitionCallbackReturn.SUCCESS

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        self.release()
        return TransitionCallbackReturn.SUCCESS

    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        self.release()
        return TransitionCallbackReturn.SUCCESS

    def release(self) -> None:
        """Give everything back; without effect if nothing is held."""
        with self._release_lock:
            self._is_active = False
            self.close_camera()
            if self._outputs is None:
                return
            self._outputs.destroy()
            self._face_frames.destroy()
            self._service_desk.destroy()
            self.destroy_timer(self._status_timer)
            self.destroy_publisher(self._diagnostics_pub)
            self._close_pipeline()
            self._outputs = self._service_desk = None

    def _close_pipeline(self) -> None:
        if self._pipeline is not None:
            self._pipeline.close()
            self._pipeline = None

    # The camera

    @property
    def pipeline(self) -> ClassroomPipeline:
        """
        The analysis.

        :raises SourceError: if the node is not configured
        """
        if self._pipeline is None:
            raise SourceError('the node is not configured: configure and activate it first')
        return self._pipeline

    @property
    def is_camera_open(self) -> bool:
        """Whether pictures are being read; no longer once a film has ended."""
        return self._thread is not None and self._thread.is_running

    @property
    def source(self) -> Source | None:
        """The open source; None while the camera is closed."""
        thread = self._thread
        return thread.source if thread else None

    @property
    def performance(self) -> Performance | None:
        """How the analysis keeps up; None while the camera is closed."""
        thread = self._thread  # another thread may close the camera meanwhile
        return thread.performance() if thread else None

    @property
    def problem(self) -> str:
        """Why no pictures come, in plain words; empty while all is well."""
        source = self.source
        return (source.problem if source else '') or self._problem

    def open_camera(self, source_text: str = '') -> None:
        """
        Open the source, and close the one that was open; without effect if it is open already.

        :param source_text: another source than before, as a user types it
        :raises SourceError: if it cannot be opened; the old one stays
        """
        with self._release_lock:
            if not self._is_active:
                raise SourceError(NOT_ACTIVE)
            self._open_camera(source_text)

    def _open_camera(self, source_text: str) -> None:
        if self.is_camera_open and source_text in ('', self._source_text):
            return
        source_text = source_text or self._source_text
        source = self._open_source(source_text)
        self.close_camera()
        self._source_text, self._problem = source_text, ''
        if self.get_parameter('source').value != source_text:  # whoever asks learns what is open
            self.set_parameters([Parameter('source', value=source_text)])
        self._thread = AnalysisThread(
            source, self.pipeline, self._on_result, self._on_source_end, self._on_trouble
        )
        self._thread.start()
        self.get_logger().info(f'open: {source.description}')

    def close_camera(self) -> None:
        """Let the camera go and return to the initial state; without effect if it is closed."""
        with self._release_lock:
            if self._thread is not None:
                self._close_camera()

    def _close_camera(self) -> None:
        self._thread.stop()
        self._thread = None
        self.pipeline.reset()
        empty = FrameResult(stamp_ns=time.time_ns(), index=0, size_wh=(0, 0))
        header = to_header(empty.stamp_ns, self._config.frame_id)
        self._outputs.publish_results(empty, header)
        self._outputs.publish_alerts((), (), header)
        self.get_logger().info('camera closed')

    def publishers_are_wanted(self, *names: str) -> bool:
        """Whether every one of some topics has a subscriber."""
        return all(self._outputs.is_wanted(name) for name in names)

    def acknowledge(self, alert_id: str) -> Alert:
        """
        Mark a standing alert as seen by the teacher.

        :raises ClassroomFerError: if no such alert stands
        """
        with self._lock():
            alert = self.pipeline.acknowledge(alert_id)
            if alert is None:
                raise ClassroomFerError(f'no alert {alert_id!r} stands')
            self._publish_alert_changes()
        return alert

    def enroll(self, face_id: str, person_name: str) -> str:
        """
        Enrol somebody who is in the picture.

        :return: the new person_id
        :raises ClassroomFerError: if the face is gone, or there is no gallery
        """
        with self._lock():
            return self.pipeline.enroll(face_id, person_name, time.time())

    def _lock(self) -> AbstractContextManager[object]:
        return self._thread.lock if self._thread else nullcontext()

    def _open_source(self, text: str) -> Source:
        if kind_of(text) is SourceKind.TOPIC:
            if set(self._published_by_others(text)) - set(self._left_out):
                raise SourceError(
                    f'{topic_name(text)} is what this node itself publishes: give it as `source` '
                    'before the node is configured, which then leaves it to the driver'
                )
            return TopicSource(self, topic_name(text))
        config = replace(self._config.camera, source=text)
        # Offline, stamps count from zero, so that the same film gives the same results.
        return open_source(config, start_ns=None if config.is_paced else 0)

    def _published_by_others(self, source_text: str) -> tuple[str, ...]:
        """Topics of ours that a source's own driver already publishes."""
        if kind_of(source_text) is not SourceKind.TOPIC:
            return ()
        base = self.resolve_topic_name(topic_name(source_text).removesuffix('/compressed'))
        taken = (base, f'{base}/compressed', f'{base.rpartition("/")[0]}/camera_info')
        ours = (topics.IMAGE, topics.IMAGE_COMPRESSED, topics.CAMERA_INFO)
        return tuple(name for name in ours if self.resolve_topic_name(name) in taken)

    # Live parameters

    def _on_set_parameters(self, changes: list[Parameter]) -> SetParametersResult:
        """Check the values as a whole, and swap them between two pictures."""
        try:
            values = {parameter.name: parameter.value for parameter in changes}
            config = parameters.read(self, NodeConfig, values)
            if self._pipeline is not None:
                if 'source' in values:
                    self._change_source(config.camera.source)
                with self._lock():
                    self._pipeline.reconfigure(config.analysis)
                    self._config = config
        except ClassroomFerError as error:
            return SetParametersResult(successful=False, reason=str(error))
        return SetParametersResult(successful=True)

    def _change_source(self, text: str) -> None:
        if self.is_camera_open:
            self.open_camera(text)
        else:
            kind_of(text)  # raises SourceError where there is no such thing
            self._source_text = text

    # Called in the analysis thread

    def _on_result(self, frame: Frame, result: FrameResult) -> None:
        source = self._thread.source
        frame_id = getattr(source, 'frame_id', '') or self._config.frame_id
        header = to_header(frame.stamp_ns, frame_id)
        info = to_camera_info(getattr(source, 'camera_info', None), header, result.size_wh)
        outputs = self._outputs
        outputs.publish_results(result, header)
        intrinsics = intrinsics_of(info, result.size_wh)
        outputs.publish_details(result, header, self.pipeline.crops, intrinsics)
        self._face_frames.publish(result, header, intrinsics)
        outputs.publish_pictures(frame, header, info)
        self._publish_overlay(frame, result, header)

    def _publish_overlay(self, frame: Frame, result: FrameResult, header: Header) -> None:
        is_published = self._outputs.is_wanted(topics.OVERLAY, topics.OVERLAY_COMPRESSED)
        overlay = None
        if is_published or any(wants_overlay for _, wants_overlay in self._listeners):
            overlay = draw_overlay(frame.image_bgr, result)
        if is_published:
            self._outputs.publish_overlay(overlay, header)
        for listener, _ in self._listeners:
            listener(frame, result, overlay)

    def _on_source_end(self, reason: str) -> None:
        self._problem = reason or 'the source has ended'
        if reason:
            self.get_logger().error(reason)
        else:
            self.get_logger().info('the source has ended')
        self.on_end(reason)

    def _on_trouble(self, text: str) -> None:
        self.get_logger().warning(text, throttle_duration_sec=LOG_PERIOD_S)
        header = to_header(time.time_ns(), self._config.frame_id)
        self._outputs.publish_alerts((), self.pipeline.active_alerts, header)

    # Between pictures

    def _on_timer(self) -> None:
        with self._release_lock:
            if self._pipeline is not None:
                self._look_after()

    def _look_after(self) -> None:
        self._publish_diagnostics()
        problem = self._camera_problem()
        if problem:
            self._log_problem(problem)
        self._yield_to_others()
        with self._lock():
            self.pipeline.report_camera(problem, time.time())
            self._publish_alert_changes()

    def _yield_to_others(self) -> None:
        """On a busy machine others are discovered too late to be refused: who is new gives way."""
        shared = shared_with(self, topics.FACES)
        if not shared:
            return
        self.get_logger().error(shared, throttle_duration_sec=LOG_PERIOD_S)
        if self.is_camera_open and time.monotonic() - self._born_s < NEWCOMER_S:
            self.close_camera()
            self._on_source_end(shared)

    def _log_problem(self, problem: str) -> None:
        text = f'no picture for {self._thread.performance().idle_s:.0f} s: {problem}'
        self.get_logger().warning(text, throttle_duration_sec=LOG_PERIOD_S)

    def _camera_problem(self) -> str:
        """Why an open camera delivers no pictures; a film that has ended is no problem."""
        if not self.is_camera_open:
            return ''
        if self._thread.source.problem:
            return self._thread.source.problem
        if self._thread.performance().idle_s > SILENT_AFTER_S:
            source = self._thread.source
            reason = source.explain_silence() if isinstance(source, TopicSource) else ''
            return f'no pictures come from {source.description}' + (
                f': {reason}' if reason else ''
            )
        return ''

    def _publish_alert_changes(self) -> None:
        changes = self.pipeline.take_alert_changes()
        if changes:
            header = to_header(time.time_ns(), self._config.frame_id)
            self._outputs.publish_alerts(changes, self.pipeline.active_alerts, header)

    def _publish_diagnostics(self) -> None:
        facts = {
            'profile': self.pipeline.profile.name,
            'analyses': ', '.join(sorted(self.pipeline.enabled)),
            **self.pipeline.models,
        }
        self._diagnostics_pub.publish(
            to_diagnostics(
                self.get_fully_qualified_name().lstrip('/'),
                to_header(time.time_ns(), ''),
                self._source_text,
                self.problem,
                self.performance,
                facts,
            )
        )


main = partial(run_node, PipelineNode)

if __name__ == '__main__':
    main()
