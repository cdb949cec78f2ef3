"""The gallery: enrolment, search, forgetting."""

import sqlite3
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from classroom_fer_ros.core.errors import GalleryError
from classroom_fer_ros.core.gallery import MIN_MARGIN, Gallery, View
from classroom_fer_ros.core.view_choice import MAX_VIEWS, choose_views
from gallery_makers import SIZE, STAMP_S, card, unit


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / 'deep' / 'gallery.db'


def test_nobody_is_found_among_nobody(path: Path) -> None:
    gallery = Gallery.open(path, card())
    assert gallery.people() == []
    assert gallery.search(unit(1)) is None


@pytest.mark.parametrize('name', ['Ana', 'Žofie Čapková', '王小明', 'עדי', '👩🏽‍🏫', "O'Hara; --"])
def test_any_name_comes_back_after_reopening(path: Path, name: str) -> None:
    gallery = Gallery.open(path, card())
    person_id = gallery.enroll(name, np.stack([unit(1), unit(1, 0.2)]), STAMP_S)
    gallery.close()
    (person,) = Gallery.open(path, card()).people()
    assert (person.person_id, person.name, person.embeddings) == (person_id, name, 2)
    assert person.enrolled_at == '2023-11-14T22:13:20+00:00'
    assert name not in person_id


def test_each_is_found_by_a_face_like_the_own(path: Path) -> None:
    gallery = Gallery.open(path, card())
    ids = [
        gallery.enroll(name, unit(*place)[None], '2026-01-02T03:04:05Z')
        for name, place in (('Ana', (1, 0, 0)), ('Bo', (0, 1, 0)), ('Ana', (0, 0, 1)))
    ]
    for person_id, probe in zip(ids, np.eye(3), strict=True):
        match = gallery.search(unit(*(probe + 0.2)))
        assert match is not None
        assert match.person_id == person_id
    assert match.person_name == 'Ana'
    assert match.similarity == pytest.approx(1.2 / np.linalg.norm([0.2, 0.2, 1.2]), abs=1e-5)


def test_a_stranger_is_nobody(path: Path) -> None:
    gallery = Gallery.open(path, card(similarity_threshold=0.8))
    gallery.enroll('Ana', unit(1)[None], STAMP_S)
    assert gallery.search(unit(0, 1)) is None
    assert gallery.search(unit(0.79, np.sqrt(1 - 0.79**2))) is None
    assert gallery.search(unit(0.81, np.sqrt(1 - 0.81**2))) is not None


def test_between_two_who_look_alike_nobody_is_named(path: Path) -> None:
    gallery = Gallery.open(path, card())
    gallery.enroll('Ana', unit(1, 0)[None], STAMP_S)
    gallery.enroll('Bo', unit(0, 1)[None], STAMP_S)
    assert gallery.search(unit(1, 1 - MIN_MARGIN / 2)) is None
    assert gallery.search(unit(1, 1 - 3 * MIN_MARGIN)) is not None


def test_the_margin_of_the_card_goes_before(path: Path) -> None:
    gallery = Gallery.open(path, card(similarity_threshold=0.5, similarity_margin=MIN_MARGIN / 9))
    gallery.enroll('Ana', unit(1, 0)[None], STAMP_S)
    gallery.enroll('Bo', unit(0, 1)[None], STAMP_S)
    assert gallery.search(unit(1, 1 - MIN_MARGIN / 2)) is not None
    assert gallery.search(unit(1, 1)) is None


def test_similarities_are_in_the_order_of_enrolment(path: Path) -> None:
    gallery = Gallery.open(path, card())
    assert gallery.similarities(unit(1)).shape == (0,)
    gallery.enroll('Ana', unit(1, 0)[None], STAMP_S)
    gallery.enroll('Bo', unit(0, 1)[None], STAMP_S)
    np.testing.assert_allclose(gallery.similarities(unit(0.6, 0.8)), [0.6, 0.8], atol=1e-6)


def test_search_compares_with_the_mean_of_a_persons_embeddings(path: Path) -> None:
    gallery = Gallery.open(path, card())
    gallery.enroll('Ana', np.stack([unit(1, 1), unit(1, -1)]), STAMP_S)
    match = gallery.search(unit(1))
    assert match is not None
    assert match.similarity == pytest.approx(1.0, abs=1e-5)


def test_the_forgotten_are_gone_from_memory_and_file(path: Path) -> None:
    gallery = Gallery.open(path, card())
    ana = gallery.enroll('Ana Unforgettable', unit(1)[None], STAMP_S)
    bo = gallery.enroll('Bo', unit(0, 1)[None], STAMP_S)
    assert b'Unforgettable' in path.read_bytes()
    assert gallery.forget(ana)
    assert not gallery.forget(ana)
    assert gallery.search(unit(1)) is None
    assert [person.person_id for person in gallery.people()] == [bo]
    gallery.close()
    assert b'Unforgettable' not in path.read_bytes()
    assert unit(1).tobytes() not in path.read_bytes()
    assert len(Gallery.open(path, card()).people()) == 1


def test_another_models_embeddings_are_refused(path: Path) -> None:
    gallery = Gallery.open(path, card())
    gallery.enroll('Ana', unit(1)[None], STAMP_S)
    gallery.close()
    with pytest.raises(GalleryError, match=r'facenet-a.*facenet-b.*re-embed.*enrol everybody'):
        Gallery.open(path, card('facenet-b', 'b' * 64))
    Gallery.open(path, card('renamed')).close()  # the weights count, not their name


def test_a_card_without_threshold_is_refused(path: Path) -> None:
    with pytest.raises(GalleryError, match='similarity_threshold'):
        Gallery.open(path, card(other=1.0))
    assert not path.exists()


def test_a_folder_is_no_gallery(tmp_path: Path) -> None:
    with pytest.raises(GalleryError, match='cannot be opened'):
        Gallery.open(tmp_path, card())


@pytest.mark.parametrize(
    ('name', 'embeddings', 'stamp'),
    [
        ('  ', unit(1)[None], STAMP_S),
        ('Ana', np.empty((0, SIZE), np.float32), STAMP_S),
        ('Ana', unit(1), STAMP_S),
        ('Ana', 2 * unit(1)[None], STAMP_S),
        ('Ana', np.full((1, SIZE), np.nan, np.float32), STAMP_S),
        ('Ana', unit(1)[None, :64], STAMP_S),
        ('Ana', unit(1)[None], 'yesterday'),
        ('Ana', unit(1)[None], float('nan')),
        ('lone surrogate \ud800', unit(1)[None], STAMP_S),
    ],
)
def test_what_cannot_be_enrolled_changes_nothing(
    path: Path, name: str, embeddings: np.ndarray, stamp: float | str
) -> None:
    gallery = Gallery.open(path, card())
    gallery.enroll('Bo', unit(0, 1)[None], STAMP_S)
    with pytest.raises(GalleryError):
        gallery.enroll(name, embeddings, stamp)
    gallery.enroll('Cy', unit(0, 0, 1)[None], STAMP_S)
    assert [person.name for person in gallery.people()] == ['Bo', 'Cy']


def test_a_failed_enrolment_leaves_nothing_behind(path: Path) -> None:
    gallery = Gallery.open(path, card())
    gallery.forget(gallery.enroll('Bo', unit(0, 1)[None], STAMP_S))
    with sqlite3.connect(path) as connection:
        connection.execute(
            'CREATE TRIGGER full BEFORE INSERT ON embeddings BEGIN '
            "SELECT RAISE(ABORT, 'disk full'); END"
        )
    with pytest.raises(GalleryError, match='disk full'):
        gallery.enroll('Ana', unit(1)[None], STAMP_S)
    assert gallery.people() == []
    gallery.close()
    assert Gallery.open(path, card()).people() == []


def test_no_file_is_made_before_somebody_is_enrolled(path: Path) -> None:
    gallery = Gallery.open(path, card())
    assert gallery.forget('nobody') is None
    assert gallery.erase_expired(STAMP_S) == []
    assert not path.parent.exists()
    gallery.enroll('Ana', unit(1)[None], STAMP_S)
    assert path.stat().st_mode & 0o077 == 0
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_the_same_letters_are_the_same_name(path: Path) -> None:
    gallery = Gallery.open(path, card())
    gallery.enroll(' Zoe\u0301 ', unit(1)[None], STAMP_S)
    assert gallery.people()[0].name == 'Zo\u00e9'


def test_of_many_views_the_different_ones_are_kept(path: Path) -> None:
    gallery = Gallery.open(path, card())
    turned = [unit(1, 0, number) for number in range(1, 5)]
    ana = gallery.enroll('Ana', np.stack([unit(1)] * 50 + turned), STAMP_S)
    assert gallery.people()[0].embeddings == MAX_VIEWS
    before = gallery.similarities(unit(1, 2))[0]
    gallery.add_views(ana, [View(embedding=unit(1, 2)), View(embedding=unit(1, 3))])
    assert gallery.people()[0].embeddings == MAX_VIEWS
    similarity = gallery.similarities(unit(1, 2))[0]
    gallery.close()
    # Kept among all those that are the same, or the mean would hardly have moved.
    assert similarity > before + 0.1
    assert Gallery.open(path, card()).similarities(unit(1, 2))[0] == similarity


def test_a_good_view_goes_before_a_slightly_different_bad_one() -> None:
    views = [
        View(embedding=unit(1), quality=1.0),
        View(embedding=unit(1, 0.5), quality=0.9),
        View(embedding=unit(1, 0, 0.6), quality=0.1),
    ]
    assert choose_views(views, 2) == views[:2]
    assert choose_views(list(reversed(views)), 1) == views[:1]
    assert choose_views([], 3) == []


def test_views_are_added_to_nobody_who_is_not_enrolled(path: Path) -> None:
    gallery = Gallery.open(path, card())
    gallery.enroll('Ana', unit(1)[None], STAMP_S)
    with pytest.raises(GalleryError, match='no-such-id'):
        gallery.add_views('no-such-id', [View(embedding=unit(1))])


def test_who_has_expired_is_erased_and_nobody_else(path: Path) -> None:
    gallery = Gallery.open(path, card())
    gallery.enroll('Ana', unit(1)[None], STAMP_S, STAMP_S + 10)
    gallery.enroll('Bo', unit(0, 1)[None], STAMP_S, STAMP_S + 20)
    gallery.enroll('Cy', unit(0, 0, 1)[None], STAMP_S)
    assert gallery.erase_expired(STAMP_S + 9) == []
    assert [person.name for person in gallery.erase_expired(STAMP_S + 10)] == ['Ana']
    assert [person.name for person in gallery.people()] == ['Bo', 'Cy']
    assert gallery.search(unit(1)) is None
    gallery.close()
    assert b'Ana' not in path.read_bytes()


def test_another_process_may_write_between_two_questions(path: Path) -> None:
    """A person who comes in between is no broken file that has to be set aside."""
    gallery = Gallery.open(path, card())
    gallery.enroll('Bo', unit(0, 1)[None], STAMP_S)
    other = sqlite3.connect(path, timeout=0.0, isolation_level=None)
    other.execute("UPDATE people SET name = 'Cy'")

    def write(statement: str) -> None:
        if 'FROM people' in statement:
            with suppress(sqlite3.OperationalError):  # has to wait
                other.executescript(
                    'BEGIN; INSERT INTO people (person_id, name, enrolled_at) '
                    "VALUES ('new', 'Di', '2026-01-02T03:04:05Z'); INSERT INTO embeddings "
                    "(person_id, vector) SELECT 'new', vector FROM embeddings; COMMIT;"
                )
            if other.in_transaction:
                other.rollback()

    gallery._connection.set_trace_callback(write)
    assert gallery.refresh()
    gallery._connection.set_trace_callback(None)
    other.close()
    assert [person.name for person in gallery.people()] == ['Cy']
    assert path.exists()
    gallery.close()


def test_what_became_of_another_model_is_not_compared(path: Path) -> None:
    """As when another process made the embeddings anew; the names known before stay."""
    gallery = Gallery.open(path, card())
    gallery.enroll('Bo', unit(0, 1)[None], STAMP_S)
    with sqlite3.connect(path) as other:
        other.execute("UPDATE model SET name = 'facenet-b', sha256 = 'b'")
    for _ in range(2):
        with pytest.raises(GalleryError, match='cannot be compared'):
            gallery.refresh()
    assert [person.name for person in gallery.people()] == ['Bo']
    gallery.close()


def test_a_row_that_is_broken_by_what_is_written_is_told(path: Path) -> None:
    gallery = Gallery.open(path, card())
    bo = gallery.enroll('Bo', unit(0, 1)[None], STAMP_S)
    with sqlite3.connect(path) as other:
        other.execute(
            'CREATE TRIGGER bad AFTER INSERT ON embeddings BEGIN '
            "UPDATE embeddings SET vector = x'00'; END"
        )
    with pytest.raises(GalleryError, match='is broken'):
        gallery.add_views(bo, [View(embedding=unit(1))])
