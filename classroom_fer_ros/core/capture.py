"""
Capture of faces for training: what the profile allows, what is worth keeping, and where it goes.

Off unless it is switched on. Holds no clock: the caller passes the stamps of the pictures, and the
time of day by which pictures expire.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np

from classroom_fer_ros.core.alignment import AlignedCrop
from classroom_fer_ros.core.arrays import FloatArray
from classroom_fer_ros.core.capture_config import (
    BYTES_A_MEGABYTE,
    SECONDS_A_DAY,
    CaptureConfig,
)
from classroom_fer_ros.core.capture_record import CaptureRecord, Reason, subject_of
from classroom_fer_ros.core.capture_selection import CaptureSelector, Look, look_at
from classroom_fer_ros.core.capture_store import CaptureStore, new_id
from classroom_fer_ros.core.errors import CaptureError
from classroom_fer_ros.core.expression import ExpressionClassifier, ExpressionConfig, gray_face
from classroom_fer_ros.core.label_steps import LabelSteps
from classroom_fer_ros.core.labels import EXPRESSION_LABELS
from classroom_fer_ros.core.model_registry import card_in_use
from classroom_fer_ros.core.profiles import Feature, Profile
from classroom_fer_ros.core.results import Expression, Face, FrameResult, HeadPose

#: A limit is by the hour of the pictures' stamps.
HOUR_NS = 3_600_000_000_000
#: What is too old is looked for this often.
EXPIRY_CHECK_S = 60.0

Entry = TypeVar('Entry', Expression, HeadPose)
#: Gives the aligned crops of some faces of the picture, by face_id.
Cut = Callable[[Sequence[Face]], Mapping[str, AlignedCrop]]


def cards_of(expression: ExpressionConfig, capture: CaptureConfig) -> list[Path]:
    """
    Cards of the models whose answers tell what is worth keeping, the one in use first.

    :raises ModelError: if there is no folder of models
    """
    names = [expression.card, *([capture.second_card] if capture.second_card else [])]
    return [card_in_use(name) for name in names]


class FaceCapture:
    """Keeps the faces of one camera that training could learn from. One thread at a time."""

    def __init__(
        self,
        config: CaptureConfig,
        profile: Profile,
        cards: Sequence[Path],
        opened_at_s: float,
    ) -> None:
        """
        :param cards: model cards of the expression model in use and of others to compare it with
        :param opened_at_s: time of day, seconds since the epoch
        :raises ProfileError: if the profile forbids capture
        :raises ModelError: if a model is missing or broken
        :raises CaptureError: if the folder cannot be used
        """
        profile.require(Feature.CAPTURE)
        self._profile = profile
        self._classifiers = [ExpressionClassifier(card) for card in cards]
        self._models = {one.card.name: one.card.sha256 for one in self._classifiers}
        self._config = config
        self._selector = CaptureSelector(config)
        self._session = new_id()
        self._strangers: set[str] = set()
        self._forgotten: set[str] = set()
        self.store = CaptureStore.open(config.path)
        self._expiry_due_s = -math.inf
        self.expire(opened_at_s)

    def reconfigure(self, config: CaptureConfig) -> None:
        """Go on with other values of the live settings."""
        self._config = self._selector.config = config

    def close(self) -> None:
        """Close the index."""
        self.store.close()

    def update(self, result: FrameResult, cut: Cut, now_s: float) -> list[CaptureRecord]:
        """
        Keep what is worth keeping of one picture.

        :param now_s: time of day, seconds since the epoch
        :raises CaptureError: if something cannot be kept; the analysis may go on
        """
        self.expire(now_s)
        faces = [face for face in result.faces if self._is_due(face, result)]
        if not faces:
            return []
        crops = cut(faces)
        kept = [
            self._consider(face, crops[face.face_id], result, now_s)
            for face in faces
            if face.face_id in crops
        ]
        return [record for record in kept if record is not None]

    def keep(
        self, result: FrameResult, face_id: str, cut: Cut, label: str, now_s: float
    ) -> CaptureRecord:
        """
        Keep a face because somebody asks for it, whatever the limits.

        :param label: what the face shows, one of the served labels; empty if nobody says
        :raises CaptureError: if the face is gone, its person was forgotten, the label is none, or
            it cannot be kept
        :raises ProfileError: if the profile forbids it
        """
        if label and label not in EXPRESSION_LABELS:
            labels = ', '.join(EXPRESSION_LABELS)
            raise CaptureError(f'{label!r} is no expression: must be one of {labels}')
        face = next((one for one in result.faces if one.face_id == face_id), None)
        crops = cut([face]) if face is not None else {}
        if face is None or face_id not in crops:
            present = ', '.join(one.face_id for one in result.faces) or 'none'
            raise CaptureError(f'no face {face_id!r} in the picture now; there are: {present}')
        if face.person_id in self._forgotten:
            raise CaptureError(f'face {face_id!r} is of somebody who was forgotten just now')
        if not face.person_id:
            self._profile.require(Feature.CAPTURE_OF_STRANGERS)
        crop = crops[face_id]
        record = self._keep(
            Reason.ASKED, face, crop, result, look_at(crop.image_bgr), self._ask(crop), now_s
        )
        if label:
            LabelSteps(self.store).add(record.capture_id, label, now_s)
        return record

    def disregard(self, person_id: str) -> None:
        """Keep nobody of this id any more: results from before may still be on their way."""
        self._forgotten.add(person_id)

    def expire(self, now_s: float) -> None:
        """
        Erase what is too old, looked for now and then.

        :raises CaptureError: if something cannot be erased
        """
        if now_s >= self._expiry_due_s:
            self._expiry_due_s = now_s + EXPIRY_CHECK_S
            self.store.expire(now_s)

    def reset(self) -> None:
        """Begin another session, as after closing the camera; what is kept stays."""
        self._selector.clear()
        self._strangers.clear()
        self._session = new_id()

    def _subject(self, face: Face) -> str:
        return subject_of(face.person_id, self._session, face.face_id)

    def _is_due(self, face: Face, result: FrameResult) -> bool:
        """Allowed by the profile, large enough, not asked just now, and below the limit."""
        if face.person_id in self._forgotten:
            return False
        if face.person_id and face.face_id in self._strangers:
            self._strangers.discard(face.face_id)
            self.store.adopt(self._session, face.face_id, face.person_id)
        if not face.person_id and not self._profile.allows(Feature.CAPTURE_OF_STRANGERS):
            return False
        height = face.box_xyxy[3] - face.box_xyxy[1]
        subject = self._subject(face)
        return (
            height >= self._config.min_face_px
            and self._selector.is_due(subject, result.stamp_ns * 1e-9)
            and self.store.count_since(subject, result.stamp_ns - HOUR_NS)
            < self._config.max_per_hour
        )

    def _consider(
        self, face: Face, crop: AlignedCrop, result: FrameResult, now_s: float
    ) -> CaptureRecord | None:
        look, answers = look_at(crop.image_bgr), self._ask(crop)
        reason = self._selector.reason_for(
            self._subject(face), _expression(face, result), _pose(face, result), look, answers
        )
        if reason is None:
            return None
        return self._keep(reason, face, crop, result, look, answers, now_s)

    def _ask(self, crop: AlignedCrop) -> dict[str, FloatArray]:
        """What every head and model says of a crop, by ``model/head``, each of shape (7,)."""
        image = gray_face(crop.image_bgr)[None]
        return {
            f'{one.card.name}/{head}': answer[0]
            for one in self._classifiers
            for head, answer in one.classify_by_heads(image).items()
        }

    def _keep(
        self,
        reason: Reason,
        face: Face,
        crop: AlignedCrop,
        result: FrameResult,
        look: Look,
        answers: Mapping[str, FloatArray],
        now_s: float,
    ) -> CaptureRecord:
        expression, pose = _expression(face, result), _pose(face, result)
        record = CaptureRecord(
            capture_id=new_id(),
            stamp_ns=result.stamp_ns,
            captured_at_s=now_s,
            expires_at_s=now_s + self._config.expiry_days * SECONDS_A_DAY,
            session=self._session,
            face_id=face.face_id,
            person_id=face.person_id,
            reason=reason,
            label=expression.label or self._best_guess(answers),
            confidence=float(expression.confidence),
            answers={name: tuple(np.round(one, 4).tolist()) for name, one in answers.items()},
            models=self._models,
            face_px=float(face.box_xyxy[3] - face.box_xyxy[1]),
            luminance=look.luminance,
            sharpness=look.sharpness,
            yaw_rad=float(pose.yaw_rad),
            pitch_rad=float(pose.pitch_rad),
        )
        quota = self._config.quota_mb * BYTES_A_MEGABYTE
        record = self.store.add(crop.image_bgr, record, quota)
        self._selector.note(self._subject(face), pose, look, result.stamp_ns * 1e-9)
        if not face.person_id:
            self._strangers.add(face.face_id)
        return record

    def _best_guess(self, answers: Mapping[str, FloatArray]) -> str:
        """What the served head says where nothing is shown: too small, too dark, switched off."""
        served = self._classifiers[0]
        answer = answers[f'{served.card.name}/{served.served_head}']
        return EXPRESSION_LABELS[int(answer.argmax())]


def _expression(face: Face, result: FrameResult) -> Expression:
    return _of_face(face, result.expressions) or Expression(face_id=face.face_id)


def _pose(face: Face, result: FrameResult) -> HeadPose:
    return _of_face(face, result.head_poses) or HeadPose(face_id=face.face_id)


def _of_face(face: Face, entries: Sequence[Entry]) -> Entry | None:
    return next((entry for entry in entries if entry.face_id == face.face_id), None)
