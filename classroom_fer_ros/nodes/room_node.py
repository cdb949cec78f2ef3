"""Lifecycle node: results of several cameras in; the state of the room and its alerts out."""

from __future__ import annotations

from functools import partial
from typing import Any

from classroom_fer_msgs.srv import AcknowledgeAlert
from std_msgs.msg import Header
from std_srvs.srv import SetBool

from classroom_fer_ros.core.class_words import class_words
from classroom_fer_ros.core.errors import ClassroomFerError, ConfigError
from classroom_fer_ros.core.lesson import LessonUpdate
from classroom_fer_ros.core.profiles import Feature
from classroom_fer_ros.core.results import Alert
from classroom_fer_ros.core.room_state import CameraView, RoomMonitor
from classroom_fer_ros.core.student_state import students_of
from classroom_fer_ros.core.texts import load_texts
from classroom_fer_ros.nodes import topics
from classroom_fer_ros.nodes.analysis_node import AnalysisNode
from classroom_fer_ros.nodes.convert import to_class_state, to_header
from classroom_fer_ros.nodes.node_config import NodeConfig
from classroom_fer_ros.nodes.result_publishers import TOPICS
from classroom_fer_ros.nodes.results_join import Joined, ResultsJoin, allowed_inputs
from classroom_fer_ros.nodes.service_desk import Handler, quiet_words
from classroom_fer_ros.nodes.serving import run_node


class RoomNode(AnalysisNode):
    """Sums up what all cameras of a room see; without attention where the profile forbids that."""

    NAME = 'room_node'
    PARAMETERS = ('room.', 'alerts.', 'class_state.', 'language')
    INPUTS = (topics.EXPRESSIONS, topics.FATIGUE, topics.HEAD_POSE)
    OUTPUTS = (topics.ALERTS, topics.ACTIVE_ALERTS, topics.CLASS_STATE)
    SOLE_TOPIC = topics.CLASS_STATE

    def start(self) -> None:
        self.cameras = camera_namespaces(self.config.room.cameras, self.get_namespace())
        texts = load_texts(self.analysis.language)
        self.room = RoomMonitor(
            self.cameras,
            self.config.room,
            self.analysis.alerts,
            self.analysis.class_state,
            self.profile.allows(Feature.ATTENTION),
            texts,
        )
        self._texts, self._class_words = texts, ''
        self._told: tuple[Alert, ...] = ()
        self._missed: tuple[str, ...] = ()

    def begin(self) -> None:
        self._told = self._missed = ()
        self.outputs.publish_alerts((), (), Header())
        for camera in self.cameras:
            join = ResultsJoin(self.inputs, partial(self._is_published, camera))
            for name in (topics.FACES, *self.inputs):
                kind, qos = TOPICS[name]
                on_part = partial(self._on_part, camera, join, name)
                self.subscribe(kind, f'{camera}/{name}', on_part, qos)

    def end(self) -> None:
        self.room.reset()
        self._class_words = ''

    def reconfigure(self, config: NodeConfig) -> None:
        self.room.reconfigure(config.analysis.alerts)

    def handlers(self) -> dict[str, tuple[type, Handler]]:
        return {
            topics.ACKNOWLEDGE_ALERT: (AcknowledgeAlert, self._on_acknowledge),
            topics.QUIET_ALERTS: (SetBool, self._on_quiet),
        }

    @property
    def inputs(self) -> tuple[str, ...]:
        """Of `INPUTS` those that the profile allows."""
        return allowed_inputs(self.INPUTS, self.profile)

    @property
    def input_words(self) -> str:
        return ', '.join(self.cameras)

    def facts(self) -> dict[str, str]:
        return {
            'cameras': ', '.join(self.room.heard),
            'left out': ', '.join(self.room.silent),
            'class': self._class_words,
        }

    def on_tick(self) -> None:
        """Name the cameras that say nothing, once in the log for every change."""
        silent = self.room.silent
        self.problem = f'nothing comes from {", ".join(silent)}: left out' if silent else ''
        if silent != self._missed:
            self.get_logger().warning(self.problem or 'every camera is heard again')
            self._missed = silent

    def _is_published(self, camera: str, name: str) -> bool:
        return self.count_publishers(f'{camera}/{name}') > 0

    def _on_part(self, camera: str, join: ResultsJoin, name: str, message: Any) -> None:
        heard = join.add(name, message)
        if heard.is_closed:
            self.room.close(camera)
            self._publish_alerts((), message.header)
            return
        for joined in heard.ready:
            with self.meter.working():
                update = self.room.update(camera, partial(view_of, joined), joined.stamp_s)
                if update is not None:
                    self._publish(update)

    def _publish(self, update: LessonUpdate) -> None:
        """The stamp is that of the newest picture; no frame holds several cameras."""
        header = to_header(round(update.class_state.stamp_s * 1e9), '')
        self._class_words = class_words(update.class_state, self._texts)
        self.outputs.publish(topics.CLASS_STATE, to_class_state(update.class_state, header))
        self._publish_alerts(update.changes, header)

    def _publish_alerts(self, changes: tuple[Alert, ...], header: Header) -> None:
        active = self.room.active
        if changes or active != self._told:
            self._told = active
            self.outputs.publish_alerts(changes, active, header)

    def _on_acknowledge(self, request: AcknowledgeAlert.Request, response: object) -> str:
        alert = self.room.acknowledge(request.alert_id)
        if alert is None:
            raise ClassroomFerError(f'no alert {request.alert_id!r} stands')
        header = to_header(round(self.room.stamp_s * 1e9), '')
        self._publish_alerts(self.room.take_changes(), header)
        return f'acknowledged: {alert.text}'

    def _on_quiet(self, request: SetBool.Request, response: object) -> str:
        return quiet_words(self.room.be_quiet(request.data))


def view_of(joined: Joined) -> CameraView:
    """What a camera sees in one picture."""
    students = students_of(
        joined.faces,
        {entry.face_id: entry for entry in joined.fatigue},
        {pose.face_id: pose for pose in joined.head_poses},
        seats={},
    )
    return CameraView(students=students, expressions=joined.expressions)


def camera_namespaces(text: str, namespace: str) -> tuple[str, ...]:
    """
    Full namespaces of the cameras of a room.

    :param text: as in the parameter, separated by commas
    :param namespace: of the room
    :raises ConfigError: if there is none, or one is there twice
    """
    names = [name.strip().rstrip('/') for name in text.split(',') if name.strip()]
    if not names:
        raise ConfigError('room.cameras', text, 'name the namespaces of the cameras: front,back')
    inside = namespace.rstrip('/')
    cameras = tuple(name if name.startswith('/') else f'{inside}/{name}' for name in names)
    if len(set(cameras)) < len(cameras):
        raise ConfigError('room.cameras', text, 'names a camera twice')
    return cameras


main = partial(run_node, RoomNode)

if __name__ == '__main__':
    main()
