"""Lifecycle node: pictures and all results in; result pictures, markers and TF frames out."""

from __future__ import annotations

from functools import partial
from typing import Any

from classroom_fer_msgs.msg import AlertArray
from rclpy.subscription import Subscription
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from classroom_fer_ros.core.errors import ClassroomFerError, StampError
from classroom_fer_ros.core.lettering import lettering_for
from classroom_fer_ros.core.overlay import draw_overlay
from classroom_fer_ros.core.results import Alert
from classroom_fer_ros.core.stamp_join import JoinedSet, StampJoin
from classroom_fer_ros.core.texts import load_texts
from classroom_fer_ros.nodes import topics
from classroom_fer_ros.nodes.calibration import intrinsics_of
from classroom_fer_ros.nodes.convert import from_time
from classroom_fer_ros.nodes.convert_back import from_alert_array
from classroom_fer_ros.nodes.face_frames import FaceFrames
from classroom_fer_ros.nodes.markers import to_markers
from classroom_fer_ros.nodes.pictures import from_compressed, from_image
from classroom_fer_ros.nodes.serving import run_node
from classroom_fer_ros.nodes.stage_node import LOG_PERIOD_S, Joined, StageNode

#: Whole pictures are taken only while somebody looks; looked after this often.
WATCH_PERIOD_S = 0.5
#: Pictures that wait for their results, and results for their pictures: a picture may get lost.
MAX_WAIT_S = 0.2
MAX_PENDING = 4
RESULT = 'result'


class OverlayNode(StageNode):
    """Draws what is known of every face on its picture, and as markers for RViz."""

    NAME = 'overlay_node'
    PARAMETERS = ('language', 'overlay_font', 'picture_transport')
    INPUTS = (topics.EXPRESSIONS, topics.FATIGUE, topics.HEAD_POSE)
    OUTPUTS = (topics.OVERLAY, topics.OVERLAY_COMPRESSED, topics.MARKERS)

    def start(self) -> None:
        texts = load_texts(self.analysis.language)
        self._lettering = lettering_for(texts, self.analysis.overlay_font)
        if self._lettering.problem:
            self.get_logger().warning(self._lettering.problem)
        self._alerts: tuple[Alert, ...] = ()
        self._info: CameraInfo | None = None
        self._face_frames = FaceFrames(self)
        self.undo_with(self._face_frames.destroy)
        self._pictures_sub: Subscription | None = None
        self._topic = topics.pictures_of(self.config.picture_transport)
        self._pictures = StampJoin(
            RESULT,
            (topics.IMAGE,),
            lambda part: self._pictures_sub is not None,
            max_wait_s=MAX_WAIT_S,
            max_pending=MAX_PENDING,
        )

    def begin(self) -> None:
        super().begin()
        self.subscribe(AlertArray, topics.ACTIVE_ALERTS, self._on_alerts, topics.LATCHED_QOS)
        self.subscribe(CameraInfo, topics.CAMERA_INFO, self._on_info, topics.PICTURE_SUB_QOS)
        self._watch_timer = self.create_timer(WATCH_PERIOD_S, self._watch)

    def end(self) -> None:
        super().end()
        self.destroy_timer(self._watch_timer)
        self._pictures_sub = None

    def reset(self) -> None:
        self._pictures.clear()
        self._alerts = ()

    def analyse(self, joined: Joined) -> None:
        if joined.size_wh == (0, 0):
            return
        result = joined.result(
            faces=joined.faces,
            expressions=joined.expressions,
            fatigue=joined.fatigue,
            head_poses=joined.head_poses,
            active_alerts=self._alerts,
        )
        intrinsics = intrinsics_of(self._info, joined.size_wh)
        self.outputs.publish_wanted(
            topics.MARKERS, lambda: to_markers(result, joined.header, intrinsics)
        )
        self._face_frames.publish(result, joined.header, intrinsics)
        self._draw(self._add(RESULT, result.stamp_ns, result))

    def _watch(self) -> None:
        """Take pictures only while somebody looks: they are most of the traffic."""
        is_wanted = self.outputs.is_wanted(topics.OVERLAY, topics.OVERLAY_COMPRESSED)
        if is_wanted and self._pictures_sub is None:
            self._pictures_sub = self.subscribe(
                Image if self._topic == topics.IMAGE else CompressedImage,
                self._topic,
                self._on_picture,
                topics.picture_qos(self, self._topic),
            )
        elif not is_wanted and self._pictures_sub is not None:
            self.unsubscribe(self._pictures_sub)
            self._pictures_sub = None

    def _on_alerts(self, message: AlertArray) -> None:
        self._alerts = from_alert_array(message)

    def _on_info(self, message: CameraInfo) -> None:
        self._info = message

    def _on_picture(self, message: Image | CompressedImage) -> None:
        try:
            self._draw(self._add(topics.IMAGE, from_time(message.header.stamp), message))
        except ClassroomFerError as error:
            self.get_logger().warning(str(error), throttle_duration_sec=LOG_PERIOD_S)

    def _add(self, part: str, stamp_ns: int, value: Any) -> list[JoinedSet]:
        try:
            return self._pictures.add(part, stamp_ns, value)
        except StampError:
            self._pictures.clear()
            return self._pictures.add(part, stamp_ns, value)

    def _draw(self, ready: list[JoinedSet]) -> None:
        for one in ready:
            picture = one.parts.get(topics.IMAGE)
            if picture is not None:
                unwrap = from_image if isinstance(picture, Image) else from_compressed
                overlay_bgr = draw_overlay(unwrap(picture), one.parts[RESULT], self._lettering)
                self.outputs.publish_overlay(overlay_bgr, picture.header)


main = partial(run_node, OverlayNode)

if __name__ == '__main__':
    main()
