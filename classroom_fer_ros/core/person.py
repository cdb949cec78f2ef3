"""People of a gallery: who they are called, and how long they stay."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime, timezone

from classroom_fer_ros.core.errors import GalleryError


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """
    One enrolled person.

    :param person_id: permanent, without any trace of the name
    :param enrolled_at: ISO 8601, UTC where the caller gave seconds
    :param expires_at: ISO 8601 in UTC, when the person is erased; empty for never
    :param embeddings: number of views enrolled
    :param crops: number of them whose pictures are stored
    """

    person_id: str
    name: str
    enrolled_at: str
    embeddings: int
    expires_at: str = ''
    crops: int = 0


def checked_name(name: str) -> str:
    """
    One spelling of every name, so that the same letters are the same name.

    :raises GalleryError: if it is blank, or no text that can be stored
    """
    name = unicodedata.normalize('NFC', name).strip()
    if not name:
        raise GalleryError('a person needs a name that is not blank')
    try:
        name.encode()
    except UnicodeEncodeError as error:
        raise GalleryError(f'the name {name!r} holds half a letter (a lone surrogate)') from error
    return name


def to_iso(stamp: float | str) -> str:
    """
    Seconds since 1970 as ISO 8601 in UTC; what is ISO 8601 already stays.

    :raises GalleryError: if it is no date and time
    """
    try:
        if isinstance(stamp, str):
            datetime.fromisoformat(stamp.replace('Z', '+00:00'))
            return stamp
        return datetime.fromtimestamp(stamp, timezone.utc).isoformat(timespec='seconds')
    except (ValueError, OverflowError, OSError) as error:
        raise GalleryError(f'{stamp!r} is no date and time') from error


def is_expired(person: Person, now_s: float) -> bool:
    """
    Whether somebody's time is over.

    :param now_s: seconds since 1970
    """
    if not person.expires_at:
        return False
    return datetime.fromisoformat(person.expires_at).timestamp() <= now_s
