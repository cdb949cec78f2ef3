"""Results of the core to messages of `classroom_fer_msgs`, field by field."""

from __future__ import annotations

import math

import numpy as np
from builtin_interfaces.msg import Time
from classroom_fer_msgs.msg import (
    Alert,
    AlertArray,
    ClassState,
    Expression,
    ExpressionArray,
    Face,
    FaceArray,
    FaceCrop,
    FaceCropArray,
    FaceLandmarks,
    FaceLandmarksArray,
    Fatigue,
    FatigueArray,
    HeadPose,
    HeadPoseArray,
)
from geometry_msgs.msg import Point32
from std_msgs.msg import Header

from classroom_fer_ros.core import results
from classroom_fer_ros.core.alignment import AlignedCrop
from classroom_fer_ros.core.labels import EXPRESSION_LABELS
from classroom_fer_ros.nodes.pictures import to_image

NANOSECONDS = 1_000_000_000


def to_time(stamp_ns: int) -> Time:
    """Time of a stamp in nanoseconds; what lies before the epoch is zero."""
    seconds, nanoseconds = divmod(max(stamp_ns, 0), NANOSECONDS)
    return Time(sec=int(seconds), nanosec=int(nanoseconds))


def from_time(time: Time) -> int:
    """Nanoseconds of a time."""
    return time.sec * NANOSECONDS + time.nanosec


def to_seconds_time(stamp_s: float) -> Time:
    """Time of a stamp in seconds; zero where it is not known (NaN)."""
    return to_time(0 if math.isnan(stamp_s) else round(stamp_s * NANOSECONDS))


def to_header(stamp_ns: int, frame_id: str) -> Header:
    """Header of a picture, which every result of it carries unchanged."""
    return Header(stamp=to_time(stamp_ns), frame_id=frame_id)


def to_face(face: results.Face) -> Face:
    x_min, y_min, x_max, y_max = face.box_xyxy
    return Face(
        face_id=face.face_id,
        x_min=float(x_min),
        y_min=float(y_min),
        x_max=float(x_max),
        y_max=float(y_max),
        score=float(face.score),
        keypoints_xy=np.asarray(face.keypoints_xy, np.float32).ravel(),
        person_id=face.person_id,
        person_name=face.person_name,
        similarity=float(face.similarity),
    )


def to_face_array(result: results.FrameResult, header: Header) -> FaceArray:
    width, height = result.size_wh
    return FaceArray(
        header=header,
        image_width=width,
        image_height=height,
        faces=[to_face(face) for face in result.faces],
    )


def to_landmarks_array(result: results.FrameResult, header: Header) -> FaceLandmarksArray:
    return FaceLandmarksArray(header=header, faces=[_to_landmarks(face) for face in result.faces])


def _to_landmarks(face: results.Face) -> FaceLandmarks:
    if face.landmarks is None:
        return FaceLandmarks(face_id=face.face_id)
    points = [Point32(x=x, y=y, z=z) for x, y, z in face.landmarks.points_xyz.tolist()]
    return FaceLandmarks(face_id=face.face_id, points=points, quality=face.landmarks.quality)


def to_crop_array(crops: dict[str, AlignedCrop], header: Header) -> FaceCropArray:
    return FaceCropArray(
        header=header,
        crops=[
            FaceCrop(
                face_id=face_id,
                image=to_image(crop.image_bgr, header),
                crop_to_image=np.asarray(crop.to_image, np.float32).ravel(),
            )
            for face_id, crop in crops.items()
        ],
    )


def to_expression(expression: results.Expression) -> Expression:
    return Expression(
        face_id=expression.face_id,
        status=expression.status.value,
        label=expression.label,
        confidence=float(expression.confidence),
        probabilities=np.asarray(expression.probabilities, np.float32),
    )


def to_expression_array(result: results.FrameResult, header: Header) -> ExpressionArray:
    return ExpressionArray(
        header=header,
        labels=list(EXPRESSION_LABELS),
        expressions=[to_expression(expression) for expression in result.expressions],
    )


def to_fatigue(fatigue: results.Fatigue) -> Fatigue:
    return Fatigue(
        face_id=fatigue.face_id,
        left_openness=float(fatigue.left_openness),
        right_openness=float(fatigue.right_openness),
        mouth_openness=float(fatigue.mouth_openness),
        closed=bool(fatigue.is_closed),
        blink_count=fatigue.blink_count,
        blinks_per_minute=float(fatigue.blinks_per_minute),
        perclos=float(fatigue.perclos),
        judged_seconds=float(fatigue.judged_s),
        longest_closure=float(fatigue.longest_closure_s),
        yawn_count=fatigue.yawn_count,
        level=float(fatigue.level),
        state=fatigue.state.value,
        reasons=list(fatigue.reasons),
    )


def to_fatigue_array(result: results.FrameResult, header: Header) -> FatigueArray:
    return FatigueArray(header=header, fatigue=[to_fatigue(entry) for entry in result.fatigue])


def to_head_pose(pose: results.HeadPose) -> HeadPose:
    return HeadPose(
        face_id=pose.face_id,
        yaw=float(pose.yaw_rad),
        pitch=float(pose.pitch_rad),
        roll=float(pose.roll_rad),
        direction=pose.direction.value,
        looking_away=not math.isnan(pose.looking_away_since_s),
        looking_away_since=to_seconds_time(pose.looking_away_since_s),
        motion=pose.motion.value,
    )


def to_head_pose_array(result: results.FrameResult, header: Header) -> HeadPoseArray:
    return HeadPoseArray(
        header=header, head_poses=[to_head_pose(pose) for pose in result.head_poses]
    )


def to_alert(alert: results.Alert) -> Alert:
    return Alert(
        alert_id=alert.alert_id,
        kind=alert.kind.value,
        severity=alert.severity.value,
        status=alert.status.value,
        subject=alert.subject,
        face_id=alert.face_id,
        person_id=alert.person_id,
        since=to_seconds_time(alert.since_s),
        value=float(alert.value),
        text=alert.text,
    )


def to_alert_array(alerts: tuple[results.Alert, ...], header: Header) -> AlertArray:
    return AlertArray(header=header, alerts=[to_alert(alert) for alert in alerts])


def to_class_state(state: results.ClassState, header: Header) -> ClassState:
    return ClassState(
        header=header,
        seen=state.num_seen,
        judged=state.num_judged,
        not_judged=state.num_not_judged,
        attentive_share=float(state.attentive_share),
        tired_share=float(state.tired_share),
        looking_away_share=float(state.looking_away_share),
        labels=list(EXPRESSION_LABELS),
        expression_shares=np.asarray(state.expression_shares, np.float32),
        trend=state.trend.value,
    )
