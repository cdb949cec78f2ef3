"""When faces are looked up, and what names follow; embeddings are told by the crop's colour."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from classroom_fer_ros.core import identity
from classroom_fer_ros.core.alignment import TEMPLATE_XY, AlignedCrop
from classroom_fer_ros.core.enrolment_config import GalleryConfig, IdentityConfig
from classroom_fer_ros.core.errors import GalleryError, ProfileError
from classroom_fer_ros.core.gallery import Gallery
from classroom_fer_ros.core.gallery_cipher import read_key, write_new_key
from classroom_fer_ros.core.gallery_file import GalleryKind
from classroom_fer_ros.core.gallery_maintenance import encrypt
from classroom_fer_ros.core.identity import IdentityStage
from classroom_fer_ros.core.live_enrolment import LiveEnrolment
from classroom_fer_ros.core.profiles import PROFILES
from classroom_fer_ros.core.results import Face
from gallery_makers import STAMP_S, card, unit

FPS = 10
FACE = Face(face_id='1', box_xyxy=(0.0, 0.0, 60.0, 60.0), score=1.0, keypoints_xy=TEMPLATE_XY)
BO = replace(FACE, face_id='2', box_xyxy=(200.0, 0.0, 260.0, 60.0))


def crop_of(person: int, *, is_flat: bool = False) -> AlignedCrop:
    """A crop whose first pixel says whose it is."""
    image = np.random.default_rng(person).integers(0, 256, (112, 112, 3), np.uint8)
    image = np.full_like(image, 128) if is_flat else image
    image[0, 0] = person
    return AlignedCrop(image, np.eye(3))


class Embedder:
    """Person n is the n-th axis."""

    def __init__(self, path: Path, **options: object) -> None:
        self.card = card()

    def __call__(self, crops: np.ndarray) -> np.ndarray:
        return np.stack([unit(*[0] * int(crop[0, 0, 0]), 1) for crop in crops])


class Watch:
    """A stage that sees faces, each a person by number, and notes who is looked at when."""

    def __init__(self, path: Path, **config: object) -> None:
        self.stage = IdentityStage(
            'none.json',
            str(path),
            GalleryConfig(),
            IdentityConfig(**config),
            PROFILES['standard'],
            interval_s=2.0,
            hold_s=3.0,
        )
        self.picture = 0
        self.looks: list[float] = []

    def see(self, seconds: float, people: list | None = None, **crop: bool) -> list:
        """Names of the last picture, in the order of the faces."""
        seen = []
        for _ in range(round(seconds * FPS)):
            stamp_s = self.picture / FPS
            faces = [face for face, _ in people or []]
            by_id = {face.face_id: person for face, person in people or []}
            due = self.stage.due(faces, stamp_s)
            self.looks += [stamp_s] * bool(due)
            crops = {face.face_id: crop_of(by_id[face.face_id], **crop) for face in due}
            seen = self.stage.update(faces, crops, stamp_s)
            self.picture += 1
        return [face.person_name for face in seen]


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A gallery of Ana, person 1, and Bo, person 2."""
    monkeypatch.setattr(identity, 'FaceEmbedder', Embedder)
    monkeypatch.setattr(identity, 'card_in_use', Path)
    gallery = Gallery.open(tmp_path / 'gallery.db', card())
    for person, name in enumerate(('Ana', 'Bo'), start=1):
        gallery.enroll(name, unit(*[0] * person, 1)[None], STAMP_S)
    gallery.close()
    return tmp_path / 'gallery.db'


def test_a_face_is_named_once_two_views_agree(path: Path) -> None:
    watch = Watch(path)
    assert watch.see(0.3, [(FACE, 1), (BO, 2)]) == ['', '']
    assert watch.see(0.1, [(FACE, 1), (BO, 2)]) == ['Ana', 'Bo']
    assert Watch(path).see(5.0, [(FACE, 3)]) == ['']


def test_looks_are_frequent_at_first_and_rare_later(path: Path) -> None:
    watch = Watch(path)
    watch.see(8.0, [(FACE, 1)])
    assert watch.looks == pytest.approx([0.0, 0.3, 0.6, 0.9, 1.2, 1.5, 1.8, 3.8, 5.8, 7.8])


def test_a_face_seen_better_is_looked_at_again_and_one_seen_worse_is_not(path: Path) -> None:
    watch = Watch(path)
    watch.see(2.2, [(FACE, 1)])
    watch.looks.clear()
    watch.see(0.5, [(replace(FACE, box_xyxy=(0.0, 0.0, 62.0, 62.0)), 1)])
    assert watch.looks == []
    watch.see(0.1, [(replace(FACE, box_xyxy=(0.0, 0.0, 90.0, 90.0)), 1)])
    assert watch.looks == [2.7]


def test_a_face_that_was_lost_is_looked_at_again(path: Path) -> None:
    watch = Watch(path)
    watch.see(2.2, [(FACE, 1)])
    watch.see(1.0)
    watch.looks.clear()
    assert watch.see(0.7, [(FACE, 1)]) == ['Ana'], 'the name comes back with the face'
    assert watch.looks == pytest.approx([3.2, 3.5, 3.8])


@pytest.mark.parametrize(
    ('face', 'is_flat'),
    [(replace(FACE, box_xyxy=(0.0, 0.0, 20.0, 20.0)), False), (FACE, True)],
    ids=['small', 'blurred'],
)
def test_bad_views_do_not_count(path: Path, face: Face, is_flat: bool) -> None:
    assert Watch(path).see(3.0, [(face, 1)], is_flat=is_flat) == ['']


def test_two_faces_of_one_person_are_not_both_named(path: Path) -> None:
    watch = Watch(path)
    assert watch.see(2.0, [(FACE, 1)]) == ['Ana']
    assert watch.see(9.0, [(FACE, 1), (BO, 1)]) == ['Ana', '']


def test_one_view_decides_about_a_photograph(path: Path) -> None:
    stage = Watch(path).stage
    crops = {face.face_id: crop_of(1) for face in stage.due([FACE], 0.0)}
    (face,) = stage.update([FACE], crops, 0.0, is_still=True)
    assert face.person_name == 'Ana'


def test_nobody_is_named_while_it_is_switched_off(path: Path) -> None:
    watch = Watch(path)
    watch.see(1.0, [(FACE, 1)])
    (face,) = watch.stage.skip([FACE], 1.0)
    assert face.person_name == ''
    watch.picture += 1
    assert watch.see(0.1, [(FACE, 1)]) == ['Ana']


def test_what_another_process_changes_is_known_at_once(path: Path) -> None:
    watch = Watch(path)
    other = Gallery.open(path, card())
    assert watch.see(3.0, [(FACE, 1), (BO, 3)]) == ['Ana', '']
    other.forget(other.search(unit(0, 1)).person_id)
    assert watch.see(0.1, [(FACE, 1), (BO, 3)]) == ['', '']
    other.enroll('Cy', unit(0, 0, 0, 1)[None], STAMP_S)
    assert watch.see(0.9, [(FACE, 1), (BO, 3)]) == ['', 'Cy']
    path.write_bytes(b'broken')
    assert watch.see(0.1, [(FACE, 1), (BO, 3)]) == ['', 'Cy'], 'what was known stays'
    assert 'broken' in watch.stage.problem


def test_without_anybody_enrolled_nothing_is_looked_at(path: Path) -> None:
    watch = Watch(path.with_name('other.db'))
    watch.see(1.0, [(FACE, 1)])
    assert watch.looks == []
    outcomes: list = []
    watch.stage.begin_enrolment(
        LiveEnrolment('1', 'Dee', STAMP_S, IdentityConfig(enroll_s=1.0), outcomes.append)
    )
    assert watch.see(2.0, [(FACE, 5)]) == ['Dee']
    assert outcomes[0].name == 'Dee'


def test_an_enrolment_ends_with_the_camera(path: Path) -> None:
    watch, outcomes = Watch(path), []
    watch.stage.begin_enrolment(
        LiveEnrolment('1', 'Dee', STAMP_S, IdentityConfig(), outcomes.append)
    )
    watch.see(1.0, [(FACE, 5)])
    watch.stage.reset()
    with pytest.raises(GalleryError, match='camera was closed'):
        raise outcomes[0]


def test_where_it_is_forbidden_the_profile_is_named(path: Path) -> None:
    def stage(gallery_path: str) -> IdentityStage:
        config = GalleryConfig(), IdentityConfig(), PROFILES['eu_school']
        return IdentityStage('none.json', gallery_path, *config, interval_s=2.0, hold_s=3.0)

    with pytest.raises(ProfileError, match='eu_school forbids identification'):
        stage(str(path))
    forbidden = stage('auto')
    assert forbidden.gallery is None
    for ask in (forbidden.require_gallery, lambda: forbidden.forget('someone')):
        with pytest.raises(ProfileError, match='eu_school forbids identification'):
            ask()


def test_an_encrypted_gallery_is_opened_with_its_key(path: Path) -> None:
    pytest.importorskip('cryptography', reason='requirements/encryption.txt is not installed')
    key = path.with_name('key')
    write_new_key(key)
    encrypt(path, GalleryKind(card=card()), read_key(key))

    def stage(key_path: str) -> IdentityStage:
        config = GalleryConfig(gallery_key_path=key_path), IdentityConfig(), PROFILES['standard']
        return IdentityStage('none.json', str(path), *config, interval_s=2.0, hold_s=3.0)

    assert [person.name for person in stage(str(key)).require_gallery().people()] == ['Ana', 'Bo']
    with pytest.raises(GalleryError, match='gallery_key_path'):
        stage('')
