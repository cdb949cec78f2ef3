"""Faces that show no expression that can be judged: small, turned or dark ones."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from classroom_fer_ros.core.alignment import CROP_SIZE, TEMPLATE_XY, AlignedCrop
from classroom_fer_ros.core.detection import DetectionConfig
from classroom_fer_ros.core.errors import ConfigError
from classroom_fer_ros.core.expression import ExpressionConfig
from classroom_fer_ros.core.expression_smoothing import SmootherConfig
from classroom_fer_ros.core.expression_visibility import (
    VisibilityConfig,
    is_lit_well,
    is_placed_well,
    keypoint_yaw_rad,
)
from classroom_fer_ros.core.face_finding import FaceFinder
from classroom_fer_ros.core.head_pose import HeadPoseEstimator
from classroom_fer_ros.core.light import LightConfig
from classroom_fer_ros.core.model_files import models_dir
from classroom_fer_ros.core.results import Face, Judgement
from classroom_fer_ros.core.stages import USUAL_MIN_CONFIDENCE, ExpressionStage
from classroom_fer_ros.core.tracking import TrackingConfig
from films import read_film
from tiny_models import write_expression_model

TO_IMAGE = np.eye(2, 3)


def face(face_id: str = '1', height_px: float = 100.0, yaw_deg: float = 0.0) -> Face:
    """A face whose nose lies as that of a head turned to a side."""
    keypoints = TEMPLATE_XY.copy()
    eye_px = keypoints[1, 0] - keypoints[0, 0]
    keypoints[2, 0] += 0.7 * eye_px * math.tan(math.radians(yaw_deg))
    box = (0.0, 0.0, height_px, height_px)
    return Face(face_id=face_id, box_xyxy=box, score=1.0, keypoints_xy=keypoints)


def crop(level: int = 0) -> AlignedCrop:
    """A crop that shows happiness to the network of corners, on gray."""
    image = np.full((CROP_SIZE, CROP_SIZE, 3), level, np.uint8)
    side = CROP_SIZE / 48
    image[:2, int(3 * side) : int(4 * side) + 1] = 255
    return AlignedCrop(image, TO_IMAGE)


@pytest.fixture
def make_stage(tmp_path: Path):
    def make(smoothing: SmootherConfig | None = None, **settings: float) -> ExpressionStage:
        card = write_expression_model(tmp_path, settings=settings)
        return ExpressionStage(
            ExpressionConfig(card=str(card)),
            smoothing or SmootherConfig(),
            VisibilityConfig(),
            interval_s=0.3,
            hold_s=3.0,
        )

    return make


@pytest.mark.parametrize(
    ('seen', 'expected'),
    [
        pytest.param(face(), True, id='frontal'),
        pytest.param(face(height_px=23.9), False, id='small'),
        pytest.param(face(height_px=24.0), True, id='just large enough'),
        pytest.param(face(yaw_deg=44.0), True, id='half turned'),
        pytest.param(face(yaw_deg=46.0), False, id='to the left'),
        pytest.param(face(yaw_deg=-46.0), False, id='to the right'),
    ],
)
def test_place(seen: Face, expected: bool) -> None:
    assert is_placed_well(seen, VisibilityConfig()) is expected


@pytest.mark.parametrize('roll_deg', [-40.0, 0.0, 90.0, 180.0])
@pytest.mark.parametrize('yaw_deg', [-30.0, 20.0])
def test_yaw_does_not_depend_on_roll(yaw_deg: float, roll_deg: float) -> None:
    angle = math.radians(roll_deg)
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    yaw = keypoint_yaw_rad(face(yaw_deg=yaw_deg).keypoints_xy @ turn.T * 3.0 + 17.0)
    assert math.degrees(yaw) == pytest.approx(yaw_deg, abs=0.6)


def test_keypoints_that_fall_together_are_turned() -> None:
    assert keypoint_yaw_rad(np.zeros((5, 2))) == pytest.approx(math.pi / 2)


def test_yaw_of_a_real_head_that_turns(data_dir: Path) -> None:
    """Five keypoints say about what the whole mesh says."""
    finder = FaceFinder(LightConfig(), DetectionConfig(), TrackingConfig(), 1)
    estimate = HeadPoseEstimator(models_dir() / 'face_shape.json')
    pairs = [
        (keypoint_yaw_rad(seen.keypoints_xy), estimate(seen.landmarks.points_xyz).yaw_rad)
        for frame in list(read_film(data_dir / 'video' / 'face_turning_a.mp4'))[::6]
        for seen in finder.update(frame)
    ]
    ours, mesh = np.degrees(np.array(pairs)).T
    assert np.ptp(mesh) > 20.0, 'the head turns'
    assert np.abs(ours - mesh).mean() < 6.0


@pytest.mark.parametrize(('level', 'expected'), [(0, False), (11, False), (13, True), (200, True)])
def test_light(level: int, expected: bool) -> None:
    image = np.full((CROP_SIZE, CROP_SIZE, 3), level, np.uint8)
    assert is_lit_well(image, VisibilityConfig()) is expected


def test_a_face_that_turns_away_cannot_be_judged_and_comes_back(make_stage) -> None:
    stage = make_stage()
    seen = [stage.update([face()], {'1': crop(60)}, 0.0)]
    seen.append(stage.update([face(yaw_deg=60.0)], {'1': crop(60)}, 0.1))
    assert not stage.due([face(yaw_deg=60.0)], 9.0)
    seen.append(stage.update([face()], {'1': crop(60)}, 0.4))
    assert [one.label for (one,) in seen] == ['happy', '', 'happy']
    (hidden,) = seen[1]
    assert hidden.status is Judgement.CANNOT_JUDGE
    assert not hidden.probabilities.any()


def test_a_dark_face_cannot_be_judged_beside_one_that_can(make_stage) -> None:
    stage = make_stage()
    dark, lit = stage.update([face('1'), face('2')], {'1': crop(2), '2': crop(60)}, 0.0)
    assert (dark.status, dark.label, dark.face_id) == (Judgement.CANNOT_JUDGE, '', '1')
    assert lit.label == 'happy'
    assert not stage.due([face('1')], 0.1), 'looked at again no sooner than the others'
    (now_lit,) = stage.update([face('1')], {'1': crop(60)}, 0.3)
    assert now_lit.label == 'happy'


@pytest.mark.parametrize(
    ('settings', 'smoothing', 'expected'),
    [
        pytest.param({}, SmootherConfig(), USUAL_MIN_CONFIDENCE, id='nobody says'),
        pytest.param({'uncertain_below': 0.55}, SmootherConfig(), 0.55, id='the card says'),
        pytest.param(
            {'uncertain_below': 0.55},
            SmootherConfig(min_confidence=0.3),
            0.3,
            id='the settings say',
        ),
    ],
)
def test_the_limit_of_uncertainty(
    make_stage, settings: dict[str, float], smoothing: SmootherConfig, expected: float
) -> None:
    """Over temperatures that make the network more and less sure than the limit."""
    statuses = set()
    for temperature in np.linspace(1.0, 9.0, 17):
        stage = make_stage(smoothing, temperature_output=float(temperature), **settings)
        (shown,) = stage.update([face()], {'1': crop(60)}, 0.0)
        is_sure = shown.confidence >= expected
        assert shown.status is (Judgement.JUDGED if is_sure else Judgement.UNCERTAIN)
        statuses.add(shown.status)
    assert len(statuses) == 2


@pytest.mark.parametrize(
    'name', ['min_expression_px', 'max_expression_yaw_deg', 'min_expression_luminance']
)
@pytest.mark.parametrize('value', [math.nan, -1.0, 1e4])
def test_settings_out_of_range_are_named(name: str, value: float) -> None:
    with pytest.raises(ConfigError, match=name):
        VisibilityConfig(**{name: value})
