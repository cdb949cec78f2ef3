"""Views that are too small, dark, blurred, turned or of two faces, on real photographs."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from classroom_fer_ros.core.alignment import align
from classroom_fer_ros.core.detection import DetectionConfig
from classroom_fer_ros.core.face_finding import FaceFinder
from classroom_fer_ros.core.frame import Frame
from classroom_fer_ros.core.light import LightConfig
from classroom_fer_ros.core.results import Face
from classroom_fer_ros.core.tracking import TrackingConfig
from classroom_fer_ros.core.view_quality import (
    ENROLMENT_LIMITS,
    crop_problem,
    placing_problem,
    sharpness,
    view_quality,
)


@pytest.fixture(scope='module')
def portraits(data_dir: Path) -> list[tuple[np.ndarray, Face]]:
    """Two photographs each of the eight people, with the largest face."""
    finder = FaceFinder(LightConfig(), DetectionConfig(), TrackingConfig(), 1)
    found = []
    for person in sorted((data_dir / 'people').iterdir()):
        for path in sorted(person.glob('*.jpg'))[:2]:
            image = cv2.imread(str(path))
            faces = finder.update(Frame(image, 0, is_still=True))
            found.append((image, max(faces, key=lambda face: face.box_xyxy[3] - face.box_xyxy[1])))
    finder.close()
    return found


def problem_of(image: np.ndarray, face: Face) -> str:
    crop = align(image, face.keypoints_xy)
    return placing_problem(face, (), ENROLMENT_LIMITS) or crop_problem(crop, ENROLMENT_LIMITS)


def blurred(image: np.ndarray, face: Face, share: float) -> np.ndarray:
    eyes_px = float(np.hypot(*(face.keypoints_xy[1] - face.keypoints_xy[0])))
    return cv2.GaussianBlur(image, (0, 0), share * eyes_px)


def test_photographs_are_good_enough(portraits: list) -> None:
    assert [problem_of(image, face) for image, face in portraits] == [''] * len(portraits)


def test_blurred_photographs_are_refused(portraits: list) -> None:
    problems = [problem_of(blurred(image, face, 0.1), face) for image, face in portraits]
    assert problems == ['blurred'] * len(portraits)


def test_dark_photographs_are_refused(portraits: list) -> None:
    problems = [problem_of(image // 12, face) for image, face in portraits]
    assert all(problem.startswith('too dark') for problem in problems), problems


def test_small_faces_are_refused(portraits: list) -> None:
    for image, face in portraits:
        x, y = face.box_xyxy[:2]
        small = replace(face, box_xyxy=(x, y, x + 30.0, y + 30.0))
        assert problem_of(image, small).startswith('too small (30 px')


def test_a_face_that_another_covers_is_refused(portraits: list) -> None:
    _, face = portraits[0]
    x_min, y_min, x_max, y_max = face.box_xyxy
    width = x_max - x_min
    near = replace(face, box_xyxy=(x_min + width / 2, y_min, x_max + width / 2, y_max))
    beside = replace(face, box_xyxy=(x_max, y_min, x_max + width, y_max))
    assert placing_problem(face, [beside], ENROLMENT_LIMITS) == ''
    assert placing_problem(face, [beside, near], ENROLMENT_LIMITS).startswith('two faces')


def test_a_turned_face_is_refused(portraits: list) -> None:
    _, face = portraits[0]
    keypoints = face.keypoints_xy.copy()
    keypoints[2] = 1.5 * keypoints[1] - 0.5 * keypoints[0]  # the nose beside an eye
    turned = replace(face, keypoints_xy=keypoints)
    assert placing_problem(turned, (), ENROLMENT_LIMITS).startswith('turned aside')


def test_better_views_have_more_quality(portraits: list) -> None:
    for image, face in portraits:
        good = view_quality(face, align(image, face.keypoints_xy).image_bgr)
        soft = blurred(image, face, 0.08)
        bad = view_quality(face, align(soft, face.keypoints_xy).image_bgr)
        assert 0.0 < bad < good <= 1.0


def test_sharpness_does_not_depend_on_contrast(portraits: list) -> None:
    image, face = portraits[0]
    crop = align(image, face.keypoints_xy).image_bgr
    assert sharpness(crop // 2) == pytest.approx(sharpness(crop), rel=0.2)
    assert sharpness(np.full((112, 112, 3), 128, np.uint8)) == 0.0
