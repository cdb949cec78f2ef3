"""Who the faces are: views looked up in the gallery now and then, and counted as votes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from classroom_fer_ros.core.alignment import AlignedCrop
from classroom_fer_ros.core.embedding import FaceEmbedder
from classroom_fer_ros.core.enrolment_config import USUAL_GALLERY, GalleryConfig, IdentityConfig
from classroom_fer_ros.core.errors import GalleryError
from classroom_fer_ros.core.face_memory import FaceMemory
from classroom_fer_ros.core.gallery import Gallery, Match, Person
from classroom_fer_ros.core.gallery_cipher import read_key
from classroom_fer_ros.core.gallery_file import usual_gallery_path
from classroom_fer_ros.core.live_enrolment import LiveEnrolment, LiveEnrolments
from classroom_fer_ros.core.model_registry import card_in_use
from classroom_fer_ros.core.naming import WINDOW, FaceVotes, NameBoard
from classroom_fer_ros.core.profiles import Feature, Profile
from classroom_fer_ros.core.results import Face
from classroom_fer_ros.core.stages import batch
from classroom_fer_ros.core.view_quality import (
    LOOK_UP_LIMITS,
    crop_problem,
    placing_problem,
    placing_quality,
)

#: A face that was gone for longer has been lost, and is looked up anew.
LOST_S = 0.5
#: Seen better by this factor than ever before, a face is looked up once more.
BETTER = 1.25
NO_GALLERY = 'identification is off: set the parameter gallery_path to a file and restart'


@dataclass(slots=True)
class _Known:
    """
    What is known of one face.

    :ivar looks: views looked up since the face came, or came back
    :ivar looked_s: when the last one was
    :ivar best: best placing looked up so far
    """

    votes: FaceVotes = field(default_factory=FaceVotes)
    looks: int = 0
    looked_s: float = -math.inf
    best: float = 0.0


class IdentityStage:
    """
    Names faces. Holds no clock.

    :ivar gallery: the enrolled people, None where identification is off
    :ivar problem: why the gallery could not be read anew, in plain words; empty while all is well
    """

    def __init__(
        self,
        embedding_card: str,
        gallery_path: str,
        gallery: GalleryConfig,
        config: IdentityConfig,
        profile: Profile,
        *,
        interval_s: float,
        hold_s: float,
        provider: str = 'cpu',
    ) -> None:
        """
        :param gallery_path: empty for nobody, `USUAL_GALLERY` for the user's
        :param interval_s: a face that was looked up often enough is looked up again this often
        :param provider: what computes embeddings, one of `model_card.PROVIDERS`
        :raises ModelError: if the model is missing, broken or not the one its card describes
        :raises ProfileError: if a gallery is named and the profile forbids identification
        :raises GalleryError: if the gallery cannot be opened
        """
        self._embed = FaceEmbedder(card_in_use(embedding_card), provider=provider)
        self.model_name = self._embed.card.name
        self.gallery: Gallery | None = None
        self.problem = ''
        if gallery_path not in ('', USUAL_GALLERY):
            profile.require(Feature.IDENTIFICATION)
        if gallery_path and profile.allows(Feature.IDENTIFICATION):
            path = usual_gallery_path() if gallery_path == USUAL_GALLERY else Path(gallery_path)
            key = gallery.gallery_key_path
            cipher = read_key(Path(key)) if key else None
            self.gallery = Gallery.open(path, self._embed.card, cipher)
        self._config, self._interval_s, self._profile = config, interval_s, profile
        self._memory = FaceMemory(_Known, hold_s)
        self._board = NameBoard(config.identity_votes)
        self._enrolments = LiveEnrolments(self._embed, gallery)

    def due(self, faces: Sequence[Face], stamp_s: float) -> list[Face]:
        """The faces whose crops `update` will look at."""
        known = self._memory.see(faces, stamp_s)
        if self.gallery is None:
            return []
        wanted = self._enrolments.due(stamp_s)
        return [
            face
            for face, one in zip(faces, known, strict=True)
            if face.face_id in wanted or self._is_look_due(one, face, stamp_s)
        ]

    def update(
        self,
        faces: Sequence[Face],
        crops: Mapping[str, AlignedCrop],
        stamp_s: float,
        *,
        is_still: bool = False,
    ) -> tuple[Face, ...]:
        """
        Look up who is due, and go on with enrolling.

        :param crops: by face_id, of every face that is due
        :param is_still: a photograph by itself, of which there is one view only
        :return: the same faces, with the names of those who are known
        """
        known = self._memory.see(faces, stamp_s)
        for one in known:
            self._note_presence(one, stamp_s)
        if self.gallery is None:
            return tuple(faces)
        self._read_anew(self.gallery)
        self._look_up(
            self.gallery, faces, crops, stamp_s, 1 if is_still else self._config.identity_votes
        )
        if self._enrolments.update(self.gallery, faces, crops, stamp_s):
            self._look_anew()
        votes = {face_id: one.votes for face_id, one in self._memory.by_id().items()}
        names = self._board.assign(votes, [face.face_id for face in faces])
        return tuple(_named(face, names.get(face.face_id)) for face in faces)

    def skip(self, faces: Sequence[Face], stamp_s: float) -> tuple[Face, ...]:
        """Name nobody; what was known goes on."""
        for one in self._memory.see(faces, stamp_s):
            self._note_presence(one, stamp_s)
        self._enrolments.end('identification was switched off')
        return tuple(faces)

    def require_gallery(self) -> Gallery:
        """
        The gallery, where somebody asks for it.

        :raises ProfileError: if the profile forbids identification
        :raises GalleryError: if there is none
        """
        self._profile.require(Feature.IDENTIFICATION)
        if self.gallery is None:
            raise GalleryError(NO_GALLERY)
        return self.gallery

    def begin_enrolment(self, enrolment: LiveEnrolment) -> None:
        """
        Enrol a face of the coming pictures; `enrolment.on_done` is told the outcome.

        :raises GalleryError: if there is no gallery, or the face is being enrolled already
        """
        self.require_gallery()
        self._enrolments.begin(enrolment)

    def finish_enrolment(self, enrolment: LiveEnrolment) -> None:
        """Enrol with the views there are, as when no more pictures come; once at most."""
        if self.gallery is not None:
            self._enrolments.finish(self.gallery, enrolment)

    def forget(self, person_id: str) -> Person | None:
        """
        Erase a person from gallery and memory.

        :return: who that was, None for nobody
        :raises GalleryError: if there is no gallery, or it cannot be written
        """
        person = self.require_gallery().forget(person_id)
        for one in self._memory:
            one.votes.strike(person_id)
        return person

    def set_interval(self, interval_s: float) -> None:
        """Look faces up this often from now on."""
        self._interval_s = interval_s

    def reset(self) -> None:
        """Forget every face; the gallery stays."""
        self._memory.clear()
        self._board = NameBoard(self._config.identity_votes)
        self._enrolments.end('the camera was closed, or shows single photographs')

    def close(self) -> None:
        """Close the gallery."""
        self._enrolments.end('the analysis has ended')
        if self.gallery is not None:
            self.gallery.close()

    def _is_look_due(self, known: _Known, face: Face, stamp_s: float) -> bool:
        """New, found again or seen better: at once; else now and then."""
        if self.gallery is None or not self.gallery.people():
            return False
        if placing_problem(face, (), LOOK_UP_LIMITS):
            return False
        is_lost = stamp_s - known.votes.last_s > LOST_S
        is_eager = is_lost or known.looks < WINDOW or placing_quality(face) > BETTER * known.best
        interval_s = self._config.identity_view_s if is_eager else self._interval_s
        return stamp_s - known.looked_s >= interval_s - 1e-6

    def _note_presence(self, known: _Known, stamp_s: float) -> None:
        votes = known.votes
        if stamp_s - votes.last_s > LOST_S:
            known.looks, known.best = 0, 0.0
        votes.first_s = min(votes.first_s, stamp_s)
        votes.last_s = stamp_s

    def _read_anew(self, gallery: Gallery) -> None:
        """Somebody may have been enrolled or forgotten by another process."""
        try:
            is_news = gallery.refresh()
            self.problem = ''
        except GalleryError as error:
            self.problem = str(error)
            return
        if not is_news:
            return
        enrolled = {person.person_id for person in gallery.people()}
        for one in self._memory:
            for person_id in {vote.person_id for vote in one.votes.votes if vote} - enrolled:
                one.votes.strike(person_id)
        self._look_anew()

    def _look_anew(self) -> None:
        """Whoever is in the picture may be somebody who was enrolled just now."""
        for one in self._memory:
            one.looks = 0

    def _look_up(
        self,
        gallery: Gallery,
        faces: Sequence[Face],
        crops: Mapping[str, AlignedCrop],
        stamp_s: float,
        min_votes: int,
    ) -> None:
        memories = self._memory.by_id()
        looked = []
        for face in faces:
            known = memories[face.face_id]
            if face.face_id not in crops or not self._is_look_due(known, face, stamp_s):
                continue
            known.looked_s = stamp_s
            if not crop_problem(crops[face.face_id], LOOK_UP_LIMITS):
                looked.append(face)
        if not looked:
            return
        embeddings = self._embed(batch(looked, crops))
        for face, embedding in zip(looked, embeddings, strict=True):
            known = memories[face.face_id]
            known.looks += 1
            known.best = max(known.best, placing_quality(face))
            known.votes.add(gallery.search(embedding), min_votes)


def _named(face: Face, match: Match | None) -> Face:
    if match is None:
        return face
    return replace(
        face,
        person_id=match.person_id,
        person_name=match.person_name,
        similarity=match.similarity,
    )
