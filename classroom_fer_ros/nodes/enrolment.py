"""Services of the gallery: enrol, forget and list people."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import Protocol

from classroom_fer_msgs.srv import EnrollPerson, ForgetPerson, ListPeople
from rclpy.node import Node
from rclpy.task import Future

from classroom_fer_ros.core.enrolment import Enrolled
from classroom_fer_ros.core.errors import ClassroomFerError, GalleryError
from classroom_fer_ros.core.gallery import Gallery, Person
from classroom_fer_ros.core.live_enrolment import LiveEnrolment, OnDone
from classroom_fer_ros.core.person_records import PersonRecords, erase_everywhere
from classroom_fer_ros.nodes import topics
from classroom_fer_ros.nodes.service_desk import Handler

#: Where no picture has come for so long, enrolling ends with what there is.
PATIENCE_S = 5.0
#: Those whose time is over are looked for this often.
EXPIRY_PERIOD_S = 60.0


class Enrolling(Protocol):
    """An analysis that knows people."""

    @property
    def gallery(self) -> Gallery | None: ...

    def require_gallery(self) -> Gallery: ...

    def begin_enrolment(
        self, face_id: str, person_name: str, enrolled_at_s: float, on_done: OnDone
    ) -> LiveEnrolment: ...

    def finish_enrolment(self, enrolment: LiveEnrolment) -> None: ...

    def forget(self, person_id: str) -> Person | None: ...

    @property
    def gallery_problem(self) -> str: ...


class EnrolmentDesk:
    """Answers what is asked about the enrolled."""

    def __init__(
        self,
        node: Node,
        analysis: Enrolling,
        lock: Callable[[], AbstractContextManager[object]],
        records: Callable[[], Sequence[PersonRecords]] = tuple,
        tell: Callable[[str], object] = lambda person_id: None,
    ) -> None:
        """
        :param lock: held while the analysis and its gallery are touched
        :param records: what else is kept of people
        :param tell: told the person_id of whom was erased
        """
        self._node, self._analysis, self._lock = node, analysis, lock
        self._records, self._tell = records, tell
        self._looked_s = -EXPIRY_PERIOD_S

    def handlers(self) -> dict[str, tuple[type, Handler]]:
        """Type and handler by the service's name."""
        return {
            topics.ENROLL_PERSON: (EnrollPerson, self._on_enroll),
            topics.FORGET_PERSON: (ForgetPerson, self._on_forget),
            topics.LIST_PEOPLE: (ListPeople, self._on_list),
        }

    def facts(self) -> dict[str, str]:
        """Values for /diagnostics: how many are enrolled, and what is wrong with the gallery."""
        gallery = self._analysis.gallery
        if gallery is None:
            return {}
        problem = self._analysis.gallery_problem or gallery.notice
        facts = {'enrolled people': str(len(gallery.people()))}
        return {**facts, 'gallery': problem} if problem else facts

    def tick(self) -> None:
        """Erase those whose time is over; called now and then."""
        if time.monotonic() - self._looked_s < EXPIRY_PERIOD_S:
            return
        self._looked_s = time.monotonic()
        with self._lock():
            gallery = self._analysis.gallery
            for person in gallery.expired(time.time()) if gallery is not None else ():
                self._expire(person.person_id)

    def _expire(self, person_id: str) -> None:
        try:
            words = self._erase(person_id)
            self._node.get_logger().info(f'expired and erased: {words}')
        except ClassroomFerError as error:
            self._node.get_logger().warning(str(error))

    async def _on_enroll(
        self, request: EnrollPerson.Request, response: EnrollPerson.Response
    ) -> str:
        done = Future(executor=self._node.executor)
        done.add_done_callback(lambda _: None)  # wakes the executor, which then looks at us
        with self._lock():
            enrolment = self._analysis.begin_enrolment(
                request.face_id, request.person_name, time.time(), done.set_result
            )
        self._watch(enrolment, done)
        outcome = await done
        if isinstance(outcome, GalleryError):
            raise outcome
        response.person_id = outcome.person_id
        return _words_of(outcome, enrolment.face_id)

    def _watch(self, enrolment: LiveEnrolment, done: Future, pictures: int = -1) -> None:
        """Finish once no more pictures come. Called in a thread of its own later on."""
        if done.done():
            return
        if pictures == enrolment.pictures:
            with self._lock():
                self._analysis.finish_enrolment(enrolment)
            return
        again = partial(self._watch, enrolment, done, enrolment.pictures)
        timer = threading.Timer(PATIENCE_S, again)
        timer.daemon = True
        timer.start()

    def _on_forget(self, request: ForgetPerson.Request, response: object) -> str:
        with self._lock():
            return 'erased ' + self._erase(request.person_id)

    def _erase(self, person_id: str) -> str:
        """
        Erase a person everywhere; what that was, in words without the name.

        :raises GalleryError: if nobody has this id
        """
        person = self._analysis.forget(person_id)
        self._tell(person_id)
        others = erase_everywhere(self._records(), person_id)
        if person is None and not others:
            raise GalleryError(f'nobody has the id {person_id!r}')
        parts = others
        if person is not None:
            crops = f' and {person.crops} stored crops' if person.crops else ''
            parts = [f'the name, {person.embeddings} embeddings{crops}', *others]
        return f'{person_id}: ' + '; '.join(parts)

    def _on_list(self, request: object, response: ListPeople.Response) -> str:
        with self._lock():
            gallery = self._analysis.require_gallery()
            gallery.refresh()
            people = sorted(gallery.people(), key=lambda person: person.name)
        response.person_ids = [person.person_id for person in people]
        response.person_names = [person.name for person in people]
        words = f'{len(people)} people are enrolled'
        return f'{words}; {gallery.notice}' if gallery.notice else words


def _words_of(enrolled: Enrolled, face_id: str) -> str:
    done = 'learned more views' if enrolled.was_known else 'enrolled'
    return f'{enrolled.name}: {done} from face {face_id}, {enrolled.views} views'
