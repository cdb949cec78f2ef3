"""What light correction gains: a film is darkened and noised, and analysed with and without it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from classroom_fer_ros.core.arrays import FloatArray, ImageBgr
from classroom_fer_ros.core.detection import FullRangeDetector
from classroom_fer_ros.core.errors import DataError
from classroom_fer_ros.core.light import LightConfig, LightCorrection
from classroom_fer_ros.core.mesh import FaceMesh
from classroom_fer_ros.core.results import Face
from classroom_fer_ros.core.tracking import FaceTracker, TrackingConfig

DARKENINGS = (4, 8, 16)
#: Standard deviation of the sensor noise added after darkening, in gray levels.
NOISE_LEVELS = 2.5
SEED = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class LightScore:
    """
    Faces and landmarks in a darkened film, against the film as it is.

    :param darkening: brightness was divided by this
    :param found_share: faces found over faces found in the film as it is
    :param landmark_error: mean distance of landmarks from those in the film as it is, over the
        distance of the eyes
    """

    darkening: int
    is_corrected: bool
    found_share: float
    landmark_error: float

    def to_json(self) -> dict[str, object]:
        """Plain values under the names that the tool documents."""
        return {
            'darkening': self.darkening,
            'corrected': self.is_corrected,
            'found_share': self.found_share,
            'landmark_error': self.landmark_error,
        }


def evaluate_light(film: Path, every_nth: int = 8) -> list[LightScore]:
    """
    Measure faces found and landmark stability with and without light correction.

    :param film: a film of faces in good light
    :param every_nth: pictures in between are left out
    :raises DataError: if the film cannot be read or shows no face
    """
    reference = _track(film, every_nth, 1, LightConfig(is_enabled=False))
    total = sum(len(faces) for faces in reference)
    if total == 0:
        raise DataError(f'{film}: no face found in its own light, nothing to compare with')
    scores = []
    for darkening in DARKENINGS:
        for is_corrected in (False, True):
            found = _track(film, every_nth, darkening, LightConfig(is_enabled=is_corrected))
            errors = _landmark_errors(found, reference)
            scores.append(
                LightScore(
                    darkening=darkening,
                    is_corrected=is_corrected,
                    found_share=len(errors) / total,
                    landmark_error=float(np.mean(errors)) if errors else float('nan'),
                )
            )
    return scores


def _track(
    film: Path, every_nth: int, darkening: int, config: LightConfig
) -> list[tuple[Face, ...]]:
    correct = LightCorrection(config)
    # Every region in every picture: what is measured is light, not the sweep.
    tracker = FaceTracker(
        FullRangeDetector(), FaceMesh(), TrackingConfig(regions_per_picture=0, confirm_s=0.0)
    )
    return [
        tracker.update(correct(image), stamp_s)
        for stamp_s, image in _darkened(film, every_nth, darkening)
    ]


def _darkened(film: Path, every_nth: int, darkening: int) -> Iterator[tuple[float, ImageBgr]]:
    capture = cv2.VideoCapture(str(film))
    if not capture.isOpened():
        raise DataError(f'{film} cannot be read as a film')
    random = np.random.default_rng(SEED)
    fps = capture.get(cv2.CAP_PROP_FPS)
    index = 0
    while capture.grab():
        if index % every_nth == 0:
            picture = np.asarray(capture.retrieve()[1], np.uint8)
            if darkening > 1:
                noise = random.normal(0.0, NOISE_LEVELS, picture.shape)
                picture = np.clip(picture / darkening + noise, 0, 255).astype(np.uint8)
            yield index / fps, picture
        index += 1
    capture.release()


def _landmark_errors(
    found: list[tuple[Face, ...]], reference: list[tuple[Face, ...]]
) -> list[float]:
    """For each face that was found again: mean landmark distance over eye distance."""
    errors = []
    for faces, references in zip(found, reference, strict=True):
        for wanted in references:
            eyes_px = np.linalg.norm(wanted.keypoints_xy[0] - wanted.keypoints_xy[1])
            distances = [
                np.linalg.norm(_points(face) - _points(wanted), axis=1).mean() for face in faces
            ]
            if distances and min(distances) < eyes_px:
                errors.append(float(min(distances) / eyes_px))
    return errors


def _points(face: Face) -> FloatArray:
    if face.landmarks is None:
        raise DataError(f'face {face.face_id} has no landmarks')
    return face.landmarks.points_xy
