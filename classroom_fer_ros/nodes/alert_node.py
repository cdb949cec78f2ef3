"""Lifecycle node: what is known of every face in; alerts and the state of the class out."""

from __future__ import annotations

from functools import partial

from classroom_fer_msgs.srv import AcknowledgeAlert
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from std_msgs.msg import String
from std_srvs.srv import SetBool

from classroom_fer_ros.core.class_words import class_words
from classroom_fer_ros.core.errors import ClassroomFerError
from classroom_fer_ros.core.lesson import Lesson
from classroom_fer_ros.core.profiles import Feature
from classroom_fer_ros.core.system_health import SystemHealth
from classroom_fer_ros.core.texts import load_texts
from classroom_fer_ros.nodes import topics
from classroom_fer_ros.nodes.convert import to_class_state, to_header
from classroom_fer_ros.nodes.diagnostics import DROPPED_KEY, RATE_KEY
from classroom_fer_ros.nodes.node_config import NodeConfig
from classroom_fer_ros.nodes.service_desk import Handler, quiet_words
from classroom_fer_ros.nodes.serving import run_node
from classroom_fer_ros.nodes.stage_node import Joined, StageNode


class AlertNode(StageNode):
    """Follows the lesson; without attention where the profile forbids that."""

    NAME = 'alert_node'
    PARAMETERS = ('alerts.', 'class_state.', 'frame_id', 'language')
    INPUTS = (topics.EXPRESSIONS, topics.FATIGUE, topics.HEAD_POSE)
    OUTPUTS = (topics.ALERTS, topics.ACTIVE_ALERTS, topics.CLASS_STATE)

    def start(self) -> None:
        has_attention = self.profile.allows(Feature.ATTENTION)
        texts = load_texts(self.analysis.language)
        self.lesson = Lesson(self.analysis.alerts, self.analysis.class_state, has_attention, texts)
        self._texts = texts
        self._class_words = ''

    def begin(self) -> None:
        super().begin()
        self._publish_alerts(())
        self._is_camera_node_there = False
        self._health = SystemHealth(self._texts)
        self.subscribe(String, topics.PERSON_FORGOTTEN, self._on_forgotten, topics.RESULTS_QOS)
        self.subscribe(
            DiagnosticArray, topics.DIAGNOSTICS, self._on_diagnostics, topics.RESULTS_QOS
        )

    def reconfigure(self, config: NodeConfig) -> None:
        self.lesson.reconfigure(config.analysis.alerts)

    def reset(self) -> None:
        self.lesson.reset()
        self._class_words = ''

    def facts(self) -> dict[str, str]:
        return {**super().facts(), 'class': self._class_words}

    def handlers(self) -> dict[str, tuple[type, Handler]]:
        return {
            topics.ACKNOWLEDGE_ALERT: (AcknowledgeAlert, self._on_acknowledge),
            topics.QUIET_ALERTS: (SetBool, self._on_quiet),
        }

    def on_tick(self) -> None:
        if self.has_begun and not self.is_replayed:
            rule, period_s = self.config.analysis.alerts.system, self.config.diagnostics_period_s
            now_s = self.now_ns() * 1e-9
            self.lesson.report_system(self._health.problem(now_s, rule, period_s), now_s)
            self._publish_changes()

    def analyse(self, joined: Joined) -> None:
        header = joined.header
        if joined.size_wh == (0, 0):
            self.outputs.publish_alerts((), (), header)
            return
        update = self.lesson.update(
            joined.faces,
            joined.expressions,
            {entry.face_id: entry for entry in joined.fatigue},
            {pose.face_id: pose for pose in joined.head_poses},
            joined.size_wh,
            joined.stamp_s,
        )
        if update.changes:
            self.outputs.publish_alerts(update.changes, update.active, header)
        if update.class_state is not None:
            self._class_words = class_words(update.class_state, self._texts)
            self.outputs.publish(topics.CLASS_STATE, to_class_state(update.class_state, header))

    def _on_forgotten(self, message: String) -> None:
        self.lesson.forget_person(message.data)
        self._publish_changes()

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        """Learn how the nodes of the namespace and the camera are."""
        if self.is_replayed:  # how fast it is played says nothing of the camera
            return
        namespace = self.get_namespace().rstrip('/')
        for status in message.status:
            place, _, node = f'/{status.name.lstrip("/")}'.rpartition('/')
            if place == namespace:
                self._hear(node, status)
        self._publish_changes()

    def _hear(self, node: str, status: DiagnosticStatus) -> None:
        """The camera is known by camera_node or, with a driver instead, by face_node."""
        now_s, values = self.now_ns() * 1e-9, {value.key: value.value for value in status.values}
        self._health.hear(
            node,
            now_s,
            self.config.analysis.alerts.system,
            float(values.get(RATE_KEY, 'inf')),
            int(values.get(DROPPED_KEY, 0)) if node == 'face_node' else 0,
        )
        if node == 'camera_node':
            self._is_camera_node_there = True
        elif node != 'face_node' or self._is_camera_node_there:
            return
        self.lesson.report_camera(_camera_problem(status), now_s)

    def _on_acknowledge(self, request: AcknowledgeAlert.Request, response: object) -> str:
        alert = self.lesson.acknowledge(request.alert_id)
        if alert is None:
            raise ClassroomFerError(f'no alert {request.alert_id!r} stands')
        self._publish_changes()
        return f'acknowledged: {alert.text}'

    def _on_quiet(self, request: SetBool.Request, response: object) -> str:
        return quiet_words(self.lesson.be_quiet(request.data))

    def _publish_changes(self) -> None:
        changes = self.lesson.take_changes()
        if changes:
            self._publish_alerts(changes)

    def _publish_alerts(self, changes: tuple) -> None:
        header = to_header(self.now_ns(), self.config.frame_id)
        self.outputs.publish_alerts(changes, self.lesson.active, header)


def _camera_problem(status: DiagnosticStatus) -> str:
    if status.level == DiagnosticStatus.ERROR:
        return status.message
    if status.level == DiagnosticStatus.WARN:  # its words change from second to second
        return f'No pictures come from {status.hardware_id}'
    return ''


main = partial(run_node, AlertNode)

if __name__ == '__main__':
    main()
