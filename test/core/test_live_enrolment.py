"""Enrolling a followed face: what is collected, what is refused, and what ends it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from classroom_fer_ros.core.alignment import TEMPLATE_XY, AlignedCrop
from classroom_fer_ros.core.enrolment import Enrolled
from classroom_fer_ros.core.enrolment_config import GalleryConfig, IdentityConfig
from classroom_fer_ros.core.errors import GalleryError
from classroom_fer_ros.core.gallery import Gallery
from classroom_fer_ros.core.live_enrolment import LiveEnrolment, LiveEnrolments, face_to_enroll
from classroom_fer_ros.core.results import Face
from gallery_makers import card, unit

FACE = Face(face_id='1', box_xyxy=(0.0, 0.0, 100.0, 110.0), score=1.0, keypoints_xy=TEMPLATE_XY)
OTHER = replace(FACE, face_id='2', box_xyxy=(300.0, 0.0, 400.0, 110.0))
SHARP = AlignedCrop(np.random.default_rng(0).integers(0, 256, (112, 112, 3), np.uint8), np.eye(3))
FLAT = AlignedCrop(np.full((112, 112, 3), 128, np.uint8), np.eye(3))
STAMP_S = 1_700_000_000.0
CONFIG = IdentityConfig(enroll_s=3.0, enroll_views=3)


@pytest.fixture
def gallery(tmp_path: Path) -> Gallery:
    return Gallery.open(tmp_path / 'gallery.db', card())


class Run:
    """One enrolment of face 1 at 25 pictures a second; embeddings turn with the picture."""

    def __init__(self, gallery: Gallery, name: str = 'Ana', **config: object) -> None:
        self.outcome: Enrolled | GalleryError | None = None
        self.gallery = gallery
        self.looked = 0
        self.enrolments = LiveEnrolments(self.embed, GalleryConfig(**config))
        self.enrolment = LiveEnrolment('1', name, STAMP_S, CONFIG, self.done)
        self.enrolments.begin(self.enrolment)

    def embed(self, crops: np.ndarray) -> np.ndarray:
        return np.stack([unit(1, 0.02 * number) for number in range(len(crops))])

    def done(self, outcome: Enrolled | GalleryError) -> None:
        assert self.outcome is None, 'told twice'
        self.outcome = outcome

    def play(self, seconds: float, faces=(FACE,), crop: AlignedCrop = SHARP) -> None:
        for _ in range(round(seconds * 25)):
            stamp_s = self.looked / 25
            due = self.enrolments.due(stamp_s)
            crops = {face.face_id: crop for face in faces if face.face_id in due}
            self.enrolments.update(self.gallery, faces, crops, stamp_s)
            self.looked += 1


def test_good_views_of_a_few_seconds_are_enrolled(gallery: Gallery) -> None:
    run = Run(gallery)
    run.play(2.9)
    assert run.outcome is None
    run.play(0.2)
    assert isinstance(run.outcome, Enrolled)
    (person,) = gallery.people()
    assert (person.name, person.person_id) == ('Ana', run.outcome.person_id)
    assert 3 <= person.embeddings <= 12
    assert person.crops == 0
    assert person.expires_at == '2024-11-13T22:13:20+00:00'


def test_crops_are_stored_only_when_asked_for(gallery: Gallery) -> None:
    Run(gallery, gallery_keeps_crops=True, gallery_keep_days=0.0).play(3.1)
    (person,) = gallery.people()
    assert person.crops == person.embeddings
    assert person.expires_at == ''


@pytest.mark.parametrize(
    ('faces', 'crop', 'words'),
    [
        pytest.param((FACE,), FLAT, 'blurred', id='blurred'),
        pytest.param(
            (FACE,), AlignedCrop(SHARP.image_bgr // 16, np.eye(3)), 'too dark', id='dark'
        ),
        pytest.param(
            (replace(FACE, box_xyxy=(0, 0, 25, 25)),), SHARP, 'too small .25 px', id='small'
        ),
        pytest.param((FACE, replace(FACE, face_id='2')), SHARP, 'two faces', id='two'),
        pytest.param((OTHER,), SHARP, 'out of the picture', id='gone'),
    ],
)
def test_what_is_not_good_enough_is_refused_with_the_reason(
    gallery: Gallery, faces: tuple, crop: AlignedCrop, words: str
) -> None:
    run = Run(gallery)
    run.play(3.1, faces, crop)
    with pytest.raises(GalleryError, match=f'Ana was not enrolled.*{words}'):
        raise run.outcome
    assert gallery.people() == []


def test_few_good_views_are_not_enough_and_many_are_in_spite_of_bad_ones(
    gallery: Gallery,
) -> None:
    run = Run(gallery)
    run.play(0.3)
    run.play(2.8, crop=FLAT)
    with pytest.raises(GalleryError, match=r'2 good views.*3 are needed.*blurred'):
        raise run.outcome
    run = Run(gallery)
    run.play(1.5, crop=FLAT)
    run.play(1.6)
    assert isinstance(run.outcome, Enrolled)


def test_a_face_that_leaves_is_enrolled_by_what_was_seen(gallery: Gallery) -> None:
    run = Run(gallery)
    run.play(1.0)
    run.play(1.2, faces=())
    assert isinstance(run.outcome, Enrolled)


def test_without_pictures_it_is_finished_from_outside_once(gallery: Gallery) -> None:
    run = Run(gallery)
    run.enrolments.finish(gallery, run.enrolment)
    with pytest.raises(GalleryError, match='only 0 pictures came'):
        raise run.outcome
    run.enrolments.finish(gallery, run.enrolment)
    run = Run(gallery)
    run.play(0.5)
    run.enrolments.end('the camera was closed')
    with pytest.raises(GalleryError, match='camera was closed'):
        raise run.outcome


def test_a_face_is_not_enrolled_twice(gallery: Gallery) -> None:
    run = Run(gallery)
    with pytest.raises(GalleryError, match='being enrolled already'):
        run.enrolments.begin(LiveEnrolment('1', 'Bo', STAMP_S, CONFIG, run.done))
    run.play(3.1)
    again = Run(gallery)
    again.play(3.1)
    assert (again.outcome.was_known, again.outcome.person_id) == (True, run.outcome.person_id)
    assert len(gallery.people()) == 1
    other = Run(gallery, name='Bo')
    other.play(3.1)
    with pytest.raises(GalleryError, match='already, as Ana'):
        raise other.outcome


def test_a_name_is_needed() -> None:
    with pytest.raises(GalleryError, match='blank'):
        LiveEnrolment('1', ' \t', STAMP_S, CONFIG, lambda outcome: None)


def test_without_an_id_the_only_face_is_meant() -> None:
    assert face_to_enroll('', [FACE]) == '1'
    assert face_to_enroll('2', [FACE, OTHER]) == '2'
    with pytest.raises(GalleryError, match=r'2 faces.*1, 2'):
        face_to_enroll('', [FACE, OTHER])
    with pytest.raises(GalleryError, match=r"no face '3'.*1, 2"):
        face_to_enroll('3', [FACE, OTHER])
    with pytest.raises(GalleryError, match='none'):
        face_to_enroll('', [])
