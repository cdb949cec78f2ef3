"""Tracking on real films and on a photograph that is moved about."""

from collections import defaultdict
from pathlib import Path

import cv2
import numpy as np
import pytest

from classroom_fer_ros.core.detection import FullRangeDetector
from classroom_fer_ros.core.errors import ConfigError, StampError
from classroom_fer_ros.core.mesh import FaceMesh
from classroom_fer_ros.core.package_files import package_file
from classroom_fer_ros.core.tracking import FaceTracker, TrackingConfig
from films import read_film

# Where the seven people's faces are in the first picture in which each is seen, by eye: picture,
# x, y. The girl at the left shows her profile first.
PEOPLE = {
    'boy at the right': (0, 1116, 141),
    'boy with glasses': (0, 1008, 262),
    'girl, second from the left': (0, 496, 228),
    'teacher': (0, 658, 104),
    'blond girl': (0, 763, 253),
    'smallest girl': (0, 653, 305),
    'girl at the left': (60, 420, 234),
}


@pytest.fixture
def tracker() -> FaceTracker:
    return FaceTracker(FullRangeDetector(), FaceMesh())


@pytest.fixture(scope='module')
def photograph() -> np.ndarray:
    return cv2.imread(str(package_file('scikit-image', 'skimage/data/astronaut.png')))


def shifted(photograph: np.ndarray, dx: float, dy: float = 0.0) -> np.ndarray:
    return cv2.warpAffine(photograph, np.float32([[1, 0, dx], [0, 1, dy]]), (640, 512))


def test_classroom_film(data_dir: Path, tracker: FaceTracker) -> None:
    """Six of the seven at least are followed, hardly changing ids while they are in view."""
    tracks: dict[str, dict[int, np.ndarray]] = defaultdict(dict)
    for frame in read_film(data_dir / 'video' / 'classroom_pupils_720p.mp4'):
        for face in tracker.update(frame.image_bgr, frame.stamp_s):
            tracks[face.face_id][frame.index] = np.reshape(face.box_xyxy, (2, 2)).mean(axis=0)
    followed = 0
    for picture, x, y in PEOPLE.values():
        near = [
            face_id
            for face_id, places in tracks.items()
            if picture in places and np.linalg.norm(places[picture] - (x, y)) < 40
        ]
        followed += len(near) == 1 and len(tracks[near[0]]) >= 100
    assert followed >= 6
    # One id a person and two switches each would be 21; ids that nobody owns count as switches.
    assert len(tracks) <= 9


def test_turning_head_keeps_its_id(data_dir: Path, tracker: FaceTracker) -> None:
    ids = [
        [face.face_id for face in tracker.update(frame.image_bgr, frame.stamp_s)]
        for frame in read_film(data_dir / 'video' / 'face_turning_a.mp4', last=240)
    ]
    assert all(shown == ['001'] for shown in ids)


def test_short_occlusion_keeps_the_id(photograph: np.ndarray, tracker: FaceTracker) -> None:
    hidden = np.full((512, 640, 3), 100, np.uint8)
    shown = shifted(photograph, 100)
    for index in range(30):
        faces = tracker.update(hidden if 10 <= index < 20 else shown, index / 25)
    assert [face.face_id for face in faces] == ['001']


def test_who_returns_late_is_somebody_new(photograph: np.ndarray, tracker: FaceTracker) -> None:
    shown, hidden = shifted(photograph, 100), np.full((512, 640, 3), 100, np.uint8)
    assert [face.face_id for face in tracker.update(shown, 0.0)] == ['001']
    assert tracker.update(hidden, 0.1) == ()
    assert tracker.update(hidden, 5.0) == ()
    assert [face.face_id for face in tracker.update(shown, 5.1)] == ['002']


def test_fast_motion_is_followed(photograph: np.ndarray, tracker: FaceTracker) -> None:
    for index in range(25):
        faces = tracker.update(shifted(photograph, -150 + 20 * index), index / 25)
        assert [face.face_id for face in faces] == ['001'], index


def test_two_faces_side_by_side(photograph: np.ndarray, tracker: FaceTracker) -> None:
    face = photograph[30:230, 130:330]
    for index in range(10):
        faces = tracker.update(np.hstack([face, face]), index / 25)
        assert [entry.face_id for entry in faces] == ['001', '002']
        assert faces[0].box_xyxy[0] != faces[1].box_xyxy[0]


def test_empty_room_and_empty_picture(tracker: FaceTracker) -> None:
    assert tracker.update(np.zeros((480, 640, 3), np.uint8), 0.0) == ()
    assert tracker.update(np.zeros((0, 0, 3), np.uint8), 0.1) == ()


def test_stamps_must_not_go_back(photograph: np.ndarray, tracker: FaceTracker) -> None:
    tracker.update(photograph, 2.0)
    with pytest.raises(StampError, match=r'1\.5'):
        tracker.update(photograph, 1.5)
    tracker.reset()
    assert [face.face_id for face in tracker.update(photograph, 1.5)] == ['002']


@pytest.mark.parametrize(
    ('name', 'value'),
    [('min_quality', 0.0), ('lost_hold_s', float('nan')), ('min_face_px', 1.0), ('max_faces', 0)],
)
def test_bad_settings_are_named(name: str, value: float) -> None:
    with pytest.raises(ConfigError, match=name):
        TrackingConfig(**{name: value})
