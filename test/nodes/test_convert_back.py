"""Results to messages and back: what goes out comes home."""

from __future__ import annotations

import math
from dataclasses import fields
from typing import Any

import numpy as np
import pytest

from classroom_fer_ros.core import results
from classroom_fer_ros.core.alignment import AlignedCrop
from classroom_fer_ros.nodes import convert, convert_back
from classroom_fer_ros.nodes.pictures import PictureError

HEADER = convert.to_header(1_700_000_000_123_456_789, 'camera')
POINTS = np.random.default_rng(0).normal(size=(468, 3)).astype(np.float32)
FACE = results.Face(
    face_id='001',
    box_xyxy=(1.5, -2.0, 30.0, 40.25),
    score=0.75,
    keypoints_xy=np.arange(10.0).reshape(5, 2),
    landmarks=results.Landmarks(points_xyz=POINTS, quality=0.5),
    person_id='p-1',
    person_name='李小明',
    similarity=0.5,
)
STRANGER = results.Face(
    face_id='002', box_xyxy=(0, 0, 8, 8), score=0.5, keypoints_xy=np.zeros((5, 2))
)


def result(**parts: object) -> results.FrameResult:
    return results.FrameResult(stamp_ns=0, index=0, size_wh=(1280, 720), **parts)


def assert_same(found: Any, expected: Any) -> None:
    """Field by field; NaN is the same as NaN."""
    for field in fields(expected):
        ours, theirs = getattr(found, field.name), getattr(expected, field.name)
        if isinstance(theirs, results.Landmarks):
            assert_same(ours, theirs)
        elif isinstance(theirs, np.ndarray):
            assert ours.shape == theirs.shape, field.name
            assert np.array_equal(ours, theirs, equal_nan=True), field.name
        elif isinstance(theirs, float):
            assert ours == pytest.approx(theirs, nan_ok=True), field.name
        else:
            assert ours == theirs, field.name


def test_faces_with_and_without_meshes() -> None:
    sent = result(faces=(FACE, STRANGER))
    faces = convert.to_face_array(sent, HEADER)
    found = convert_back.from_face_array(faces, convert.to_landmarks_array(sent, HEADER))
    assert_same(found[0], FACE)
    assert_same(found[1], STRANGER)
    assert convert_back.from_face_array(faces)[0].landmarks is None


def test_meshes_find_their_face_by_id() -> None:
    faces = convert.to_face_array(result(faces=(STRANGER, FACE)), HEADER)
    meshes = convert.to_landmarks_array(result(faces=(FACE, STRANGER)), HEADER)
    found = convert_back.from_face_array(faces, meshes)
    assert [face.landmarks is not None for face in found] == [False, True]


def test_crops() -> None:
    image = np.random.default_rng(0).integers(0, 255, (112, 112, 3), np.uint8)
    crop = AlignedCrop(image, np.array([[1.0, 2, 3], [4, 5, 6]]))
    message = convert.to_crop_array({'001': crop, '002': crop}, HEADER)
    found = convert_back.from_crop_array(message)
    assert list(found) == ['001', '002']
    assert np.array_equal(found['002'].image_bgr, image)
    assert np.array_equal(found['002'].to_image, crop.to_image)
    message.crops[0].image.data = message.crops[0].image.data[:5]
    with pytest.raises(PictureError, match='5 bytes'):
        convert_back.from_crop_array(message)


def test_expressions() -> None:
    shown = results.Expression(
        face_id='001',
        status=results.Judgement.JUDGED,
        label='happy',
        confidence=0.5,
        probabilities=np.array([0, 0, 0, 0.5, 0.25, 0.25, 0], np.float32),
    )
    hidden = results.Expression(face_id='002')
    message = convert.to_expression_array(result(expressions=(shown, hidden)), HEADER)
    for found, expected in zip(
        convert_back.from_expression_array(message), (shown, hidden), strict=True
    ):
        assert_same(found, expected)


def test_fatigue() -> None:
    tired = results.Fatigue(
        face_id='001',
        left_openness=0.125,
        right_openness=0.25,
        mouth_openness=0.5,
        is_closed=True,
        blink_count=4,
        blinks_per_minute=12.5,
        perclos=0.25,
        judged_s=42.0,
        longest_closure_s=1.5,
        yawn_count=2,
        level=0.75,
        state=results.FatigueState.TIRED,
        reasons=('PERCLOS 25 %', 'two yawns'),
    )
    unknown = results.Fatigue(face_id='002')
    message = convert.to_fatigue_array(result(fatigue=(tired, unknown)), HEADER)
    for found, expected in zip(
        convert_back.from_fatigue_array(message), (tired, unknown), strict=True
    ):
        assert_same(found, expected)


@pytest.mark.parametrize('since_s', [0.0, 12.5, math.nan])
def test_head_poses(since_s: float) -> None:
    """Also of somebody who looks away from the very start of a film."""
    pose = results.HeadPose(
        face_id='001',
        yaw_rad=0.5,
        pitch_rad=-0.25,
        roll_rad=0.125,
        direction=results.Direction.LEFT,
        looking_away_since_s=since_s,
        motion=results.Motion.LEFT_RIGHT,
    )
    unknown = results.HeadPose(face_id='002')
    message = convert.to_head_pose_array(result(head_poses=(pose, unknown)), HEADER)
    for found, expected in zip(
        convert_back.from_head_pose_array(message), (pose, unknown), strict=True
    ):
        assert_same(found, expected)


def test_alerts() -> None:
    alert = results.Alert(
        alert_id='alert-0001',
        kind=results.AlertKind.LEFT_RIGHT,
        severity=results.Severity.WARNING,
        status=results.AlertStatus.CLEARED,
        since_s=3.25,
        text='looks left and right',
        subject='front left',
        face_id='001',
        person_id='p-1',
        value=2.0,
    )
    (found,) = convert_back.from_alert_array(convert.to_alert_array((alert,), HEADER))
    assert_same(found, alert)


def test_nothing_comes_back_as_nothing() -> None:
    empty = result()
    assert convert_back.from_face_array(convert.to_face_array(empty, HEADER)) == ()
    assert convert_back.from_landmarks_array(convert.to_landmarks_array(empty, HEADER)) == {}
    assert convert_back.from_crop_array(convert.to_crop_array({}, HEADER)) == {}
    assert convert_back.from_fatigue_array(convert.to_fatigue_array(empty, HEADER)) == ()
