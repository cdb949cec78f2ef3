"""
The gallery: enrolled people and their embeddings, in one SQLite file.

Holds names and embeddings, and aligned crops only of those who were enrolled with them. Every
change is one transaction: after a crash the file holds either all of it or nothing. No file is
made before somebody is enrolled.
"""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from classroom_fer_ros.core import gallery_file
from classroom_fer_ros.core.arrays import FloatArray
from classroom_fer_ros.core.errors import GalleryError
from classroom_fer_ros.core.gallery_cipher import Cipher
from classroom_fer_ros.core.gallery_file import GalleryKind
from classroom_fer_ros.core.gallery_rows import (
    insert_person,
    read_people,
    read_views,
    replace_views,
)
from classroom_fer_ros.core.model_card import ModelCard
from classroom_fer_ros.core.person import Person, checked_name, is_expired, to_iso
from classroom_fer_ros.core.view_choice import (
    View,
    checked_embeddings,
    checked_views,
    choose_views,
)

__all__ = ['Gallery', 'Match', 'Person', 'View', 'margin_of']

THRESHOLD_SETTING = 'similarity_threshold'
#: The best person must be this much more similar than the second: of two who look alike, neither
#: is named. For models whose cards say no other margin.
MARGIN_SETTING = 'similarity_margin'
MIN_MARGIN = 0.03


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

    def __init__(self, path: Path, kind: GalleryKind) -> None:
        """Use `open`."""
        self.path = path
        self._kind = kind
        self._threshold = kind.card.settings[THRESHOLD_SETTING]
        self._margin = margin_of(kind.card)
        self._connection: sqlite3.Connection | None = None
        self._seen: tuple[int, int] | None = None
        self._set([])

    @classmethod
    def open(cls, path: Path, card: ModelCard, cipher: Cipher | None = None) -> Gallery:
        """
        Open a gallery; where there is no file, it is empty.

        :param card: model whose embeddings the gallery holds
        :param cipher: of an encrypted gallery
        :raises GalleryError: as `gallery_file.connect`, or if the card has no threshold
        """
        if THRESHOLD_SETTING not in card.settings:
            raise GalleryError(
                f'the card of {card.name} has no {THRESHOLD_SETTING} among its settings: '
                f'without one nobody can be told from a stranger; run `{card.command}`'
            )
        gallery = cls(path, GalleryKind(card=card, cipher=cipher))
        gallery.refresh()
        return gallery

    def close(self) -> None:
        """Close the file."""
        if self._connection is not None:
            self._connection.close()
        self._connection = self._seen = None

    @property
    def notice(self) -> str:
        """What the user should know of the file, in plain words; empty while all is well."""
        aside = gallery_file.files_set_aside(self.path)
        if not aside:
            return ''
        return (
            f'{aside[-1]} is a broken gallery that was set aside, and those enrolled in it are '
            f'not known here: put a copy from before into the place of {self.path}, or erase it'
        )

    def refresh(self) -> bool:
        """
        Read the file anew if another process has changed, made or replaced it.

        :return: whether it was read
        :raises GalleryError: if it cannot be; what was known before stays
        """
        try:
            inode = self.path.stat().st_ino
        except FileNotFoundError:
            is_news = bool(self._people)
            self.close()
            self._set([])
            return is_news
        except OSError as error:
            raise GalleryError(f'gallery {self.path} cannot be read: {error}') from error
        if self._connection is None or self._seen is None or self._seen[0] != inode:
            self.close()
            self._connection = gallery_file.connect(self.path, self._kind)
        try:
            (version,) = self._connection.execute('PRAGMA data_version').fetchone()
        except sqlite3.Error as error:
            self.close()
            raise gallery_file.failure(self.path, error) from error
        if self._seen == (inode, version):
            return False
        self._reload(self._connection)
        self._seen = (inode, version)
        return True

    def enroll(
        self,
        name: str,
        views: Sequence[View] | FloatArray,
        enrolled_at: float | str,
        expires_at_s: float | None = None,
    ) -> str:
        """
        Add a person.

        :param name: any text that is not blank; two people may have the same
        :param views: or their embeddings alone, shape (n, size), n at least 1, rows of unit
            length; of many, the best and most different are kept
        :param enrolled_at: seconds since 1970 or ISO 8601
        :param expires_at_s: when the person is to be erased, seconds since 1970; None for never
        :return: the new person's id
        :raises GalleryError: if the name is blank, an embedding is none, or the file cannot be
            written
        """
        person = Person(
            person_id=uuid.uuid4().hex,
            name=checked_name(name),
            enrolled_at=to_iso(enrolled_at),
            expires_at='' if expires_at_s is None else to_iso(expires_at_s),
            embeddings=len(views),
        )
        chosen = choose_views(checked_views(views, self._size))
        connection = self._writable()
        with gallery_file.transaction(self.path, connection) as cursor:
            insert_person(cursor, person, self._kind.cipher)
            replace_views(cursor, person.person_id, chosen, self._kind.cipher)
        self._reload(connection)
        return person.person_id

    def add_views(self, person_id: str, views: Sequence[View]) -> None:
        """
        Learn more about somebody; of all views, the best and most different are kept.

        :raises GalleryError: if nobody has this id, an embedding is none, or the file cannot be
            written
        """
        added = checked_views(views, self._size)
        connection = self._writable()
        with gallery_file.transaction(self.path, connection) as cursor:
            known = read_views(connection, person_id, self._kind.cipher)
            if not known:
                raise GalleryError(f'nobody has the id {person_id!r}')
            replace_views(cursor, person_id, choose_views([*known, *added]), self._kind.cipher)
        self._reload(connection)

    def forget(self, person_id: str) -> Person | None:
        """
        Erase a person's name, embeddings and stored crops.

        :return: who that was; None if there was nobody
        :raises GalleryError: if the file cannot be written
        """
        self.refresh()
        person = next((one for one in self._people if one.person_id == person_id), None)
        if person is not None:
            self._erase([person])
        return person

    def erase_expired(self, now_s: float) -> list[Person]:
        """
        Erase everybody whose time is over.

        :param now_s: seconds since 1970
        :return: who that was
        :raises GalleryError: if the file cannot be written
        """
        expired = self.expired(now_s)
        if expired:
            self._erase(expired)
        return expired

    def expired(self, now_s: float) -> list[Person]:
        """Everybody whose time is over."""
        return [person for person in self._people if is_expired(person, now_s)]

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
        highest = float(similarity[best])
        if highest <= self._threshold:
            return None
        similarity[best] = -np.inf
        if highest - float(similarity.max()) < self._margin:
            return None
        person = self._people[best]
        return Match(person_id=person.person_id, person_name=person.name, similarity=highest)

    def similarities(self, embedding: FloatArray) -> FloatArray:
        """
        Compare an embedding with everybody.

        :param embedding: shape (size,), of unit length
        :return: shape (people,), cosine to the mean of each person's embeddings, as in `people`
        :raises GalleryError: if the embedding is none or of another size
        """
        (probe,) = checked_embeddings(embedding[None], self._size)
        return self._centres @ probe if self._people else np.empty(0, np.float32)

    def _erase(self, people: Sequence[Person]) -> None:
        connection = self._writable()
        with gallery_file.transaction(self.path, connection) as cursor:
            cursor.executemany(
                'DELETE FROM people WHERE person_id = ?', [(one.person_id,) for one in people]
            )
        self._reload(connection)

    def _writable(self) -> sqlite3.Connection:
        """The open file, made if there is none yet."""
        self.refresh()
        if self._connection is None:
            gallery_file.create(self.path, self._kind)
            self.refresh()
        if self._connection is None:
            raise GalleryError(f'gallery {self.path} has gone while it was being written')
        return self._connection

    def _reload(self, connection: sqlite3.Connection) -> None:
        """Own changes do not count for SQLite as changes that others have to read."""
        try:
            with gallery_file.snapshot(connection):
                gallery_file.require_kind(self.path, connection, self._kind)
                people = read_people(connection, self._kind.cipher)
        except (sqlite3.Error, ValueError) as error:
            self.close()
            raise gallery_file.failure(self.path, error) from error
        self._set(people)

    def _set(self, people: Sequence[tuple[Person, FloatArray]]) -> None:
        """Hold everybody in memory; one mean direction a person is what search compares with."""
        centres = []
        for _, own in people:
            centre = own.mean(axis=0)
            # Opposite embeddings have no mean direction: such a person is never found.
            centres.append(centre / max(float(np.linalg.norm(centre)), 1e-6))
        self._people = [person for person, _ in people]
        self._centres: FloatArray = np.stack(centres) if centres else np.empty((0, 0), np.float32)
        self._size = self._centres.shape[1] if people else None


def margin_of(card: ModelCard) -> float:
    """How much more similar the best person must be than the second, for a model."""
    return card.settings.get(MARGIN_SETTING, MIN_MARGIN)
