"""Markers for RViz."""

import math

import numpy as np
from std_msgs.msg import Header
from visualization_msgs.msg import Marker

from classroom_fer_ros.core.mesh import LEFT_EYE_OUTER, RIGHT_EYE_OUTER
from classroom_fer_ros.core.results import (
    Alert,
    AlertKind,
    AlertStatus,
    Expression,
    Face,
    FrameResult,
    HeadPose,
    Judgement,
    Landmarks,
    Severity,
)
from classroom_fer_ros.core.spatial import OUTER_EYE_DISTANCE_M, Intrinsics
from classroom_fer_ros.nodes.markers import ARROW_LENGTH_M, to_markers

CAMERA = Intrinsics(focal_x=1000, focal_y=1000, center_x=640, center_y=360)
HEADER = Header(frame_id='camera')


def face(face_id: str, has_landmarks: bool = True) -> Face:
    points = np.full((468, 3), 0.0)
    points[:, :2] = 640, 360
    points[RIGHT_EYE_OUTER, 0] -= 500 * OUTER_EYE_DISTANCE_M / 2
    points[LEFT_EYE_OUTER, 0] += 500 * OUTER_EYE_DISTANCE_M / 2
    landmarks = Landmarks(points_xyz=points, quality=1.0) if has_landmarks else None
    return Face(
        face_id=face_id,
        box_xyxy=(0, 0, 9, 9),
        score=1.0,
        keypoints_xy=np.zeros((5, 2)),
        landmarks=landmarks,
    )


def result(**fields: object) -> FrameResult:
    return FrameResult(stamp_ns=0, index=0, size_wh=(1280, 720), **fields)


def by_namespace(found: FrameResult) -> dict[str, list[Marker]]:
    markers = to_markers(found, HEADER, CAMERA).markers
    return {ns: [m for m in markers if m.ns == ns] for ns in {m.ns for m in markers}}


def test_nobody_no_markers() -> None:
    assert to_markers(result(), HEADER, CAMERA).markers == []
    assert to_markers(result(faces=(face('001', False),)), HEADER, CAMERA).markers == []


def test_a_head_its_direction_and_its_name() -> None:
    pose = HeadPose(face_id='001', yaw_rad=math.pi / 2, pitch_rad=0.0)
    shown = Expression(face_id='001', status=Judgement.JUDGED, label='happy')
    found = by_namespace(result(faces=(face('001'),), head_poses=(pose,), expressions=(shown,)))
    (head,), (arrow,), (name,) = found['heads'], found['directions'], found['names']
    assert math.isclose(head.pose.position.z, 2.0, abs_tol=1e-6)
    assert head.header.frame_id == 'camera'
    # Towards the person's left, which is right in the picture.
    assert math.isclose(arrow.points[1].x - arrow.points[0].x, ARROW_LENGTH_M, abs_tol=1e-6)
    assert name.text == '001\nhappy'


def test_an_unknown_direction_has_no_arrow() -> None:
    found = by_namespace(result(faces=(face('001'),), head_poses=(HeadPose(face_id='001'),)))
    assert set(found) == {'heads', 'names'}


def test_alerts_colour_their_head_and_are_written_out() -> None:
    alert = Alert(
        alert_id='alert-0001',
        kind=AlertKind.ASLEEP,
        severity=Severity.URGENT,
        status=AlertStatus.RAISED,
        since_s=0.0,
        text='is asleep',
        face_id='002',
    )
    found = by_namespace(result(faces=(face('001'), face('002')), active_alerts=(alert,)))
    calm, alarmed = found['heads']
    assert (calm.color.r, calm.color.b) != (alarmed.color.r, alarmed.color.b)
    assert alarmed.color.r > alarmed.color.b
    assert [marker.text for marker in found['alerts']] == ['is asleep']
