"""Messages of `classroom_fer_msgs` to results of the core, the way back of `convert`."""

from __future__ import annotations

from collections.abc import Container

import numpy as np
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

from classroom_fer_ros.core import results
from classroom_fer_ros.core.alignment import AlignedCrop
from classroom_fer_ros.nodes.convert import from_time
from classroom_fer_ros.nodes.pictures import from_image


def from_face_array(
    message: FaceArray, landmarks: FaceLandmarksArray | None = None
) -> tuple[results.Face, ...]:
    """
    Faces of one picture.

    :param landmarks: meshes of the same picture, where there are any
    """
    meshes = from_landmarks_array(landmarks) if landmarks is not None else {}
    return tuple(_from_face(face, meshes.get(face.face_id)) for face in message.faces)


def _from_face(face: Face, landmarks: results.Landmarks | None) -> results.Face:
    return results.Face(
        face_id=face.face_id,
        box_xyxy=(face.x_min, face.y_min, face.x_max, face.y_max),
        score=face.score,
        keypoints_xy=np.asarray(face.keypoints_xy, np.float64).reshape(5, 2),
        landmarks=landmarks,
        person_id=face.person_id,
        person_name=face.person_name,
        similarity=face.similarity,
    )


def from_landmarks_array(message: FaceLandmarksArray) -> dict[str, results.Landmarks]:
    """Meshes by face_id; none for faces without one."""
    return {face.face_id: _from_landmarks(face) for face in message.faces if face.points}


def _from_landmarks(face: FaceLandmarks) -> results.Landmarks:
    points = np.array([(point.x, point.y, point.z) for point in face.points], np.float32)
    return results.Landmarks(points_xyz=points, quality=face.quality)


def from_crop_array(
    message: FaceCropArray, wanted: Container[str] | None = None
) -> dict[str, AlignedCrop]:
    """
    Aligned crops by face_id.

    :param wanted: whose crops to convert, None for everybody's
    :raises PictureError: if one holds no picture that can be read
    """
    return {
        crop.face_id: _from_crop(crop)
        for crop in message.crops
        if wanted is None or crop.face_id in wanted
    }


def _from_crop(crop: FaceCrop) -> AlignedCrop:
    to_image = np.asarray(crop.crop_to_image, np.float64).reshape(2, 3)
    return AlignedCrop(from_image(crop.image), to_image)


def from_expression_array(message: ExpressionArray) -> tuple[results.Expression, ...]:
    return tuple(_from_expression(expression) for expression in message.expressions)


def _from_expression(expression: Expression) -> results.Expression:
    return results.Expression(
        face_id=expression.face_id,
        status=results.Judgement(expression.status),
        label=expression.label,
        confidence=expression.confidence,
        probabilities=np.asarray(expression.probabilities, np.float32),
    )


def from_fatigue_array(message: FatigueArray) -> tuple[results.Fatigue, ...]:
    return tuple(_from_fatigue(fatigue) for fatigue in message.fatigue)


def _from_fatigue(fatigue: Fatigue) -> results.Fatigue:
    return results.Fatigue(
        face_id=fatigue.face_id,
        left_openness=fatigue.left_openness,
        right_openness=fatigue.right_openness,
        mouth_openness=fatigue.mouth_openness,
        is_closed=fatigue.closed,
        blink_count=fatigue.blink_count,
        blinks_per_minute=fatigue.blinks_per_minute,
        perclos=fatigue.perclos,
        judged_s=fatigue.judged_seconds,
        longest_closure_s=fatigue.longest_closure,
        yawn_count=fatigue.yawn_count,
        level=fatigue.level,
        state=results.FatigueState(fatigue.state),
        reasons=tuple(fatigue.reasons),
    )


def from_head_pose_array(message: HeadPoseArray) -> tuple[results.HeadPose, ...]:
    return tuple(_from_head_pose(pose) for pose in message.head_poses)


def _from_head_pose(pose: HeadPose) -> results.HeadPose:
    since_s = from_time(pose.looking_away_since) * 1e-9
    return results.HeadPose(
        face_id=pose.face_id,
        yaw_rad=pose.yaw,
        pitch_rad=pose.pitch,
        roll_rad=pose.roll,
        direction=results.Direction(pose.direction),
        looking_away_since_s=since_s if pose.looking_away else results.NAN,
        motion=results.Motion(pose.motion),
    )


def from_alert_array(message: AlertArray) -> tuple[results.Alert, ...]:
    return tuple(_from_alert(alert) for alert in message.alerts)


def _from_alert(alert: Alert) -> results.Alert:
    return results.Alert(
        alert_id=alert.alert_id,
        kind=results.AlertKind(alert.kind),
        severity=results.Severity(alert.severity),
        status=results.AlertStatus(alert.status),
        since_s=from_time(alert.since) * 1e-9,
        text=alert.text,
        subject=alert.subject,
        face_id=alert.face_id,
        person_id=alert.person_id,
        value=alert.value,
    )


def from_class_state(message: ClassState) -> results.ClassState:
    return results.ClassState(
        stamp_s=from_time(message.header.stamp) * 1e-9,
        num_seen=message.seen,
        num_judged=message.judged,
        num_not_judged=message.not_judged,
        attentive_share=message.attentive_share,
        tired_share=message.tired_share,
        looking_away_share=message.looking_away_share,
        expression_shares=np.asarray(message.expression_shares, np.float32),
        trend=results.Trend(message.trend),
    )
