"""
Lifecycle node of the fused mode: pictures in, every topic of the design out.

Wiring only: `core.pipeline` analyses, `Camera` drives it, `ResultPublishers` publishes.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import cv2
from classroom_fer_msgs.srv import AcknowledgeAlert
from std_msgs.msg import Header
from std_srvs.srv import SetBool

from classroom_fer_ros.core.arrays import ImageBgr
from classroom_fer_ros.core.class_words import class_words
from classroom_fer_ros.core.errors import ClassroomFerError, SourceError
from classroom_fer_ros.core.frame import Frame
from classroom_fer_ros.core.lettering import lettering_for
from classroom_fer_ros.core.overlay import draw_overlay, without_names
from classroom_fer_ros.core.person_records import PersonRecords
from classroom_fer_ros.core.pipeline import ANALYSES, ClassroomPipeline
from classroom_fer_ros.core.relief import Relief
from classroom_fer_ros.core.results import FrameResult
from classroom_fer_ros.core.sources import SourceKind, kind_of, topic_name
from classroom_fer_ros.core.system_health import SystemHealth
from classroom_fer_ros.nodes import topics
from classroom_fer_ros.nodes.calibration import intrinsics_of
from classroom_fer_ros.nodes.capture_desk import CaptureDesk
from classroom_fer_ros.nodes.convert import to_header
from classroom_fer_ros.nodes.enrolment import EnrolmentDesk
from classroom_fer_ros.nodes.face_frames import FaceFrames
from classroom_fer_ros.nodes.node_config import NodeConfig
from classroom_fer_ros.nodes.result_publishers import TOPICS
from classroom_fer_ros.nodes.service_desk import Handler, quiet_words
from classroom_fer_ros.nodes.serving import run_node
from classroom_fer_ros.nodes.source_node import LOG_PERIOD_S, SourceNode

#: Active for less time, a node gives way to others of its namespace.
NEWCOMER_S = 20.0
#: Gets every picture, its result and the result picture as it may be kept, without names (None
#: unless asked for).
Listener = Callable[[Frame, FrameResult, ImageBgr | None], None]


class PipelineNode(SourceNode):
    """
    Analyses the pictures of one source while active.

    :ivar on_end: called in the analysis thread when the source has ended by itself, with the
        reason (empty at a natural end)
    """

    NAME = 'pipeline_node'
    PARAMETERS = ('',)  # all there are
    LEFT_OUT = ('room.', 'picture_transport')
    ANALYSES = ANALYSES
    SOLE_TOPIC = topics.FACES
    OWN_TOPIC_ADVICE = (
        'give it as `source` before the node is configured, which then leaves it to the driver'
    )

    def __init__(self, **options: object) -> None:
        super().__init__(**options)
        self.on_end: Callable[[str], None] = lambda reason: None
        self._listeners: list[tuple[Listener, bool]] = []
        self._pipeline: ClassroomPipeline | None = None
        self._records: list[PersonRecords] = []
        self._begun_s = 0.0

    def add_listener(self, listener: Listener, wants_overlay: bool = False) -> None:
        """Hand every result to somebody in this process as well, in the analysis thread."""
        self._listeners.append((listener, wants_overlay))

    def add_records(self, records: PersonRecords) -> None:
        """Let somebody in this process erase what it keeps of people who are forgotten."""
        self._records.append(records)

    @property
    def pipeline(self) -> ClassroomPipeline:
        """
        The analysis.

        :raises SourceError: if the node is not configured
        """
        if self._pipeline is None:
            raise SourceError('the node is not configured: configure and activate it first')
        return self._pipeline

    def publishers_are_wanted(self, *names: str) -> bool:
        """Whether every one of some topics has a subscriber."""
        return all(self.outputs.is_wanted(name) for name in names)

    # Life cycle

    def start(self) -> None:
        self._left_out = self._published_by_driver(self.config.camera.source)
        cv2.setNumThreads(self.analysis.num_threads)  # or OpenCV would take every core
        self._pipeline = ClassroomPipeline(self.analysis, self.switches)
        self._class_words = ''
        self._lettering = lettering_for(self._pipeline.texts, self.analysis.overlay_font)
        if self._lettering.problem:
            self.get_logger().warning(self._lettering.problem)
        self._health = SystemHealth(self._pipeline.texts)
        self._relief = Relief(self.config.relief)
        self.undo_with(self._close_pipeline)
        self.make_camera(self)
        self._captures = CaptureDesk(
            self.config,
            self.profile,
            self.camera.lock,
            lambda text: self.get_logger().warning(text, throttle_duration_sec=LOG_PERIOD_S),
        )
        self.undo_with(self._captures.close)
        self._enrolment = EnrolmentDesk(
            self,
            self._pipeline,
            self.camera.lock,
            lambda: [self._captures, *self._records],
        )
        self._face_frames = FaceFrames(self)
        self.undo_with(self._face_frames.destroy)

    def begin(self) -> None:
        super().begin()
        self._begun_s = time.monotonic()

    def _close_pipeline(self) -> None:
        self.pipeline.close()
        self._pipeline = None

    def reconfigure(self, config: NodeConfig) -> None:
        """Swapped between two pictures."""
        self._captures.reconfigure(config)
        try:
            super().reconfigure(config)
        except ClassroomFerError:
            self._captures.reconfigure(self.config)
            raise
        with self.camera.lock():
            self.pipeline.reconfigure(config.analysis)
            self._relief.reconfigure(config.relief)

    def facts(self) -> dict[str, str]:
        relief = self._relief.words or 'none needed'
        return {
            **super().facts(),
            'class': self._class_words,
            **self.pipeline.models,
            **self._enrolment.facts(),
            'provider': self.pipeline.provider,
            'relief': relief,
        }

    @property
    def strain(self) -> str:
        return self._relief.words and f'the machine is too slow, {self._relief.words}'

    def output_topics(self) -> tuple[str, ...]:
        return tuple(name for name in TOPICS if name not in self._left_out)

    def publishes(self, topic: str) -> bool:
        return bool(set(self._published_by_driver(f'topic:{topic}')) - set(self._left_out))

    def _published_by_driver(self, source_text: str) -> tuple[str, ...]:
        """Topics of ours that a source's own driver already publishes."""
        if kind_of(source_text) is not SourceKind.TOPIC:
            return ()
        base = self.resolve_topic_name(topic_name(source_text).removesuffix('/compressed'))
        taken = (base, f'{base}/compressed', topics.info_of(base))
        ours = (topics.IMAGE, topics.IMAGE_COMPRESSED, topics.CAMERA_INFO)
        return tuple(name for name in ours if self.resolve_topic_name(name) in taken)

    def handlers(self) -> dict[str, tuple[type, Handler]]:
        return {
            **super().handlers(),
            topics.ACKNOWLEDGE_ALERT: (AcknowledgeAlert, self._on_acknowledge),
            topics.QUIET_ALERTS: (SetBool, self._on_quiet),
            **self._enrolment.handlers(),
            **self._captures.handlers(),
        }

    def _on_acknowledge(self, request: AcknowledgeAlert.Request, response: object) -> str:
        with self.camera.lock():
            alert = self.pipeline.acknowledge(request.alert_id)
            if alert is None:
                raise ClassroomFerError(f'no alert {request.alert_id!r} stands')
            self._publish_alert_changes()
        return f'acknowledged: {alert.text}'

    def _on_quiet(self, request: SetBool.Request, response: object) -> str:
        with self.camera.lock():
            return quiet_words(self.pipeline.be_quiet(request.data))

    # Called in the analysis thread

    def process(self, frame: Frame) -> FrameResult:
        """Analyse the next picture."""
        return self.pipeline.process(frame)

    def reset(self) -> None:
        """Begin anew: the camera was closed, or its stamps have gone back. Ids do so too."""
        self.pipeline.reset()
        self._captures.reset()
        self._class_words = ''

    def on_picture(self, frame: Frame, result: FrameResult) -> None:
        header, outputs = self.header_of(frame), self.outputs
        info = self.camera_info_of(frame, header)
        if result.class_state is not None:
            self._class_words = class_words(result.class_state, self.pipeline.texts)
        outputs.publish_results(result, header)
        intrinsics = intrinsics_of(info, result.size_wh)
        self.pipeline.intrinsics = intrinsics  # a camera's lens is that of its next picture too
        outputs.publish_details(result, header, self.pipeline.crops, intrinsics)
        self._face_frames.publish(result, header, intrinsics)
        outputs.publish_pictures(frame, header, info)
        self._captures.on_result(result, self.pipeline.cut)
        self._publish_overlay(frame, result, header)
        self._relieve(result, frame.stamp_s)

    def _relieve(self, result: FrameResult, stamp_s: float) -> None:
        """
        Only in real time: offline or replayed, the same pictures are to give the same results.

        Where nobody is seen, all of the picture is looked at, for as long as it takes.
        """
        if self.is_replayed or not self.config.camera.is_paced or not result.faces:
            return
        if self._relief.update(sum(result.stage_ms.values()), stamp_s):
            self.pipeline.relieve(self._relief.level)
            self.get_logger().warning(self.strain or 'the machine keeps up again')

    def _publish_overlay(self, frame: Frame, result: FrameResult, header: Header) -> None:
        image = frame.image_bgr
        if self.outputs.is_wanted(topics.OVERLAY, topics.OVERLAY_COMPRESSED):
            overlay = draw_overlay(image, result, self._lettering)
            self.outputs.publish_overlay(overlay, header)
        kept = None
        if any(wants_overlay for _, wants_overlay in self._listeners):
            kept = draw_overlay(image, without_names(result), self._lettering)
        for listener, _ in self._listeners:
            listener(frame, result, kept)

    def on_source_end(self, reason: str) -> None:
        super().on_source_end(reason)
        self.on_end(reason)

    def on_trouble(self, text: str) -> None:
        self.get_logger().warning(text, throttle_duration_sec=LOG_PERIOD_S)
        self.outputs.publish_alerts((), self.pipeline.active_alerts, self._header_of_now())

    # Between pictures

    def on_closed(self) -> None:
        header = self._header_of_now()
        empty = FrameResult(stamp_ns=self.now_ns(), index=0, size_wh=(0, 0))
        self.outputs.publish_results(empty, header)
        self.outputs.publish_alerts((), (), header)

    def on_tick(self) -> None:
        super().on_tick()
        self._enrolment.tick()
        if self.is_replayed:  # how fast it is played says nothing of the camera
            return
        with self.camera.lock():
            now_s = self.now_ns() * 1e-9
            self.pipeline.report_camera(self.camera_problem(), now_s)
            self.pipeline.report_system(self._system_problem(now_s), now_s)
            self._publish_alert_changes()

    def _system_problem(self, now_s: float) -> str:
        """A camera that is closed keeps nobody waiting."""
        performance, rule = self.performance, self.config.analysis.alerts.system
        if performance is None or not self.is_camera_open:
            return ''
        self._health.hear(self.NAME, now_s, rule, performance.fps, performance.dropped)
        return self._health.problem(now_s, rule)

    def on_shared(self, problem: str) -> None:
        """On a busy machine others are discovered too late to be refused: who is new gives way."""
        super().on_shared(problem)
        if self.is_camera_open and time.monotonic() - self._begun_s < NEWCOMER_S:
            self.camera.break_off(problem)

    def _publish_alert_changes(self) -> None:
        changes = self.pipeline.take_alert_changes()
        if changes:
            header = self._header_of_now()
            self.outputs.publish_alerts(changes, self.pipeline.active_alerts, header)

    def _header_of_now(self) -> Header:
        return to_header(self.now_ns(), self.config.frame_id)


main = partial(run_node, PipelineNode)

if __name__ == '__main__':
    main()
