"""Enrolling a followed face: good views of it over a few seconds. Holds no clock."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from classroom_fer_ros.core.alignment import AlignedCrop
from classroom_fer_ros.core.arrays import FloatArray, ImageBgr
from classroom_fer_ros.core.enrolment import Enrolled, enroll_views
from classroom_fer_ros.core.enrolment_config import GalleryConfig, IdentityConfig
from classroom_fer_ros.core.errors import GalleryError
from classroom_fer_ros.core.gallery import Gallery, View
from classroom_fer_ros.core.person import checked_name
from classroom_fer_ros.core.results import Face
from classroom_fer_ros.core.view_quality import (
    ENROLMENT_LIMITS,
    crop_problem,
    placing_problem,
    view_quality,
)

#: Good views lie so far apart: between neighbouring pictures nothing changes.
MIN_APART_S = 0.2
#: A face that is gone for longer does not come back.
MAX_GONE_S = 1.0
NO_FACES = 'none'

Embed = Callable[[ImageBgr], FloatArray]
#: Told once when enrolling is over: who was enrolled, or why nobody was.
OnDone = Callable[['Enrolled | GalleryError'], None]


class LiveEnrolment:
    """
    Collects views of one face.

    :ivar crops: aligned crops of the good views, each of shape (112, 112, 3)
    :ivar qualities: of each, in (0, 1]
    :ivar is_over: whether nothing more is collected
    :ivar pictures: how many were looked at
    """

    def __init__(
        self,
        face_id: str,
        name: str,
        enrolled_at_s: float,
        config: IdentityConfig,
        on_done: OnDone,
    ) -> None:
        """
        :param enrolled_at_s: time of day, seconds since 1970
        :raises GalleryError: if the name is blank
        """
        self.face_id, self.name = face_id, checked_name(name)
        self.enrolled_at_s, self.on_done = enrolled_at_s, on_done
        self.crops: list[ImageBgr] = []
        self.qualities: list[float] = []
        self.is_over = False
        self.pictures = 0
        self._duration_s, self._min_views = config.enroll_s, config.enroll_views
        self._first_s = self._taken_s = math.nan
        self._seen_s = -math.inf
        self._problems: Counter[str] = Counter()
        self._words: dict[str, str] = {}

    def is_due(self, stamp_s: float) -> bool:
        """Whether a crop of the face is wanted."""
        return not self.is_over and not stamp_s - self._taken_s < MIN_APART_S

    def see(self, faces: Sequence[Face], crop: AlignedCrop | None, stamp_s: float) -> None:
        """
        Look at the next picture.

        :param crop: of the face, where it is in the picture and a crop is due
        """
        self.pictures += 1
        if math.isnan(self._first_s):
            self._first_s = self._seen_s = stamp_s
        face = next((one for one in faces if one.face_id == self.face_id), None)
        if face is not None:
            self._seen_s = stamp_s
            if crop is not None:
                self._take(face, faces, crop, stamp_s)
        is_gone = stamp_s - self._seen_s > MAX_GONE_S
        if is_gone:
            self._note('the face went out of the picture')
        self.is_over = is_gone or stamp_s - self._first_s >= self._duration_s

    def problem(self) -> str:
        """Why there are too few views, in plain words; empty if there are enough."""
        if len(self.crops) >= self._min_views:
            return ''
        reasons = [self._words[kind] for kind, _ in self._problems.most_common(2)]
        words = '; '.join(reasons) or f'only {self.pictures} pictures came'
        return (
            f'{self.name} was not enrolled: {len(self.crops)} good views of face {self.face_id}, '
            f'{self._min_views} are needed; {words}'
        )

    def _note(self, problem: str) -> None:
        kind = problem.partition(' (')[0]  # figures differ from picture to picture
        self._problems[kind] += 1
        self._words[kind] = problem

    def _take(self, face: Face, faces: Sequence[Face], crop: AlignedCrop, stamp_s: float) -> None:
        others = [one for one in faces if one is not face]
        problem = placing_problem(face, others, ENROLMENT_LIMITS)
        problem = problem or crop_problem(crop, ENROLMENT_LIMITS)
        if problem:
            self._note(f'the face was {problem}')
            return
        self._taken_s = stamp_s
        self.crops.append(crop.image_bgr)
        self.qualities.append(view_quality(face, crop.image_bgr))


class LiveEnrolments:
    """Those that are going on."""

    def __init__(self, embed: Embed, config: GalleryConfig) -> None:
        """:param embed: crops in, embeddings out; shapes (n, 112, 112, 3) and (n, size)"""
        self._embed, self._config = embed, config
        self._running: list[LiveEnrolment] = []

    def begin(self, enrolment: LiveEnrolment) -> None:
        """:raises GalleryError: if the face is being enrolled already"""
        if any(one.face_id == enrolment.face_id for one in self._running):
            raise GalleryError(f'face {enrolment.face_id} is being enrolled already')
        self._running.append(enrolment)

    def due(self, stamp_s: float) -> set[str]:
        """Faces whose crops are wanted."""
        return {one.face_id for one in self._running if one.is_due(stamp_s)}

    def update(
        self,
        gallery: Gallery,
        faces: Sequence[Face],
        crops: Mapping[str, AlignedCrop],
        stamp_s: float,
    ) -> bool:
        """
        Look at the next picture.

        :param crops: of every face that is due, by face_id
        :return: whether somebody was enrolled
        """
        outcomes = []
        for one in list(self._running):
            one.see(faces, crops.get(one.face_id) if one.is_due(stamp_s) else None, stamp_s)
            if one.is_over:
                outcomes.append(self.finish(gallery, one))
        return any(outcomes)

    def finish(self, gallery: Gallery, enrolment: LiveEnrolment) -> bool:
        """
        Enrol with the views there are, as when no more pictures come; once at most.

        :return: whether somebody was enrolled
        """
        if enrolment not in self._running:
            return False
        self._running.remove(enrolment)
        try:
            outcome: Enrolled | GalleryError = self._enroll(gallery, enrolment)
        except GalleryError as error:
            outcome = error
        enrolment.on_done(outcome)
        return isinstance(outcome, Enrolled)

    def end(self, reason: str) -> None:
        """Break all of them off."""
        while self._running:
            one = self._running.pop()
            one.on_done(GalleryError(f'{one.name} was not enrolled: {reason}'))

    def _enroll(self, gallery: Gallery, enrolment: LiveEnrolment) -> Enrolled:
        if problem := enrolment.problem():
            raise GalleryError(problem)
        keeps_crops = self._config.gallery_keeps_crops
        embeddings = self._embed(np.stack(enrolment.crops))
        views = [
            View(embedding=embedding, quality=quality, crop_bgr=crop if keeps_crops else None)
            for embedding, quality, crop in zip(
                embeddings, enrolment.qualities, enrolment.crops, strict=True
            )
        ]
        now_s = enrolment.enrolled_at_s
        expires_at_s = self._config.expires_at_s(now_s)
        return enroll_views(gallery, enrolment.name, views, now_s, expires_at_s)


def face_to_enroll(face_id: str, faces: Sequence[Face]) -> str:
    """
    Which face of a picture is meant.

    :param face_id: empty for the only one
    :raises GalleryError: if there is no such face, or none is named and there are several
    """
    present = ', '.join(face.face_id for face in faces) or NO_FACES
    if not face_id and len(faces) > 1:
        raise GalleryError(
            f'{len(faces)} faces are in the picture: name the one to enrol by its face_id, one '
            f'of {present}'
        )
    if not face_id and faces:
        return faces[0].face_id
    if face_id not in {face.face_id for face in faces}:
        raise GalleryError(f'no face {face_id!r} in the picture now; there are: {present}')
    return face_id
