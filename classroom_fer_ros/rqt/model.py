"""The state behind the window: takes in what is heard, tells the widgets when it changed."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from typing import Any

from classroom_fer_ros.core.results import Alert, AlertKind, ClassState
from classroom_fer_ros.nodes import topics
from classroom_fer_ros.nodes.convert import from_time
from classroom_fer_ros.nodes.results_join import Joined
from classroom_fer_ros.rqt.alert_log import AlertLog
from classroom_fer_ros.rqt.class_history import ClassHistory
from classroom_fer_ros.rqt.facts import (
    CAPTURE,
    CAPTURE_IS_ON,
    SOURCE_NODES,
    Answer,
    Graph,
    ParameterRange,
    Status,
    parameter_owner,
)
from classroom_fer_ros.rqt.health import Trouble, troubles
from classroom_fer_ros.rqt.pictures import PictureShelf, ShownPicture
from classroom_fer_ros.rqt.qt import QtCore, Signal
from classroom_fer_ros.rqt.ros_link import RosLink
from classroom_fer_ros.rqt.students import Board, Student, by_need
from classroom_fer_ros.rqt.system_state import SystemState

#: Lists are brought up to date this often; the picture whenever there is one.
LIST_PERIOD_MS = 500
HEALTH_PERIOD_MS = 1000
#: A preview may come so long after the message that the camera was closed.
STRAGGLER_S = 0.5
#: What pops up, as in the published system.
POPUP_KINDS = {AlertKind.TIRED, AlertKind.ASLEEP, AlertKind.LEFT_RIGHT}


class MonitorModel(QtCore.QObject):
    """
    Everything that the widgets show, in Qt's thread.

    :ivar system: what its nodes say of themselves
    :ivar faces: everybody in the newest results
    :ivar shown_faces: everybody in `result_picture`
    :ivar students: who needs attention most first; changes less often than the picture
    :ivar popped_up: an alert that should catch the eye
    :ivar answered: an `Answer`
    """

    picture_changed = Signal()
    students_changed = Signal()
    alerts_changed = Signal()
    class_changed = Signal()
    controls_changed = Signal()
    health_changed = Signal()
    selection_changed = Signal(str)
    popped_up = Signal(object)
    answered = Signal(object)

    def __init__(self, link: RosLink) -> None:
        super().__init__()
        self.link = link
        self.system = SystemState(link.namespace)
        self.log, self.history = AlertLog(), ClassHistory()
        self.class_state: ClassState | None = None
        self.students: list[Student] = []
        self.faces: tuple[Student, ...] = ()
        self.shown_faces: tuple[Student, ...] = ()
        self.stamp_s = math.nan
        self.selected = ''
        self.troubles: list[Trouble] = []
        self._board, self._shelf = Board(), PictureShelf()
        self._picture_s = self._result_s = self._closed_s = -math.inf
        self._are_students_new = False
        self._connect()

    @property
    def picture(self) -> ShownPicture | None:
        """The newest preview."""
        return self._shelf.newest

    @property
    def result_picture(self) -> ShownPicture | None:
        """The newest preview whose results are known; they are `shown_faces`."""
        return self._shelf.matched

    def _connect(self) -> None:
        link = self.link
        link.pictures.arrived.connect(self._on_picture)
        link.results.arrived.connect(self._on_result)
        link.alerts_heard.connect(self._on_alerts)
        link.active_heard.connect(self._on_active)
        link.class_heard.connect(self._on_class)
        link.statuses_heard.connect(self._on_statuses)
        link.graph_heard.connect(self._on_graph)
        link.closed.connect(self._on_closed)
        link.requests.answered.connect(self._on_answered)
        link.requests.parameters_heard.connect(self._on_parameters)
        link.requests.ranges_heard.connect(self._on_ranges)
        self._list_timer = self._timer(LIST_PERIOD_MS, self._refresh_lists)
        self._health_timer = self._timer(HEALTH_PERIOD_MS, self._refresh_health)

    def _timer(self, period_ms: int, action: Any) -> Any:
        timer = QtCore.QTimer(self)
        timer.timeout.connect(action)
        timer.start(period_ms)
        return timer

    # What is so

    def student(self, face_id: str) -> Student | None:
        """Somebody who is in the newest results."""
        return next((one for one in self.faces if one.face_id == face_id), None)

    # What is to be done

    def select(self, face_id: str) -> None:
        """Select a face; an empty id selects none."""
        if face_id != self.selected:
            self.selected = face_id
            self.selection_changed.emit(face_id)

    def jump_to(self, alert: Alert) -> None:
        """Select who an alert is about, also where the track is another one meanwhile."""
        same = (one for one in self.faces if one.person_id and one.person_id == alert.person_id)
        found = self.student(alert.face_id) or next(same, None)
        if found is not None:
            self.select(found.face_id)

    def open_camera(self, source: str) -> None:
        """Open the camera, with another source if one is named."""
        if source and source != self.system.source:
            self.link.requests.ask(topics.SET_SOURCE, source=source)
        else:
            self.link.requests.ask(topics.OPEN_CAMERA, data=True)

    def close_camera(self) -> None:
        """Close the camera."""
        self.link.requests.ask(topics.OPEN_CAMERA, data=False)

    def switch(self, analysis: str, is_on: bool) -> None:
        """Switch an analysis."""
        if analysis == CAPTURE:
            self.set_parameter(CAPTURE_IS_ON, is_on)
            return
        self.link.requests.ask(topics.ENABLE.format(analysis=analysis), data=is_on)

    def set_parameter(self, name: str, value: Any) -> None:
        """Set a parameter, if its node is there."""
        owner = parameter_owner(name, self.system.graph.nodes)
        if owner:
            self.link.requests.set_parameter(owner, name, value)

    def acknowledge(self, alert_id: str) -> None:
        """Tell the system that the teacher has seen an alert."""
        self.link.requests.ask(topics.ACKNOWLEDGE_ALERT, alert_id=alert_id)

    # What is heard

    def _on_picture(self) -> None:
        taken = self.link.pictures.take()
        if taken is None or time.monotonic() - self._closed_s < STRAGGLER_S:
            return
        self._picture_s = time.monotonic()
        if self._shelf.add(*taken):
            self.shown_faces = self.faces
        elif self._shelf.is_behind():  # no results come any more
            self.shown_faces = ()
        self.picture_changed.emit()

    def _on_result(self) -> None:
        joined: Joined | None = self.link.results.take()
        if joined is None:
            return
        self._result_s = time.monotonic()
        self.stamp_s = joined.stamp_s
        self.faces = self._board.update(
            joined.stamp_s,
            joined.size_wh,
            joined.faces,
            joined.expressions,
            joined.fatigue,
            joined.head_poses,
            self.log.active,
        )
        self._are_students_new = True
        if self._shelf.match(from_time(joined.header.stamp)):
            self.shown_faces = self.faces
            self.picture_changed.emit()

    def _on_closed(self) -> None:
        """Back to the initial view."""
        self._closed_s = time.monotonic()
        self._shelf.clear()
        self._board.clear()
        self.history.clear()
        self.log.begin_anew()
        self.faces, self.shown_faces, self.class_state = (), (), None
        self._are_students_new = True
        self._refresh_lists()
        self.picture_changed.emit()
        self.class_changed.emit()
        self.alerts_changed.emit()
        self.select('')

    def _on_alerts(self, alerts: tuple[Alert, ...]) -> None:
        self._announce(self.log.change(alerts))

    def _on_active(self, alerts: tuple[Alert, ...]) -> None:
        self._announce(self.log.stand(alerts))

    def _announce(self, new: list[Alert]) -> None:
        self.alerts_changed.emit()
        for alert in new:
            if alert.kind in POPUP_KINDS:
                self.popped_up.emit(alert)

    def _on_class(self, state: ClassState) -> None:
        self.class_state = state
        self.history.add(state)
        self.class_changed.emit()

    def _on_statuses(self, statuses: Mapping[str, Status]) -> None:
        before = [status.values.get('analyses') for status in self.system.statuses.values()]
        was_open = self.system.is_open
        self.system.statuses.update(statuses)
        after = [status.values.get('analyses') for status in self.system.statuses.values()]
        if before != after or was_open != self.system.is_open:
            self._refresh_health()

    def _on_graph(self, graph: Graph) -> None:
        self.system.see(graph)

    def _on_parameters(self, values: Mapping[tuple[str, str], Any]) -> None:
        self.system.parameters.update(values)
        self.controls_changed.emit()

    def _on_ranges(self, ranges: Mapping[tuple[str, str], ParameterRange]) -> None:
        self.system.ranges.update(ranges)
        self.controls_changed.emit()

    def _on_answered(self, answer: Answer) -> None:
        self.answered.emit(answer)
        self.controls_changed.emit()  # a switch that was refused goes back

    def _refresh_lists(self) -> None:
        if not self._are_students_new:
            return
        self._are_students_new = False
        self.students = by_need(self.faces)
        self.students_changed.emit()

    def _refresh_health(self) -> None:
        heard = self.system.heard(self._picture_s, self._result_s)
        status = heard.status(*SOURCE_NODES)
        # On a busy machine a preview comes even later, or the message got lost.
        is_stale = status is not None and status.heard_s - self._picture_s > STRAGGLER_S
        if heard.is_closed and is_stale and (self.picture is not None or self.faces):
            self._on_closed()
        self.troubles = list(troubles(heard))
        self.health_changed.emit()
        self.controls_changed.emit()
