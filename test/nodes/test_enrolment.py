"""Enrolling, naming, listing and forgetting people by services."""

import time
from pathlib import Path

import numpy as np
import pytest
from classroom_fer_msgs.srv import EnrollPerson, ForgetPerson, ListPeople
from std_srvs.srv import SetBool

from classroom_fer_ros.core.arrays import ImageBgr
from classroom_fer_ros.core.embedding import EMBEDDING_CARD, EMBEDDING_SIZE
from classroom_fer_ros.core.expression_visibility import keypoint_yaw_rad
from classroom_fer_ros.core.frame import Frame
from classroom_fer_ros.core.gallery import Gallery
from classroom_fer_ros.core.model_card import load_card
from classroom_fer_ros.core.model_files import models_dir
from classroom_fer_ros.core.overlay import draw_overlay, without_names
from classroom_fer_ros.core.results import FrameResult
from classroom_fer_ros.nodes import enrolment, topics
from harness import TIMEOUT_S, Client, pipeline_node, wait_until

pytestmark = pytest.mark.usefixtures('ros')


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine may take seconds for a picture."""
    monkeypatch.setattr(enrolment, 'PATIENCE_S', TIMEOUT_S)


@pytest.fixture
def film(data_dir: Path) -> str:
    return str(data_dir / 'video' / 'classroom_pupils_720p.mp4')


def test_a_person_is_enrolled_named_listed_and_forgotten(film: str, tmp_path: Path) -> None:
    gallery_path = tmp_path / 'gallery.sqlite'
    # A busy machine passes over most pictures.
    patient = {'enroll_views': 1, 'camera__is_looped': True}
    with pipeline_node(source=film, gallery_path=str(gallery_path), **patient) as node:
        newest: list = []
        records = Records()
        node.add_records(records)
        node.add_listener(lambda frame, result, overlay: newest.append(result))
        node.trigger_configure()
        node.trigger_activate()
        wait_until(lambda: newest and newest[-1].faces)
        client = Client(node.executor_of_test)
        unnamed = client.call(EnrollPerson, topics.ENROLL_PERSON, person_name='who')
        assert (unnamed.success, 'name the one' in unnamed.message) == (False, True)
        # Somebody who looks at the camera; a face may leave between being seen and being enrolled.
        straight = min(newest[-1].faces, key=lambda f: abs(keypoint_yaw_rad(f.keypoints_xy)))
        answer = client.call(
            EnrollPerson, topics.ENROLL_PERSON, face_id=straight.face_id, person_name='李小明'
        )
        assert answer.success, answer.message
        assert client.call(ListPeople, topics.LIST_PEOPLE).person_names == ['李小明']
        wait_until(lambda: any(face.person_name == '李小明' for face in newest[-1].faces))
        gone = client.call(EnrollPerson, topics.ENROLL_PERSON, face_id='999', person_name='x')
        assert (gone.success, '999' in gone.message) == (False, True)
        erased = client.call(ForgetPerson, topics.FORGET_PERSON, person_id=answer.person_id)
        assert erased.success, erased.message
        assert 'embeddings' in erased.message
        assert '7 pictures' in erased.message
        assert '李小明' not in erased.message
        count = len(newest)
        wait_until(lambda: len(newest) > count + 1)
        assert all(face.person_name == '' for face in newest[-1].faces)
        assert client.call(ListPeople, topics.LIST_PEOPLE).person_names == []
        assert '李小明'.encode() not in gallery_path.read_bytes()
        again = client.call(ForgetPerson, topics.FORGET_PERSON, person_id='nobody')
        assert (again.success, 'nobody' in again.message) == (False, True)


class Records:
    """Keeps seven pictures of everybody but 'nobody'."""

    def erase_person(self, person_id: str) -> str:
        return '' if person_id == 'nobody' else '7 pictures'


def test_a_camera_that_closes_ends_an_enrolment(film: str, tmp_path: Path) -> None:
    path = str(tmp_path / 'gallery.sqlite')
    with pipeline_node(source=film, gallery_path=path, enroll_s=30.0) as node:
        newest: list = []
        node.add_listener(lambda frame, result, overlay: newest.append(result))
        node.trigger_configure()
        node.trigger_activate()
        wait_until(lambda: newest and newest[-1].faces)
        asking = Client(node.executor_of_test)
        client = asking.node.create_client(EnrollPerson, topics.ENROLL_PERSON)
        assert client.wait_for_service(TIMEOUT_S)
        face_id = newest[-1].faces[0].face_id
        request = EnrollPerson.Request(face_id=face_id, person_name='Ana')
        answer = client.call_async(request)
        # The node goes on meanwhile.
        wait_until(lambda: asking.call(ListPeople, topics.LIST_PEOPLE).success)
        assert not answer.done()
        assert asking.call(SetBool, topics.OPEN_CAMERA, data=False).success
        wait_until(answer.done)
        assert (answer.result().success, 'camera' in answer.result().message) == (False, True)


def test_who_has_expired_is_erased_by_a_running_node(film: str, tmp_path: Path) -> None:
    path = tmp_path / 'gallery.sqlite'
    gallery = Gallery.open(path, load_card(models_dir() / EMBEDDING_CARD))
    vector = np.eye(1, EMBEDDING_SIZE, dtype=np.float32)
    gallery.enroll('Ana', vector, 0.0, 1.0)
    gallery.enroll('Bo', vector, 0.0, time.time() + 3600.0)
    with pipeline_node(source=film, gallery_path=str(path)) as node:
        node.trigger_configure()
        wait_until(lambda: gallery.refresh() and len(gallery.people()) == 1)
    assert [person.name for person in gallery.people()] == ['Bo']
    gallery.close()


def test_the_picture_that_is_kept_names_nobody(film: str, tmp_path: Path) -> None:
    """As in every recording, so that forgetting takes effect there too."""
    path = str(tmp_path / 'gallery.sqlite')
    patient = {'enroll_views': 1, 'camera__is_looped': True}
    with pipeline_node(source=film, gallery_path=path, **patient) as node:
        newest: list = []
        named: list = []

        def keep(frame: Frame, result: FrameResult, kept: ImageBgr) -> None:
            newest[:] = result.faces
            if not named and any(face.person_name for face in result.faces):
                named.append((frame.image_bgr, result, kept))

        node.add_listener(keep, wants_overlay=True)
        node.trigger_configure()
        node.trigger_activate()
        wait_until(lambda: newest)
        straight = min(list(newest), key=lambda f: abs(keypoint_yaw_rad(f.keypoints_xy)))
        answer = Client(node.executor_of_test).call(
            EnrollPerson, topics.ENROLL_PERSON, face_id=straight.face_id, person_name='Ana'
        )
        assert answer.success, answer.message
        wait_until(lambda: named)
    ((image_bgr, result, kept),) = named
    assert np.array_equal(kept, draw_overlay(image_bgr, without_names(result)))
    assert not np.array_equal(kept, draw_overlay(image_bgr, result))
