"""Who the faces are: looked up in the gallery now and then, remembered in between."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from classroom_fer_ros.core.alignment import AlignedCrop
from classroom_fer_ros.core.embedding import FaceEmbedder
from classroom_fer_ros.core.errors import GalleryError
from classroom_fer_ros.core.face_memory import FaceMemory
from classroom_fer_ros.core.gallery import Gallery, Match
from classroom_fer_ros.core.model_registry import card_in_use
from classroom_fer_ros.core.profiles import Feature, Profile
from classroom_fer_ros.core.results import Face
from classroom_fer_ros.core.stages import batch


@dataclass(slots=True)
class _Known:
    """Who one face is taken for, and when it is due to be looked up again."""

    match: Match | None = None
    due_s: float = -math.inf


class IdentityStage:
    """
    Names faces. Holds no clock.

    :ivar gallery: the enrolled people, None where identification is off
    """

    def __init__(
        self,
        embedding_card: str,
        gallery_path: str,
        profile: Profile,
        *,
        interval_s: float,
        hold_s: float,
        provider: str = 'cpu',
    ) -> None:
        """
        :param gallery_path: empty for nobody
        :param interval_s: a face is looked up this often
        :param provider: what computes embeddings, one of `model_card.PROVIDERS`
        :raises ModelError: if the model is missing, broken or not the one its card describes
        :raises ProfileError: if a gallery is given and the profile forbids identification
        :raises GalleryError: if the gallery cannot be opened
        """
        self._embed = FaceEmbedder(card_in_use(embedding_card), provider=provider)
        self.model_name = self._embed.card.name
        self.gallery: Gallery | None = None
        if gallery_path:
            profile.require(Feature.IDENTIFICATION)
            self.gallery = Gallery.open(Path(gallery_path), self._embed.card)
        self._interval_s = interval_s
        self._memory = FaceMemory(_Known, hold_s)

    def due(self, faces: Sequence[Face], stamp_s: float) -> list[Face]:
        """The faces whose crops `update` will look at."""
        known = self._memory.see(faces, stamp_s)
        if self.gallery is None:
            return []
        return [face for face, one in zip(faces, known, strict=True) if stamp_s >= one.due_s]

    def update(
        self, faces: Sequence[Face], crops: Mapping[str, AlignedCrop], stamp_s: float
    ) -> tuple[Face, ...]:
        """
        Look up who is due.

        :param crops: by face_id, of every face that is due
        :return: the same faces, with the names of those who are known
        """
        due = self.due(faces, stamp_s)
        if due and self.gallery is not None:
            embeddings = self._embed(batch(due, crops))
            for known, embedding in zip(self._memory.see(due, stamp_s), embeddings, strict=True):
                known.match = self.gallery.search(embedding)
                known.due_s = stamp_s + self._interval_s
        return self.skip(faces, stamp_s)

    def skip(self, faces: Sequence[Face], stamp_s: float) -> tuple[Face, ...]:
        """Name the faces as they were known before."""
        known = self._memory.see(faces, stamp_s)
        return tuple(_named(face, one.match) for face, one in zip(faces, known, strict=True))

    def enroll(
        self,
        face_id: str,
        person_name: str,
        crops: Mapping[str, AlignedCrop],
        enrolled_at_s: float,
    ) -> str:
        """
        Add somebody to the gallery.

        :param crops: of the faces in the picture, by face_id
        :param enrolled_at_s: time of day, seconds since the epoch
        :return: the new person_id
        :raises GalleryError: if there is no gallery, no such face, or the name is empty
        """
        if self.gallery is None:
            raise GalleryError('identification is off: set gallery_path to a file, and restart')
        if face_id not in crops:
            present = ', '.join(crops) or 'none'
            raise GalleryError(f'no face {face_id!r} in the picture now; there are: {present}')
        embedding = self._embed(crops[face_id].image_bgr[None])
        return self.gallery.enroll(person_name, embedding, enrolled_at_s)

    def set_interval(self, interval_s: float) -> None:
        """Look faces up this often from now on."""
        self._interval_s = interval_s

    def reset(self) -> None:
        """Forget every face; the gallery stays."""
        self._memory.clear()

    def close(self) -> None:
        """Close the gallery."""
        if self.gallery is not None:
            self.gallery.close()


def _named(face: Face, match: Match | None) -> Face:
    if match is None:
        return face
    return replace(
        face,
        person_id=match.person_id,
        person_name=match.person_name,
        similarity=match.similarity,
    )
