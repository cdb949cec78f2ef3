"""
The gallery: enrolled people and their embeddings, in one SQLite file.

Holds names and embeddings, never pictures. Every change is one transaction: after a crash the file
holds either all of it or nothing.
"""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

import numpy as np

from classroom_fer_ros.core.arrays import FloatArray
from classroom_fer_ros.core.errors import GalleryError
from classroom_fer_ros.core.model_card import ModelCard

SCHEMA_VERSION = 1
#: Marks the file as ours, so that no other program's database is taken for a gallery.
APPLICATION_ID = 0x46455247  # 'FERG'
THRESHOLD_SETTING = 'similarity_threshold'
#: The best person must be this much more similar than the second: of two who look alike, neither
#: is named. For models whose cards say no other margin.
MARGIN_SETTING = 'similarity_margin'
MIN_MARGIN = 0.03
#: Embeddings whose length differs more from 1 are none.
UNIT_TOLERANCE = 1e-2

SCHEMA = f"""
CREATE TABLE model (name TEXT NOT NULL, sha256 TEXT NOT NULL);
CREATE TABLE people (
    person_id TEXT PRIMARY KEY, name TEXT NOT NULL, enrolled_at TEXT NOT NULL
);
CREATE TABLE embeddings (
    person_id TEXT NOT NULL REFERENCES people ON DELETE CASCADE, vector BLOB NOT NULL
);
CREATE INDEX embeddings_of_person ON embeddings (person_id);
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {SCHEMA_VERSION};
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """
    One enrolled person.

    :param person_id: permanent, without any trace of the name
    :param enrolled_at: ISO 8601, UTC where the caller gave seconds
    :param embeddings: number of pictures enrolled
    """

    person_id: str
    name: str
    enrolled_at: str
    embeddings: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """
    Who a face is taken for.

    :param similarity: cosine to the mean of the person's embeddings, in [-1, 1]
    """

    person_id: str
    person_name: str
    similarity: float


class Gallery:
    """Enrols, forgets and finds people. Used by one thread at a time."""

    def __init__(self, path: Path, card: ModelCard, connection: sqlite3.Connection) -> None:
        """Use `open`."""
        self.path = path
        self._connection = connection
        self._threshold = card.settings[THRESHOLD_SETTING]
        self._margin = margin_of(card)
        self._people: list[Person] = []
        self._centres: FloatArray = np.empty((0, 0), np.float32)
        self._size: int | None = None
        self._load()

    @classmethod
    def open(cls, path: Path, card: ModelCard) -> Gallery:
        """
        Open a gallery, or make an empty one where there is no file.

        :param card: model whose embeddings the gallery holds
        :raises GalleryError: if the file is broken (it is left as it is), is another program's,
            holds another model's embeddings or cannot be written, or if the card has no threshold
        """
        if THRESHOLD_SETTING not in card.settings:
            raise GalleryError(
                f'the card of {card.name} has no {THRESHOLD_SETTING} among its settings: '
                f'without one nobody can be told from a stranger; run `{card.command}`'
            )
        connection: sqlite3.Connection | None = None
        try:
            if not path.exists():
                _create(path, card)
            connection = _connect(path)
            _check(path, connection, card)
            return cls(path, card, connection)
        except (sqlite3.Error, OSError, ValueError) as error:
            if connection is not None:
                connection.close()
            raise GalleryError(
                f'gallery {path} cannot be opened: {error}; it was left as it is: restore a copy '
                'of it, or move it away and enrol again'
            ) from error
        except GalleryError:
            if connection is not None:
                connection.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def enroll(self, name: str, embeddings: FloatArray, enrolled_at: float | str) -> str:
        """
        Add a person.

        :param name: any text that is not blank; two people may have the same
        :param embeddings: shape (n, size), n at least 1, rows of unit length
        :param enrolled_at: seconds since 1970 or ISO 8601
        :return: the new person's id
        :raises GalleryError: if the name is blank, an embedding is none, or the file cannot be
            written
        """
        if not name.strip():
            raise GalleryError('a person needs a name that is not blank')
        vectors = self._checked(embeddings)
        person_id = uuid.uuid4().hex
        with self._transaction() as cursor:
            cursor.execute(
                'INSERT INTO people VALUES (?, ?, ?)', (person_id, name, _iso(enrolled_at))
            )
            cursor.executemany(
                'INSERT INTO embeddings VALUES (?, ?)',
                [(person_id, vector.tobytes()) for vector in vectors],
            )
        self._load()
        return person_id

    def forget(self, person_id: str) -> bool:
        """
        Erase a person's name and embeddings.

        :return: whether there was such a person
        :raises GalleryError: if the file cannot be written
        """
        with self._transaction() as cursor:
            cursor.execute('DELETE FROM people WHERE person_id = ?', (person_id,))
            is_gone = cursor.rowcount > 0
        self._load()
        return is_gone

    def people(self) -> list[Person]:
        """Everybody enrolled, in the order of enrolment."""
        return list(self._people)

    def search(self, embedding: FloatArray) -> Match | None:
        """
        Find whose face an embedding is of.

        :param embedding: shape (size,), of unit length
        :return: None for a stranger, or if two people are about equally similar
        :raises GalleryError: if the embedding is none or of another size
        """
        similarity = self.similarities(embedding)
        if not self._people:
            return None
        best = int(similarity.argmax())
        others = np.delete(similarity, best)
        if similarity[best] <= self._threshold:
            return None
        if len(others) and similarity[best] - others.max() < self._margin:
            return None
        person = self._people[best]
        return Match(
            person_id=person.person_id,
            person_name=person.name,
            similarity=float(similarity[best]),
        )

    def similarities(self, embedding: FloatArray) -> FloatArray:
        """
        Compare an embedding with everybody.

        :param embedding: shape (size,), of unit length
        :return: shape (people,), cosine to the mean of each person's embeddings, as in `people`
        :raises GalleryError: if the embedding is none or of another size
        """
        (probe,) = self._checked(embedding[None])
        return self._centres @ probe if self._people else np.empty(0, np.float32)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Cursor]:
        cursor = self._connection.cursor()
        try:
            cursor.execute('BEGIN IMMEDIATE')
            yield cursor
            cursor.execute('COMMIT')
        except (sqlite3.Error, UnicodeEncodeError) as error:
            raise GalleryError(f'gallery {self.path} cannot be changed: {error}') from error
        finally:
            if self._connection.in_transaction:
                self._connection.rollback()

    def _load(self) -> None:
        """Read everybody into memory; one mean direction a person is what search compares with."""
        vectors: dict[str, list[FloatArray]] = {}
        for person_id, blob in self._connection.execute('SELECT * FROM embeddings'):
            vectors.setdefault(person_id, []).append(np.frombuffer(blob, np.float32))
        rows = self._connection.execute('SELECT * FROM people ORDER BY rowid').fetchall()
        people, centres = [], []
        for person_id, name, enrolled_at in rows:
            if person_id not in vectors:
                raise sqlite3.DatabaseError(f'person {person_id} has no embedding')
            own = np.stack(vectors[person_id])
            people.append(
                Person(
                    person_id=person_id,
                    name=name,
                    enrolled_at=enrolled_at,
                    embeddings=len(own),
                )
            )
            centre = own.mean(axis=0)
            # Opposite embeddings have no mean direction: such a person is never found.
            centres.append(centre / max(float(np.linalg.norm(centre)), 1e-6))
        self._people = people
        self._centres = np.stack(centres) if centres else np.empty((0, 0), np.float32)
        self._size = self._centres.shape[1] if people else None

    def _checked(self, embeddings: FloatArray) -> FloatArray:
        vectors = np.ascontiguousarray(embeddings, np.float32)
        if vectors.ndim != 2 or vectors.size == 0:
            raise GalleryError(f'embeddings of shape {vectors.shape}: must be (n, size), n >= 1')
        if self._size is not None and vectors.shape[1] != self._size:
            raise GalleryError(
                f'embeddings of size {vectors.shape[1]}: those in {self.path} have {self._size}'
            )
        if not (np.abs(np.linalg.norm(vectors, axis=1) - 1.0) <= UNIT_TOLERANCE).all():
            raise GalleryError('embeddings must have unit length')  # also refuses NaN
        return vectors


def margin_of(card: ModelCard) -> float:
    """How much more similar the best person must be than the second, for a model."""
    return card.settings.get(MARGIN_SETTING, MIN_MARGIN)


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    # What is forgotten shall not linger in free pages of the file.
    connection.execute('PRAGMA secure_delete = ON')
    connection.execute('PRAGMA foreign_keys = ON')
    return connection


def _create(path: Path, card: ModelCard) -> None:
    """Write an empty gallery aside and move it into place: what lies there is always whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + '.part')
    part.unlink(missing_ok=True)
    with closing(_connect(part)) as connection:
        connection.executescript(f'BEGIN IMMEDIATE; {SCHEMA}')
        connection.execute('INSERT INTO model VALUES (?, ?)', (card.name, card.sha256))
        connection.execute('COMMIT')
    part.rename(path)


def _check(path: Path, connection: sqlite3.Connection, card: ModelCard) -> None:
    """Refuse what is no gallery, or one of another version or model."""
    (application,) = connection.execute('PRAGMA application_id').fetchone()
    (version,) = connection.execute('PRAGMA user_version').fetchone()
    if application != APPLICATION_ID:
        raise GalleryError(f"{path} is no gallery but another program's database")
    if version != SCHEMA_VERSION:
        raise GalleryError(
            f'gallery {path} has schema {version}, this release reads {SCHEMA_VERSION}: '
            'use the release that wrote it, or enrol again in a new file'
        )
    (problem,) = connection.execute('PRAGMA quick_check').fetchone()
    if problem != 'ok':
        raise sqlite3.DatabaseError(problem)
    row = connection.execute('SELECT name, sha256 FROM model').fetchone()
    if row is None:
        raise sqlite3.DatabaseError('it does not say which model made its embeddings')
    name, sha256 = row
    if sha256 != card.sha256:
        raise GalleryError(
            f'gallery {path} holds embeddings of {name} ({sha256[:12]}), the model in use is '
            f'{card.name} ({card.sha256[:12]}): their embeddings cannot be compared; use the '
            'model of the gallery, or enrol everybody again in a new file'
        )


def _iso(enrolled_at: float | str) -> str:
    try:
        if isinstance(enrolled_at, str):
            datetime.fromisoformat(enrolled_at.replace('Z', '+00:00'))
            return enrolled_at
        return datetime.fromtimestamp(enrolled_at, timezone.utc).isoformat(timespec='seconds')
    except (ValueError, OverflowError, OSError) as error:
        raise GalleryError(f'enrolled at {enrolled_at!r}: must be a date and time') from error
