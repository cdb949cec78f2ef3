"""Lifecycle node: pictures in; faces, meshes and crops out. Holds no perception logic."""

from __future__ import annotations

from functools import partial

import cv2
from std_msgs.msg import Bool, String

from classroom_fer_ros.core.face_analysis import FaceAnalysis
from classroom_fer_ros.core.frame import Frame
from classroom_fer_ros.core.person_records import CapturedFaces
from classroom_fer_ros.core.results import FrameResult
from classroom_fer_ros.nodes import convert, topics
from classroom_fer_ros.nodes.analysis_node import AnalysisNode
from classroom_fer_ros.nodes.analysis_thread import Performance
from classroom_fer_ros.nodes.camera import ENDED, Camera
from classroom_fer_ros.nodes.enrolment import EnrolmentDesk
from classroom_fer_ros.nodes.node_config import NodeConfig
from classroom_fer_ros.nodes.service_desk import Handler
from classroom_fer_ros.nodes.serving import run_node
from classroom_fer_ros.nodes.stage_node import LOG_PERIOD_S
from classroom_fer_ros.nodes.topic_source import TopicSource

#: Whoever brings the pictures may come up so much later than this node.
ALONE_AFTER_S = 10.0


class FaceNode(AnalysisNode):
    """Lights up, detects, meshes, follows, names and cuts out the faces of every picture."""

    NAME = 'face_node'
    PARAMETERS = (
        'light.',
        'detection.',
        'tracking.',
        'identity_',
        'enroll_',
        'embedding_card',
        'gallery_',
        'provider',
        'capture.folder',
        'num_threads',
        'frame_id',
        'picture_transport',
    )
    OUTPUTS = (topics.FACES, topics.LANDMARKS, topics.FACE_CROPS)
    ANALYSES = ('detection', 'identification')
    SOLE_TOPIC = topics.FACES

    def start(self) -> None:
        cv2.setNumThreads(self.analysis.num_threads)  # or OpenCV would take every core
        self.faces = FaceAnalysis(self.analysis, self.switches)
        self.undo_with(self.faces.close)
        self._topic = topics.pictures_of(self.config.picture_transport)
        self.camera = Camera(
            self._topic,
            self._open_source,
            self.faces,
            self._on_faces,
            self.get_logger().warning,
            self._on_closed,
            lambda reason: self.get_logger().warning(reason or ENDED),
        )
        self._enrolment = EnrolmentDesk(
            self,
            self.faces,
            self.camera.lock,
            lambda: [CapturedFaces(self.config.capture.path)],
            lambda person_id: self._forgotten_pub.publish(String(data=person_id)),
        )
        self._forgotten_pub = self.create_publisher(
            String, topics.PERSON_FORGOTTEN, topics.RESULTS_QOS
        )
        self.undo_with(lambda: self.destroy_publisher(self._forgotten_pub))

    def reconfigure(self, config: NodeConfig) -> None:
        with self.camera.lock():
            self.faces.reconfigure(config.analysis)

    def begin(self) -> None:
        self.camera.open()
        self.subscribe(Bool, topics.CAMERA_OPEN, self._on_camera_open, topics.RESULTS_QOS)

    def end(self) -> None:
        self.camera.close()

    def handlers(self) -> dict[str, tuple[type, Handler]]:
        return self._enrolment.handlers()

    def facts(self) -> dict[str, str]:
        return {**self.faces.models, **self._enrolment.facts()}

    @property
    def input_words(self) -> str:
        return self._topic

    @property
    def performance(self) -> Performance | None:
        performance = self.camera.performance if self.camera.is_open else None
        return performance if performance is not None and performance.pictures else None

    @property
    def takes_reliably(self) -> bool:
        """Whether no picture gets lost on its way."""
        return self._qos == topics.PICTURE_RELIABLE_QOS

    def on_tick(self) -> None:
        self._enrolment.tick()
        is_open = self.camera.source is not None
        if is_open and topics.picture_qos(self, self._topic) != self._qos:
            self.camera.renew()  # the publisher is new
        self.problem = self.camera.problem
        if is_open and self.performance is None:
            self._explain_silence()

    def _explain_silence(self) -> None:
        """A closed camera is silent too, but its node is there."""
        idle_s = self.camera.performance.idle_s
        if idle_s > ALONE_AFTER_S and not self.count_publishers(self._topic):
            text = f'no picture for {idle_s:.0f} s: {self.camera.source.explain_silence()}'
            self.get_logger().warning(text, throttle_duration_sec=LOG_PERIOD_S)

    def _on_camera_open(self, message: Bool) -> None:
        if not message.data:
            self.camera.close()
            self.camera.open()

    def _open_source(self, name: str) -> TopicSource:
        self._qos = topics.picture_qos(self, name)
        return TopicSource(self, name, self._qos)

    def _on_closed(self) -> None:
        """Let the nodes behind this one know that everybody is forgotten."""
        empty = FrameResult(stamp_ns=self.now_ns(), index=0, size_wh=(0, 0))
        self._publish(empty, self.config.frame_id)

    def _on_faces(self, frame: Frame, result: FrameResult) -> None:
        """Called in the reading thread."""
        self._publish(result, self.camera.source.frame_id)

    def _publish(self, result: FrameResult, frame_id: str) -> None:
        header = convert.to_header(result.stamp_ns, frame_id)
        outputs = self.outputs
        # Meshes and crops first: whoever joins them with the faces is then ready at once.
        outputs.publish_wanted(
            topics.LANDMARKS, lambda: convert.to_landmarks_array(result, header)
        )
        outputs.publish_wanted(
            topics.FACE_CROPS, lambda: convert.to_crop_array(self.faces.crops(), header)
        )
        outputs.publish(topics.FACES, convert.to_face_array(result, header))


main = partial(run_node, FaceNode)

if __name__ == '__main__':
    main()
