"""Accuracy of expressions on photographs, the whole way from detection to the answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from classroom_fer_ros.core.alignment import align
from classroom_fer_ros.core.arrays import FloatArray, ImageBgr, ImageGray
from classroom_fer_ros.core.detection import DetectionConfig
from classroom_fer_ros.core.errors import DataError
from classroom_fer_ros.core.evaluation.label_scores import (
    LabelSetScore,
    score_answers,
    without_nan,
)
from classroom_fer_ros.core.expression import ExpressionClassifier, ExpressionConfig, gray_face
from classroom_fer_ros.core.face_finding import FaceFinder
from classroom_fer_ros.core.frame import Frame
from classroom_fer_ros.core.labels import EXPRESSION_LABELS
from classroom_fer_ros.core.light import LightConfig
from classroom_fer_ros.core.mesh import (
    FaceMesh,
    RegionOfInterest,
    keypoints_from_landmarks,
    roi_from_landmarks,
)
from classroom_fer_ros.core.results import Face
from classroom_fer_ros.core.sources.kind import PICTURE_SUFFIXES
from classroom_fer_ros.core.tracking import TrackingConfig

#: A mesh laid over a whole picture that no detection vouches for must be this sure of a face.
MIN_QUALITY_UNDETECTED = 0.9
#: Times that it is laid anew around what it found.
FITS_UNDETECTED = 3
BATCH = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotographScore:
    """
    Accuracy on a folder of photographs; a face that is not found is answered wrongly.

    :param head: the head that answered
    :param labels: recall, accuracy and confusion over the seven labels
    :param not_found_by_label: photographs without a face that could be found
    :param undetected: photographs where the mesh alone found one
    """

    model: str
    head: str
    labels: LabelSetScore
    not_found_by_label: dict[str, int]
    undetected: int

    @property
    def mean_recall(self) -> float:
        """Mean over the labels that have photographs."""
        return float(np.nanmean(list(self.labels.recall.values())))

    @property
    def accuracy(self) -> float:
        """Share of all photographs."""
        return self.labels.accuracy

    @property
    def count(self) -> int:
        """All photographs."""
        return self.labels.count

    @property
    def not_found(self) -> int:
        """Photographs without a face that could be found."""
        return sum(self.not_found_by_label.values())

    def to_json(self) -> dict[str, object]:
        """Plain values under the names that the tool documents; None for what is not known."""
        values = {
            'model': self.model,
            'head': self.head,
            'mean_recall': self.mean_recall,
            'accuracy': self.accuracy,
            'recall': self.labels.recall,
            'macro_f1': self.labels.macro_f1,
            'not_found': self.not_found,
            'not_found_by_label': self.not_found_by_label,
            'undetected': self.undetected,
            'count': self.count,
            'confusion': self.labels.confusion,
        }
        return dict(without_nan(values))


class PortraitFinder:
    """Finds the largest face of a photograph as the live analysis does, and a little more."""

    def __init__(self) -> None:
        """:raises ModelError: if a model is missing or broken"""
        self._finder = FaceFinder(LightConfig(), DetectionConfig(), TrackingConfig())
        self._mesh = FaceMesh(1)
        self._count = 0

    def __call__(self, image_bgr: ImageBgr) -> tuple[ImageGray | None, bool]:
        """
        Find the face and frame it for the network.

        :param image_bgr: shape (height, width, 3), uint8
        :return: picture of shape (48, 48), None if there is no face, and whether it was detected
        """
        self._count += 1
        faces = self._finder.update(Frame(image_bgr, self._count, self._count, is_still=True))
        if faces:
            face = max(faces, key=_area)
            return gray_face(self._finder.cut([face])[face.face_id].image_bgr), True
        keypoints_xy = self._undetected(image_bgr)
        if keypoints_xy is None:
            return None, False
        return gray_face(align(image_bgr, keypoints_xy).image_bgr), False

    def close(self) -> None:
        """Stop the threads."""
        self._finder.close()

    def _undetected(self, image_bgr: ImageBgr) -> FloatArray | None:
        """Keypoints of a face that fills the picture too tightly for the detector."""
        height, width = image_bgr.shape[:2]
        roi = RegionOfInterest(width / 2, height / 2, 1.5 * max(width, height), 0.0)
        for _ in range(FITS_UNDETECTED):
            (landmarks,) = self._mesh(image_bgr, [roi])
            roi = roi_from_landmarks(landmarks.points_xy)
        if landmarks.quality < MIN_QUALITY_UNDETECTED:
            return None
        return keypoints_from_landmarks(landmarks.points_xy)


def evaluate_photographs(
    folder: Path, card: Path, head: str = '', *, is_exact: bool = False
) -> PhotographScore:
    """
    Classify the largest face of every photograph.

    :param folder: a folder of pictures for each label, named like it
    :param head: the head of the model that answers, empty for the served one
    :param is_exact: with the weights as trained in place of those in eight bits
    :raises DataError: if a folder has another name, holds a broken picture, or there is none
    :raises ModelError: if a model cannot be opened, or has no such head
    """
    photographs = list_photographs(folder)
    classifier = ExpressionClassifier(card, ExpressionConfig(is_exact=is_exact))
    name = classifier.head_named(head)
    finder = PortraitFinder()
    try:
        found = [finder(_read(path)) for path, _ in photographs]
    finally:
        finder.close()
    labels = np.array([label for _, label in photographs])
    is_found = np.array([image is not None for image, _ in found])
    answers = np.full(len(labels), -1)
    images = [image for image, _ in found if image is not None]
    answers[is_found] = list(_answers(classifier, images, name))
    missed = np.bincount(labels[~is_found], minlength=len(EXPRESSION_LABELS))
    return PhotographScore(
        model=classifier.card.name,
        head=name,
        labels=score_answers(answers, labels, np.ones(len(labels), bool), EXPRESSION_LABELS),
        not_found_by_label=dict(zip(EXPRESSION_LABELS, missed.tolist(), strict=True)),
        undetected=sum(image is not None and not detected for image, detected in found),
    )


def list_photographs(folder: Path) -> list[tuple[Path, int]]:
    """
    Pictures of a folder of folders, each with the index of its label.

    :raises DataError: if a folder is no label, or there is no picture
    """
    try:
        folders = sorted(path for path in folder.iterdir() if path.is_dir())
    except OSError as error:
        raise DataError(f'{folder} cannot be read: {error.strerror}') from error
    unknown = [path.name for path in folders if path.name not in EXPRESSION_LABELS]
    if unknown:
        raise DataError(
            f'{folder}: the folder {unknown[0]} is no label, '
            f'must be one of {", ".join(EXPRESSION_LABELS)}'
        )
    photographs = [
        (path, EXPRESSION_LABELS.index(inner.name))
        for inner in folders
        for path in sorted(inner.iterdir())
        if path.suffix.lower() in PICTURE_SUFFIXES
    ]
    if not photographs:
        raise DataError(
            f'{folder} holds no photograph: it needs a folder for each label, '
            f'such as {folder / EXPRESSION_LABELS[3]}'
        )
    return photographs


def _read(path: Path) -> ImageBgr:
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise DataError(f'{path} is no picture that can be read')
    return np.asarray(image, np.uint8)


def _answers(
    classifier: ExpressionClassifier, images: list[ImageGray], head: str
) -> Iterator[int]:
    for start in range(0, len(images), BATCH):
        batch = np.stack(images[start : start + BATCH])
        yield from classifier.classify_gray(batch, head).argmax(axis=1).tolist()


def _area(face: Face) -> float:
    x_min, y_min, x_max, y_max = face.box_xyxy
    return (x_max - x_min) * (y_max - y_min)
