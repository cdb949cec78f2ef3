"""People and views as rows of a gallery's file, sealed where it is encrypted."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import cv2
import numpy as np

from classroom_fer_ros.core.arrays import FloatArray, ImageBgr
from classroom_fer_ros.core.gallery_cipher import Cipher
from classroom_fer_ros.core.person import Person
from classroom_fer_ros.core.view_choice import View


def read_people(
    connection: sqlite3.Connection, cipher: Cipher | None
) -> list[tuple[Person, FloatArray]]:
    """
    Everybody in the order of enrolment, with their embeddings, shape (n, size).

    :raises ValueError: if a row is not what was written
    """
    vectors: dict[str, list[FloatArray]] = {}
    crops: dict[str, int] = {}
    rows = connection.execute('SELECT person_id, vector, crop IS NOT NULL FROM embeddings')
    for person_id, blob, has_crop in rows:
        vectors.setdefault(person_id, []).append(_vector(blob, person_id, cipher))
        crops[person_id] = crops.get(person_id, 0) + has_crop
    people = connection.execute(
        'SELECT person_id, name, enrolled_at, expires_at FROM people ORDER BY rowid'
    )
    found = []
    for person_id, name, enrolled_at, expires_at in people:
        if person_id not in vectors:
            raise ValueError(f'person {person_id} has no embedding')
        person = Person(
            person_id=person_id,
            name=_open_name(name, person_id, cipher),
            enrolled_at=enrolled_at,
            expires_at=expires_at or '',
            embeddings=len(vectors[person_id]),
            crops=crops[person_id],
        )
        found.append((person, np.stack(vectors[person_id])))
    return found


def read_views(
    connection: sqlite3.Connection, person_id: str, cipher: Cipher | None
) -> list[View]:
    """
    What is stored of one person.

    :raises ValueError: if a row is not what was written
    """
    rows = connection.execute(
        'SELECT vector, quality, crop FROM embeddings WHERE person_id = ? ORDER BY rowid',
        (person_id,),
    )
    return [
        View(
            embedding=_vector(vector, person_id, cipher),
            quality=quality,
            crop_bgr=None if crop is None else _open_crop(crop, person_id, cipher),
        )
        for vector, quality, crop in rows
    ]


def insert_person(cursor: sqlite3.Cursor, person: Person, cipher: Cipher | None) -> None:
    """Add a person, without views yet."""
    name: str | bytes = person.name
    if cipher is not None:
        name = cipher.seal(person.name.encode(), f'name of {person.person_id}')
    cursor.execute(
        'INSERT INTO people (person_id, name, enrolled_at, expires_at) VALUES (?, ?, ?, ?)',
        (person.person_id, name, person.enrolled_at, person.expires_at or None),
    )


def replace_views(
    cursor: sqlite3.Cursor, person_id: str, views: Sequence[View], cipher: Cipher | None
) -> None:
    """Store other views of a person than before."""
    cursor.execute('DELETE FROM embeddings WHERE person_id = ?', (person_id,))
    for view in views:
        vector: bytes = view.embedding.astype(np.float32).tobytes()
        crop = None if view.crop_bgr is None else _png(view.crop_bgr)
        if cipher is not None:
            vector = cipher.seal(vector, f'embedding of {person_id}')
            crop = None if crop is None else cipher.seal(crop, f'crop of {person_id}')
        cursor.execute(
            'INSERT INTO embeddings (person_id, vector, quality, crop) VALUES (?, ?, ?, ?)',
            (person_id, vector, float(view.quality), crop),
        )


def _vector(blob: bytes, person_id: str, cipher: Cipher | None) -> FloatArray:
    if cipher is not None:
        blob = cipher.open(blob, f'embedding of {person_id}')
    return np.frombuffer(blob, np.float32)


def _open_name(name: str | bytes, person_id: str, cipher: Cipher | None) -> str:
    if cipher is None:
        if not isinstance(name, str):
            raise ValueError(f'name of {person_id} is no text')
        return name
    if not isinstance(name, bytes):
        raise ValueError(f'name of {person_id} is not encrypted')
    return cipher.open(name, f'name of {person_id}').decode()


def _open_crop(crop: bytes, person_id: str, cipher: Cipher | None) -> ImageBgr:
    if cipher is not None:
        crop = cipher.open(crop, f'crop of {person_id}')
    image = cv2.imdecode(np.frombuffer(crop, np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        raise ValueError(f'crop of {person_id} is no picture')
    return np.asarray(image, np.uint8)


def _png(crop_bgr: ImageBgr) -> bytes:
    """Without loss, so that the same model makes the same embedding again."""
    return bytes(cv2.imencode('.png', crop_bgr)[1].tobytes())
