"""Fatigue on real films: blinks, winks, squints, lowered heads, yawns and astonishment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from classroom_fer_ros.core.alignment import align
from classroom_fer_ros.core.detection import FullRangeDetector
from classroom_fer_ros.core.eye_state import EyeStateClassifier
from classroom_fer_ros.core.fatigue import FatigueConfig
from classroom_fer_ros.core.fatigue_stage import FatigueStage
from classroom_fer_ros.core.mesh import FaceMesh
from classroom_fer_ros.core.results import Behaviour, Face
from classroom_fer_ros.core.tracking import FaceTracker, TrackingConfig
from films import read_film

CLOSURES = ('blink', 'long_closure', 'microsleep')


@dataclass(frozen=True)
class Film:
    """A part of a film, and the middles of what is seen in it, seconds, by eye."""

    name: str
    first: int = 0
    last: int | None = None
    closures_s: tuple[float, ...] = ()
    yawns_s: tuple[float, ...] = ()
    what: str = ''

    @property
    def id(self) -> str:
        return self.what


FILMS = [
    Film('face_expressions_a.mp4', first=40, closures_s=(2.64,), what='one blink'),
    Film('face_talking_a.mp4', 200, 350, closures_s=(7.43, 11.1), what='talks'),
    Film('face_smile.mp4', last=60, what='winks behind glasses'),
    Film('face_turning_a.mp4', 170, 275, closures_s=(8.1,), what='lowers head and lids'),
    Film('face_turning_a.mp4', 280, what='astonished'),
    Film('driver_yawning_1.avi', 60, 245, yawns_s=(6.0,), what='yawns behind reflections'),
]


def watch(film: Path, first: int, last: int | None, stage: FatigueStage) -> Iterator[Behaviour]:
    tracker = FaceTracker(FullRangeDetector(), FaceMesh(), TrackingConfig(regions_per_picture=1))
    for frame in read_film(film, first, last):
        faces = tracker.update(frame.image_bgr, frame.stamp_s)

        def cut(wanted: list[Face], image: np.ndarray = frame.image_bgr) -> dict:
            return {face.face_id: align(image, face.keypoints_xy) for face in wanted}

        stage.update(faces, {}, cut, frame.stamp_s)
        yield from stage.behaviours


def middles(behaviours: list[Behaviour], *kinds: str) -> list[float]:
    """Of each event, told again while it goes on, as far as it went."""
    spans = {b.start_s: (b.start_s + b.end_s) / 2 for b in behaviours if b.kind.value in kinds}
    return list(spans.values())


@pytest.mark.parametrize('film', FILMS, ids=lambda film: film.id)
def test_closures_and_yawns(film: Film, data_dir: Path) -> None:
    stage = FatigueStage(FatigueConfig(), hold_s=3.0)
    found = list(watch(data_dir / 'video' / film.name, film.first, film.last, stage))
    np.testing.assert_allclose(middles(found, *CLOSURES), film.closures_s, atol=0.4)
    np.testing.assert_allclose(middles(found, 'yawn'), film.yawns_s, atol=0.4)


def test_only_narrow_eyes_are_looked_at(data_dir: Path) -> None:
    asked: list[int] = []
    stage = FatigueStage(FatigueConfig(), hold_s=3.0)
    tracker = FaceTracker(FullRangeDetector(), FaceMesh(), TrackingConfig(regions_per_picture=1))
    for frame in read_film(data_dir / 'video' / 'face_talking_a.mp4', 0, 150):
        faces = tracker.update(frame.image_bgr, frame.stamp_s)

        def cut(wanted: list[Face], image: np.ndarray = frame.image_bgr, at: int = frame.index):
            asked.append(at)
            return {face.face_id: align(image, face.keypoints_xy) for face in wanted}

        stage.update(faces, {}, cut, frame.stamp_s)
    assert 0 < len(asked) < 100


def test_without_crops_the_mesh_alone_decides(data_dir: Path) -> None:
    blind = FatigueStage(FatigueConfig(), hold_s=3.0)
    alone = FatigueStage(FatigueConfig(eye_card=''), hold_s=3.0)
    assert alone.model_name == ''
    tracker = FaceTracker(FullRangeDetector(), FaceMesh(), TrackingConfig(regions_per_picture=1))
    for frame in read_film(data_dir / 'video' / 'face_expressions_a.mp4', 60, 72):
        faces = tracker.update(frame.image_bgr, frame.stamp_s)
        one = blind.update(faces, {}, lambda wanted: {}, frame.stamp_s)
        two = alone.update(faces, {}, lambda wanted: pytest.fail('asked'), frame.stamp_s)
        assert [r.left_openness for r in one] == pytest.approx([r.left_openness for r in two])


def test_all_eyes_are_looked_at_in_one_batch(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches: list[int] = []
    look = EyeStateClassifier.__call__

    def counting(self: EyeStateClassifier, patches: np.ndarray) -> np.ndarray:
        batches.append(len(patches))
        return look(self, patches)

    monkeypatch.setattr(EyeStateClassifier, '__call__', counting)
    tracker = FaceTracker(FullRangeDetector(), FaceMesh(), TrackingConfig(regions_per_picture=0))
    (frame,) = read_film(data_dir / 'video' / 'face_expressions_a.mp4', 67, 68)  # hardly open
    (face,) = tracker.update(frame.image_bgr, 0.0)
    faces = [
        replace(face, face_id=str(i), box_xyxy=(200 * i, 0, 200 * i + 99, 99)) for i in range(5)
    ]
    stage = FatigueStage(FatigueConfig(), hold_s=3.0)
    crop = align(frame.image_bgr, face.keypoints_xy)
    found = stage.update(faces, {}, lambda wanted: {f.face_id: crop for f in wanted[1:]}, 0.0)
    assert batches == [8]
    # One crop did not come: the mesh alone calls the eye a little open.
    assert found[0].left_openness > found[1].left_openness == 0.0
    assert len({one.left_openness for one in found[1:]}) == 1
