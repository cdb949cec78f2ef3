"""Enrolling somebody by several views, from wherever they come, and never the same face twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from classroom_fer_ros.core.errors import GalleryError
from classroom_fer_ros.core.gallery import Gallery, View
from classroom_fer_ros.core.person import checked_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolled:
    """
    Who was enrolled.

    :param views: number of views that were given
    :param was_known: whether they were added to somebody enrolled before
    """

    person_id: str
    name: str
    views: int
    was_known: bool


def enroll_views(
    gallery: Gallery,
    name: str,
    views: Sequence[View],
    enrolled_at_s: float,
    expires_at_s: float | None,
) -> Enrolled:
    """
    Enrol somebody, or learn more about who is enrolled under this name and has this face.

    Two people with the same face would keep each other from ever being named.

    :param expires_at_s: seconds since 1970, None for never; who was known keeps the date
    :raises GalleryError: if the face is enrolled under another name, the name is blank, there is
        no view, or the file cannot be written
    """
    name = checked_name(name)
    gallery.refresh()
    known = None
    if views:
        mean = np.mean([view.embedding for view in views], axis=0)
        length = float(np.linalg.norm(mean))
        known = gallery.search(mean / length) if length > 0.0 else None
    if known is None:
        person_id = gallery.enroll(name, views, enrolled_at_s, expires_at_s)
    elif known.person_name == name:
        person_id = known.person_id
        gallery.add_views(person_id, views)
    else:
        raise GalleryError(
            f'this face is enrolled already, as {known.person_name} ({known.person_id}): forget '
            'that person first if the name is wrong'
        )
    return Enrolled(person_id=person_id, name=name, views=len(views), was_known=known is not None)
