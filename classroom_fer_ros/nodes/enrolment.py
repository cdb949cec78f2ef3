"""Services of the gallery: enrol, forget and list people."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

from classroom_fer_msgs.srv import EnrollPerson, ForgetPerson, ListPeople

from classroom_fer_ros.core.errors import GalleryError
from classroom_fer_ros.core.gallery import Gallery
from classroom_fer_ros.nodes import topics
from classroom_fer_ros.nodes.service_desk import Handler

NO_GALLERY = 'identification is off: set the parameter gallery_path to a file and restart'


class Enrolling(Protocol):
    """An analysis that knows people."""

    @property
    def gallery(self) -> Gallery | None: ...

    def enroll(self, face_id: str, person_name: str, enrolled_at_s: float) -> str: ...


class EnrolmentDesk:
    """Answers what is asked about the enrolled."""

    def __init__(
        self, analysis: Enrolling, lock: Callable[[], AbstractContextManager[object]]
    ) -> None:
        """:param lock: held while the analysis and its gallery are touched"""
        self._analysis, self._lock = analysis, lock

    def handlers(self) -> dict[str, tuple[type, Handler]]:
        """Type and handler by the service's name."""
        return {
            topics.ENROLL_PERSON: (EnrollPerson, self._on_enroll),
            topics.FORGET_PERSON: (ForgetPerson, self._on_forget),
            topics.LIST_PEOPLE: (ListPeople, self._on_list),
        }

    def _gallery(self) -> Gallery:
        gallery = self._analysis.gallery
        if gallery is None:
            raise GalleryError(NO_GALLERY)
        return gallery

    def _on_enroll(self, request: EnrollPerson.Request, response: EnrollPerson.Response) -> str:
        with self._lock():
            response.person_id = self._analysis.enroll(
                request.face_id, request.person_name, time.time()
            )
        return f'{request.person_name} is enrolled from face {request.face_id}'

    def _on_forget(self, request: ForgetPerson.Request, response: object) -> str:
        with self._lock():
            if not self._gallery().forget(request.person_id):
                raise GalleryError(f'nobody has the id {request.person_id!r}')
        return f'erased {request.person_id}: the name and every embedding'

    def _on_list(self, request: object, response: ListPeople.Response) -> str:
        with self._lock():
            people = sorted(self._gallery().people(), key=lambda person: person.name)
        response.person_ids = [person.person_id for person in people]
        response.person_names = [person.name for person in people]
        return f'{len(people)} people are enrolled'
