"""What is done to a gallery as a whole: new embeddings of stored crops, and encryption."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from classroom_fer_ros.core.arrays import FloatArray, ImageBgr
from classroom_fer_ros.core.errors import GalleryError
from classroom_fer_ros.core.gallery_cipher import KEY_CHECK, Cipher
from classroom_fer_ros.core.gallery_file import GalleryKind, connect, transaction
from classroom_fer_ros.core.gallery_rows import (
    insert_person,
    read_people,
    read_views,
    replace_views,
)
from classroom_fer_ros.core.person import Person
from classroom_fer_ros.core.view_choice import View

#: Crops in, embeddings out; shapes (n, 112, 112, 3) and (n, size).
Embed = Callable[[ImageBgr], FloatArray]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReEmbedded:
    """
    What re-embedding did.

    :param people: who has new embeddings
    :param views: how many there are of them all
    :param forgotten: who was erased, as no crop of them was stored
    """

    people: list[Person]
    views: int
    forgotten: list[Person]


def re_embed(
    path: Path, kind: GalleryKind, embed: Embed, *, forgets_others: bool = False
) -> ReEmbedded:
    """
    Make the embeddings of a gallery anew from its stored crops, all of them or none.

    :param kind: of another model than the gallery, or of the same
    :param embed: that model
    :param forgets_others: erase who was enrolled without stored crops
    :raises GalleryError: if somebody has no stored crop and `forgets_others` is False, or the file
        cannot be read or written
    """
    require_file(path)
    with closing(connect(path, kind, of_any_model=True)) as connection:
        count = 0
        with transaction(path, connection) as cursor:
            people = [person for person, _ in read_people(connection, kind.cipher)]
            others = [person for person in people if not person.crops]
            if others and not forgets_others:
                names = ', '.join(f'{one.name} ({one.person_id})' for one in others)
                raise GalleryError(
                    f'no crops are stored of {names}: enrol them again afterwards, and let them '
                    'be erased now with --forget-others; nothing was changed'
                )
            for person in people:
                views = read_views(connection, person.person_id, kind.cipher)
                renewed = _renewed([one for one in views if one.crop_bgr is not None], embed)
                count += len(renewed)
                replace_views(cursor, person.person_id, renewed, kind.cipher)
                if not renewed:
                    cursor.execute('DELETE FROM people WHERE person_id = ?', (person.person_id,))
            cursor.execute(
                'UPDATE model SET name = ?, sha256 = ?', (kind.card.name, kind.card.sha256)
            )
        kept = [person for person in people if person.crops]
        return ReEmbedded(people=kept, views=count, forgotten=others)


def encrypt(path: Path, kind: GalleryKind, cipher: Cipher) -> int:
    """
    Encrypt a gallery that is not encrypted yet, all of it or nothing.

    :param kind: as the gallery is now
    :param cipher: that it is to be opened with from now on
    :return: number of people in it
    :raises GalleryError: if it is encrypted already, or cannot be read or written
    """
    require_file(path)
    with closing(connect(path, kind, of_any_model=True)) as connection:
        with transaction(path, connection) as cursor:
            people = [person for person, _ in read_people(connection, None)]
            views = {one.person_id: read_views(connection, one.person_id, None) for one in people}
            cursor.execute('DELETE FROM people')
            for person in people:
                insert_person(cursor, person, cipher)
                replace_views(cursor, person.person_id, views[person.person_id], cipher)
            cursor.execute('INSERT INTO cipher VALUES (?)', (cipher.seal(KEY_CHECK, 'key'),))
        connection.execute('VACUUM')  # nothing readable stays in pages that are no longer used
        return len(people)


def require_file(path: Path) -> None:
    """:raises GalleryError: if there is no such file"""
    if not path.exists():
        raise GalleryError(f'there is no gallery {path}: nobody has been enrolled in it')


def _renewed(views: list[View], embed: Embed) -> list[View]:
    if not views:
        return []
    crops = np.stack([view.crop_bgr for view in views if view.crop_bgr is not None])
    embeddings = embed(crops)
    return [
        replace(view, embedding=embedding)
        for view, embedding in zip(views, embeddings, strict=True)
    ]
