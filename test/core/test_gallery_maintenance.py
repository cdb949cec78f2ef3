"""Encrypted galleries, and new embeddings of stored crops."""

import sqlite3
import sys
from pathlib import Path

import numpy as np
import pytest

from classroom_fer_ros.core import gallery_file, gallery_maintenance
from classroom_fer_ros.core.errors import GalleryError
from classroom_fer_ros.core.gallery import Gallery, View
from classroom_fer_ros.core.gallery_cipher import Cipher, read_key, write_new_key
from classroom_fer_ros.core.gallery_file import GalleryKind
from classroom_fer_ros.core.gallery_maintenance import encrypt, re_embed
from gallery_makers import STAMP_S, card, unit

CROP = np.random.default_rng(0).integers(0, 256, (112, 112, 3), np.uint8)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / 'gallery.db'


@pytest.fixture
def cipher(tmp_path: Path) -> Cipher:
    pytest.importorskip('cryptography', reason='requirements/encryption.txt is not installed')
    write_new_key(tmp_path / 'key')
    return read_key(tmp_path / 'key')


def test_an_encrypted_file_shows_nothing_of_a_person(path: Path, cipher: Cipher) -> None:
    gallery = Gallery.open(path, card(), cipher)
    ana = gallery.enroll('Ana Readable', [View(embedding=unit(1), crop_bgr=CROP)], STAMP_S)
    gallery.add_views(ana, [View(embedding=unit(1, 1))])
    gallery.close()
    content = path.read_bytes()
    for secret in (b'Readable', unit(1).tobytes(), b'PNG'):
        assert secret not in content
    again = Gallery.open(path, card(), cipher)
    assert again.search(unit(1)).person_name == 'Ana Readable'
    assert again.people()[0].crops == 1


def test_a_key_fits_its_gallery_only(path: Path, cipher: Cipher) -> None:
    gallery = Gallery.open(path, card(), cipher)
    gallery.enroll('Ana', unit(1)[None], STAMP_S)
    gallery.close()
    with pytest.raises(GalleryError, match='another key file'):
        Gallery.open(path, card(), Cipher(b'k' * 32))
    with pytest.raises(GalleryError, match='gallery_key_path'):
        Gallery.open(path, card())
    assert path.exists()


def test_sealed_values_cannot_change_places(path: Path, cipher: Cipher) -> None:
    gallery = Gallery.open(path, card(), cipher)
    gallery.enroll('Ana', unit(1)[None], STAMP_S)
    gallery.enroll('Bo', unit(0, 1)[None], STAMP_S)
    with gallery._connection as connection:
        connection.execute('UPDATE people SET name = (SELECT name FROM people LIMIT 1)')
    gallery.close()
    with pytest.raises(GalleryError, match='cannot be decrypted'):
        Gallery.open(path, card(), cipher)


def test_a_gallery_is_encrypted_later(path: Path, cipher: Cipher) -> None:
    gallery = Gallery.open(path, card())
    views = [View(embedding=unit(1), quality=0.5, crop_bgr=CROP)]
    ana = gallery.enroll('Ana Readable', views, STAMP_S, STAMP_S + 5)
    gallery.close()
    with pytest.raises(GalleryError, match='is not encrypted'):
        Gallery.open(path, card(), cipher)
    assert encrypt(path, GalleryKind(card=card()), cipher) == 1
    assert b'Readable' not in path.read_bytes()
    assert unit(1).tobytes() not in path.read_bytes()
    (person,) = Gallery.open(path, card(), cipher).people()
    assert (person.person_id, person.name, person.crops) == (ana, 'Ana Readable', 1)
    assert person.expires_at == '2023-11-14T22:13:25+00:00'
    with pytest.raises(GalleryError, match='is encrypted'):
        encrypt(path, GalleryKind(card=card()), cipher)


def test_keys_are_private_and_never_written_over(tmp_path: Path) -> None:
    key = tmp_path / 'deep' / 'key'
    write_new_key(key)
    assert key.stat().st_mode & 0o077 == 0
    with pytest.raises(GalleryError, match='already'):
        write_new_key(key)
    key.chmod(0o640)
    with pytest.raises(GalleryError, match='chmod 600'):
        read_key(key)
    key.write_text('short')
    key.chmod(0o600)
    with pytest.raises(GalleryError, match='no key file'):
        read_key(key)
    with pytest.raises(GalleryError, match='new-key'):
        read_key(tmp_path / 'none')


def test_a_missing_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_new_key(tmp_path / 'key')
    monkeypatch.setitem(sys.modules, 'cryptography.hazmat.primitives.ciphers.aead', None)
    with pytest.raises(GalleryError, match=r'package cryptography.*encryption\.txt'):
        read_key(tmp_path / 'key')


def other_embed(crops_bgr: np.ndarray) -> np.ndarray:
    """Another network: its embeddings tell the crops by their mean."""
    return np.stack([unit(0, 0, 0, float(crop.mean())) for crop in crops_bgr])


OTHER = GalleryKind(card=card('facenet-b', 'b' * 64))


def test_stored_crops_are_embedded_by_another_model(path: Path) -> None:
    gallery = Gallery.open(path, card())
    ana = gallery.enroll(
        'Ana',
        [View(embedding=unit(1), quality=0.7, crop_bgr=CROP), View(embedding=unit(1, 1))],
        STAMP_S,
    )
    gallery.close()
    result = re_embed(path, OTHER, other_embed)
    assert ([person.name for person in result.people], result.views) == (['Ana'], 1)
    renewed = Gallery.open(path, OTHER.card)
    assert renewed.search(unit(0, 0, 0, 1)).person_id == ana
    with pytest.raises(GalleryError, match='facenet-b'):
        Gallery.open(path, card())


def test_who_has_no_crops_is_named_and_erased_only_when_asked_for(path: Path) -> None:
    gallery = Gallery.open(path, card())
    gallery.enroll('Ana', [View(embedding=unit(1), crop_bgr=CROP)], STAMP_S)
    gallery.enroll('Bo Cropless', unit(0, 1)[None], STAMP_S)
    gallery.close()
    with pytest.raises(GalleryError, match=r'Bo Cropless.*--forget-others'):
        re_embed(path, OTHER, other_embed)
    assert len(Gallery.open(path, card()).people()) == 2
    result = re_embed(path, OTHER, other_embed, forgets_others=True)
    assert [person.name for person in result.forgotten] == ['Bo Cropless']
    assert [person.name for person in Gallery.open(path, OTHER.card).people()] == ['Ana']


def test_a_gallery_that_is_not_there_is_named(path: Path) -> None:
    with pytest.raises(GalleryError, match=r'no gallery .*gallery\.db'):
        re_embed(path, OTHER, other_embed)
    assert not path.exists()


def test_a_running_node_leaves_a_gallery_that_was_encrypted(path: Path, cipher: Cipher) -> None:
    """It is told that a key is wanted; nothing is broken."""
    gallery = Gallery.open(path, card())
    gallery.enroll('Ana', unit(1)[None], STAMP_S)
    encrypt(path, GalleryKind(card=card()), cipher)
    with pytest.raises(GalleryError, match='gallery_key_path'):
        gallery.refresh()
    assert [person.name for person in Gallery.open(path, card(), cipher).people()] == ['Ana']
    gallery.close()


def test_who_is_enrolled_meanwhile_is_encrypted_too(
    path: Path, cipher: Cipher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By another process, just before the encryption has the file for itself."""
    gallery = Gallery.open(path, card())
    gallery.enroll('Ana', unit(1)[None], STAMP_S)

    def enrol(statement: str) -> None:
        if statement == 'BEGIN IMMEDIATE':
            gallery.enroll('Bo', unit(0, 1)[None], STAMP_S)

    def connect(*arguments: object, **options: object) -> sqlite3.Connection:
        connection = gallery_file.connect(*arguments, **options)
        connection.set_trace_callback(enrol)
        return connection

    monkeypatch.setattr(gallery_maintenance, 'connect', connect)
    assert encrypt(path, GalleryKind(card=card()), cipher) == 2
    names = [person.name for person in Gallery.open(path, card(), cipher).people()]
    assert names == ['Ana', 'Bo']
    gallery.close()
