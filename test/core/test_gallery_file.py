"""Files of galleries: broken, old, of others, shared by processes, and what a crash leaves."""

import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from classroom_fer_ros.core import gallery_file
from classroom_fer_ros.core.errors import GalleryError
from classroom_fer_ros.core.gallery import Gallery
from gallery_makers import STAMP_S, card, unit


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / 'gallery.db'


def with_ana(path: Path) -> Gallery:
    gallery = Gallery.open(path, card())
    gallery.enroll('Ana', unit(1)[None], STAMP_S)
    return gallery


@pytest.mark.parametrize('content', [b'', b'no database', b'SQLite format 3\0' + b'\xff' * 5000])
def test_a_broken_file_is_set_aside_and_told_of(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(GalleryError, match=r'gallery\.db is broken .*gallery\.db\.broken-1'):
        Gallery.open(path, card())
    assert not path.exists()
    assert path.with_name('gallery.db.broken-1').read_bytes() == content
    begun_anew = with_ana(path)
    assert 'broken-1' in begun_anew.notice
    begun_anew.close()
    path.write_bytes(b'broken again')
    with pytest.raises(GalleryError, match='broken-2'):
        Gallery.open(path, card())
    assert path.with_name('gallery.db.broken-1').read_bytes() == content


@pytest.mark.parametrize('kept', [4096, 9000, 20_000])
def test_a_truncated_gallery_is_set_aside(path: Path, kept: int) -> None:
    gallery = with_ana(path)
    assert gallery.notice == ''
    for number in range(40):
        gallery.enroll(f'person {number}', unit(1, number)[None], STAMP_S)
    gallery.close()
    content = path.read_bytes()[:kept]
    path.write_bytes(content)
    with pytest.raises(GalleryError, match='set aside'):
        Gallery.open(path, card())
    assert path.with_name('gallery.db.broken-1').read_bytes() == content


def test_a_row_that_was_not_written_so_is_broken_too(path: Path) -> None:
    with_ana(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute('DELETE FROM embeddings')
    with pytest.raises(GalleryError, match=r'no embedding.*set aside'):
        Gallery.open(path, card())


def test_a_film_is_not_renamed(tmp_path: Path) -> None:
    film = tmp_path / 'lesson.mp4'
    film.write_bytes(b'a film')
    with pytest.raises(GalleryError, match='left as it is'):
        Gallery.open(film, card())
    assert film.read_bytes() == b'a film'


def test_another_programs_database_is_refused(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute('CREATE TABLE notes (text)')
    with pytest.raises(GalleryError, match=r'gallery\.db is no gallery'):
        Gallery.open(path, card())
    assert path.exists()


@pytest.mark.parametrize('version', [0, 99])
def test_another_schema_is_refused(path: Path, version: int) -> None:
    with_ana(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute(f'PRAGMA user_version = {version}')
    with pytest.raises(GalleryError, match=f'schema {version}'):
        Gallery.open(path, card())
    assert path.exists()


def old_gallery(path: Path) -> None:
    """As the first schema wrote it."""
    with sqlite3.connect(path) as connection:
        connection.executescript(gallery_file.MIGRATIONS[0])
        connection.execute('INSERT INTO model VALUES (?, ?)', ('facenet-a', 'a' * 64))
        connection.execute(
            "INSERT INTO people VALUES ('1', '王小明', '2025-01-01T00:00:00+00:00')"
        )
        connection.execute('INSERT INTO embeddings VALUES (?, ?)', ('1', unit(1).tobytes()))
        connection.execute(f'PRAGMA application_id = {gallery_file.APPLICATION_ID}')
        connection.execute('PRAGMA user_version = 1')


def test_an_old_gallery_is_led_to_this_schema(path: Path) -> None:
    old_gallery(path)
    gallery = Gallery.open(path, card())
    (person,) = gallery.people()
    assert (person.name, person.embeddings, person.expires_at) == ('王小明', 1, '')
    assert gallery.search(unit(1)).person_id == '1'
    gallery.enroll('Bo', unit(0, 1)[None], STAMP_S, STAMP_S + 1)
    gallery.close()
    assert len(Gallery.open(path, card()).people()) == 2


def test_a_migration_that_fails_leaves_the_old_gallery(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old_gallery(path)
    content = path.read_bytes()
    steps = (*gallery_file.MIGRATIONS[:1], gallery_file.MIGRATIONS[1] + 'CREATE NONSENSE')
    monkeypatch.setattr(gallery_file, 'MIGRATIONS', steps)
    with pytest.raises(GalleryError, match='cannot be changed'):
        Gallery.open(path, card())
    assert path.read_bytes() == content
    monkeypatch.undo()
    assert len(Gallery.open(path, card()).people()) == 1


def test_readers_see_what_a_writer_changes(path: Path) -> None:
    reader, early = Gallery.open(path, card()), Gallery.open(path, card())
    assert not reader.refresh()
    writer = with_ana(path)
    assert reader.refresh()
    assert reader.search(unit(1)).person_name == 'Ana'
    assert not reader.refresh()
    bo = writer.enroll('Bo', unit(0, 1)[None], STAMP_S)
    assert reader.refresh()
    assert [person.name for person in reader.people()] == ['Ana', 'Bo']
    # Who has not looked yet writes as well, and sees everybody then.
    early.enroll('Cy', unit(0, 0, 1)[None], STAMP_S)
    assert [person.name for person in early.people()] == ['Ana', 'Bo', 'Cy']
    assert reader.forget(bo).name == 'Bo'
    path.unlink()
    assert writer.refresh()
    assert writer.people() == []


def test_a_second_writer_waits_and_then_says_so(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_ana(path).close()
    monkeypatch.setattr(gallery_file, 'WAIT_S', 0.05)
    gallery = Gallery.open(path, card())
    with sqlite3.connect(path, isolation_level=None) as other:
        other.execute('BEGIN IMMEDIATE')
        with pytest.raises(GalleryError, match='locked'):
            gallery.enroll('Bo', unit(0, 1)[None], STAMP_S)
        reader = Gallery.open(path, card())  # who only reads is not held up
        assert [person.name for person in reader.people()] == ['Ana']
        other.execute('ROLLBACK')
    gallery.enroll('Bo', unit(0, 1)[None], STAMP_S)


CRASH = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
import numpy as np
from gallery_makers import STAMP_S, card, unit
from classroom_fer_ros.core import gallery
def half(cursor, person_id, views, cipher):
    cursor.execute('PRAGMA cache_size = 1')  # pages go to the file before the commit
    for number in range(300):
        cursor.execute('INSERT INTO embeddings (person_id, vector, quality) VALUES (?, ?, 1)',
                       (person_id, unit(1, number).tobytes()))
    os.kill(os.getpid(), signal.SIGKILL)
gallery.replace_views = half
gallery.Gallery.open(Path(sys.argv[1]), card()).enroll('Half', unit(0, 1)[None], STAMP_S)
"""


def test_a_crash_in_the_middle_leaves_the_gallery_of_before(path: Path) -> None:
    with_ana(path).close()
    size = path.stat().st_size
    script = [sys.executable, '-c', CRASH, str(path), str(Path(__file__).parents[1])]
    assert subprocess.run(script, check=False).returncode == -signal.SIGKILL
    assert path.with_name(path.name + '-journal').exists()
    assert path.stat().st_size > size
    gallery = Gallery.open(path, card())
    assert [person.name for person in gallery.people()] == ['Ana']
    assert gallery.people()[0].embeddings == 1
    gallery.enroll('Bo', unit(0, 1)[None], STAMP_S)
