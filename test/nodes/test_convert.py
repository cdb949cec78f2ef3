"""Results to messages: nothing is lost, unknown stays unknown, enums agree by name."""

import math

import numpy as np
import pytest
from classroom_fer_msgs import msg

from classroom_fer_ros.core import results
from classroom_fer_ros.core.alignment import AlignedCrop
from classroom_fer_ros.core.labels import EXPRESSION_LABELS
from classroom_fer_ros.nodes import convert

HEADER = convert.to_header(1_700_000_000_123_456_789, 'camera')


def result(**fields: object) -> results.FrameResult:
    return results.FrameResult(stamp_ns=0, index=0, size_wh=(1280, 720), **fields)


def face(face_id: str = '001', **fields: object) -> results.Face:
    return results.Face(
        face_id=face_id,
        box_xyxy=(1.5, -2.0, 30.0, 40.25),
        score=0.75,
        keypoints_xy=np.arange(10.0).reshape(5, 2),
        **fields,
    )


def test_stamps_keep_their_nanoseconds() -> None:
    assert (HEADER.stamp.sec, HEADER.stamp.nanosec) == (1_700_000_000, 123_456_789)
    assert convert.from_time(HEADER.stamp) == 1_700_000_000_123_456_789
    assert convert.from_time(convert.to_seconds_time(math.nan)) == 0
    assert convert.from_time(convert.to_time(-5)) == 0


def test_faces() -> None:
    found = convert.to_face_array(result(faces=(face(), face('002', person_id='p'))), HEADER)
    assert found.header == HEADER
    assert (found.image_width, found.image_height) == (1280, 720)
    first, second = found.faces
    assert (first.x_min, first.y_min, first.x_max, first.y_max) == (1.5, -2.0, 30.0, 40.25)
    assert first.keypoints_xy.tolist() == list(range(10))
    assert math.isnan(first.similarity)
    assert (second.face_id, second.person_id) == ('002', 'p')


def test_no_faces_are_an_empty_array() -> None:
    empty = result()
    assert convert.to_face_array(empty, HEADER).faces == []
    assert convert.to_landmarks_array(empty, HEADER).faces == []
    assert convert.to_crop_array({}, HEADER).crops == []
    assert convert.to_alert_array((), HEADER).alerts == []


def test_landmarks() -> None:
    points = np.random.default_rng(0).normal(size=(468, 3)).astype(np.float32)
    landmarks = results.Landmarks(points_xyz=points, quality=0.5)
    found = convert.to_landmarks_array(
        result(faces=(face(landmarks=landmarks), face('002'))), HEADER
    )
    assert [(p.x, p.y, p.z) for p in found.faces[0].points] == [tuple(p) for p in points.tolist()]
    assert found.faces[0].quality == 0.5
    assert found.faces[1].points == []


def test_crops() -> None:
    crop = AlignedCrop(np.full((112, 112, 3), 9, np.uint8), np.array([[1.0, 2, 3], [4, 5, 6]]))
    (found,) = convert.to_crop_array({'001': crop}, HEADER).crops
    assert found.face_id == '001'
    assert found.image.width == found.image.height == 112
    assert found.crop_to_image.tolist() == [1, 2, 3, 4, 5, 6]


def test_expressions() -> None:
    shown = results.Expression(
        face_id='001',
        status=results.Judgement.JUDGED,
        label='happy',
        confidence=0.5,
        probabilities=np.array([0, 0, 0, 0.5, 0.25, 0.25, 0], np.float32),
    )
    hidden = results.Expression(face_id='002')
    found = convert.to_expression_array(result(expressions=(shown, hidden)), HEADER)
    assert found.labels == list(EXPRESSION_LABELS)
    assert found.expressions[0].label == 'happy'
    assert found.expressions[0].probabilities.tolist() == [0, 0, 0, 0.5, 0.25, 0.25, 0]
    assert found.expressions[1].status == msg.Expression.CANNOT_JUDGE


def test_fatigue() -> None:
    tired = results.Fatigue(
        face_id='001',
        left_openness=0.125,
        perclos=0.25,
        blink_count=4,
        level=0.75,
        state=results.FatigueState.TIRED,
        reasons=('PERCLOS 25 %',),
    )
    (found,) = convert.to_fatigue_array(result(fatigue=(tired,)), HEADER).fatigue
    assert (found.left_openness, found.perclos, found.level) == (0.125, 0.25, 0.75)
    assert math.isnan(found.right_openness)
    assert (found.blink_count, found.reasons) == (4, ['PERCLOS 25 %'])
    assert found.state == msg.Fatigue.TIRED


def test_head_poses() -> None:
    away = results.HeadPose(face_id='001', yaw_rad=0.5, looking_away_since_s=12.5)
    ahead = results.HeadPose(face_id='002')
    found = convert.to_head_pose_array(result(head_poses=(away, ahead)), HEADER).head_poses
    assert found[0].yaw == 0.5
    assert (found[0].looking_away, found[1].looking_away) == (True, False)
    assert convert.from_time(found[0].looking_away_since) == 12_500_000_000
    assert math.isnan(found[1].yaw)


def test_alerts() -> None:
    alert = results.Alert(
        alert_id='alert-0001',
        kind=results.AlertKind.LEFT_RIGHT,
        severity=results.Severity.WARNING,
        status=results.AlertStatus.CLEARED,
        since_s=3.25,
        text='looks left and right',
        subject='front left',
        value=2.0,
    )
    (found,) = convert.to_alert_array((alert,), HEADER).alerts
    assert found.kind == 'left_right'
    assert (found.severity, found.status) == (msg.Alert.WARNING, msg.Alert.CLEARED)
    assert convert.from_time(found.since) == 3_250_000_000
    assert (found.subject, found.text, found.value) == ('front left', 'looks left and right', 2.0)


def test_class_state() -> None:
    state = results.ClassState(
        stamp_s=1.0, num_seen=7, num_judged=6, num_not_judged=1, attentive_share=0.5
    )
    found = convert.to_class_state(state, HEADER)
    assert (found.seen, found.judged, found.not_judged) == (7, 6, 1)
    assert found.attentive_share == 0.5
    assert math.isnan(found.tired_share)
    assert np.isnan(found.expression_shares).all()


@pytest.mark.parametrize(
    ('enum', 'message', 'prefix'),
    [
        (results.Judgement, msg.Expression, ''),
        (results.FatigueState, msg.Fatigue, ''),
        (results.Direction, msg.HeadPose, 'DIRECTION_'),
        (results.Motion, msg.HeadPose, 'MOTION_'),
        (results.Severity, msg.Alert, ''),
        (results.AlertStatus, msg.Alert, ''),
        (results.Trend, msg.ClassState, 'TREND_'),
    ],
    ids=lambda value: getattr(value, '__name__', None),
)
def test_enums_agree_by_name_and_value(enum: type, message: type, prefix: str) -> None:
    for member in enum:
        assert getattr(message, prefix + member.name) == member.value
