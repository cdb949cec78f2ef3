"""Services of the fused mode: camera, switches, source, alerts and enrolment."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from classroom_fer_msgs.srv import (
    AcknowledgeAlert,
    EnrollPerson,
    ForgetPerson,
    ListPeople,
    SetSource,
)
from std_srvs.srv import SetBool

from classroom_fer_ros.core.errors import ClassroomFerError, SourceError
from classroom_fer_ros.core.gallery import Gallery
from classroom_fer_ros.core.pipeline import ANALYSES
from classroom_fer_ros.nodes import topics
from classroom_fer_ros.nodes.service_desk import Handler, ServiceDesk

if TYPE_CHECKING:
    from classroom_fer_ros.nodes.pipeline_node import PipelineNode

NOT_ACTIVE = 'the node is not active: activate it first (`ros2 lifecycle set … activate`)'
NO_GALLERY = 'identification is off: set the parameter gallery_path to a file and restart'


class PipelineServices(ServiceDesk):
    """Everything that can be asked of the fused node."""

    def __init__(self, node: PipelineNode) -> None:
        self._target = node
        handlers: dict[str, tuple[type, Handler]] = {
            topics.OPEN_CAMERA: (SetBool, self._open_camera),
            topics.SET_SOURCE: (SetSource, self._set_source),
            topics.ACKNOWLEDGE_ALERT: (AcknowledgeAlert, self._acknowledge_alert),
            topics.ENROLL_PERSON: (EnrollPerson, self._enroll_person),
            topics.FORGET_PERSON: (ForgetPerson, self._forget_person),
            topics.LIST_PEOPLE: (ListPeople, self._list_people),
        }
        for analysis in ANALYSES:
            name = topics.ENABLE.format(analysis=analysis)
            handlers[name] = (SetBool, partial(self._enable, analysis))
        super().__init__(node, handlers)

    def _open_camera(self, request: SetBool.Request, response: SetBool.Response) -> str:
        if not request.data:
            self._target.close_camera()
            return 'the camera is closed'
        self._target.open_camera()
        return f'open: {self._target.source.description}'

    def _set_source(self, request: SetSource.Request, response: SetSource.Response) -> str:
        if not request.source.strip():
            raise SourceError('no source given')
        self._target.open_camera(request.source)
        return f'open: {self._target.source.description}'

    def _enable(self, analysis: str, request: SetBool.Request, response: SetBool.Response) -> str:
        self._target.pipeline.set_enabled(analysis, request.data)
        return f'{analysis} is {"on" if request.data else "off"}'

    def _acknowledge_alert(
        self, request: AcknowledgeAlert.Request, response: AcknowledgeAlert.Response
    ) -> str:
        alert = self._target.acknowledge(request.alert_id)
        return f'acknowledged: {alert.text}'

    def _gallery(self) -> Gallery:
        gallery = self._target.pipeline.gallery
        if gallery is None:
            raise ClassroomFerError(NO_GALLERY)
        return gallery

    def _enroll_person(
        self, request: EnrollPerson.Request, response: EnrollPerson.Response
    ) -> str:
        response.person_id = self._target.enroll(request.face_id, request.person_name)
        return f'{request.person_name} is enrolled from face {request.face_id}'

    def _forget_person(
        self, request: ForgetPerson.Request, response: ForgetPerson.Response
    ) -> str:
        if not self._gallery().forget(request.person_id):
            raise ClassroomFerError(f'nobody has the id {request.person_id!r}')
        return f'erased {request.person_id}: the name and every embedding'

    def _list_people(self, request: ListPeople.Request, response: ListPeople.Response) -> str:
        people = sorted(self._gallery().people(), key=lambda person: person.name)
        response.person_ids = [person.person_id for person in people]
        response.person_names = [person.name for person in people]
        return f'{len(people)} people are enrolled'
