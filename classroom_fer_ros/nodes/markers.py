"""Markers for RViz: a sphere a head, an arrow where it points, a text with what is known."""

from __future__ import annotations

import math
from collections.abc import Iterator

from geometry_msgs.msg import Point, Vector3
from rclpy.duration import Duration
from std_msgs.msg import ColorRGBA, Header
from visualization_msgs.msg import Marker, MarkerArray

from classroom_fer_ros.core.arrays import FloatArray
from classroom_fer_ros.core.overlay import BOX_COLOR, SEVERITY_COLORS
from classroom_fer_ros.core.results import Face, FrameResult, Severity
from classroom_fer_ros.core.spatial import Intrinsics, gaze_direction, head_position

HEAD_DIAMETER_M = 0.2
ARROW_LENGTH_M = 0.4
TEXT_HEIGHT_M = 0.08
#: A marker that nobody renews vanishes, so that lost faces do.
LIFETIME = Duration(seconds=0.5)


def to_markers(result: FrameResult, header: Header, intrinsics: Intrinsics) -> MarkerArray:
    """Markers of every face whose place can be estimated."""
    alerted = {alert.face_id: alert.severity for alert in result.active_alerts if alert.face_id}
    markers: list[Marker] = []
    poses = {pose.face_id: pose for pose in result.head_poses}
    expressions = {expression.face_id: expression for expression in result.expressions}
    for number, face in enumerate(result.faces):
        place = head_position(face, intrinsics)
        if place is None:
            continue
        color = _color(alerted.get(face.face_id))
        markers.append(_head(number, place, header, color))
        pose = poses.get(face.face_id)
        if pose is not None and not math.isnan(pose.yaw_rad):
            tip = place + ARROW_LENGTH_M * gaze_direction(pose.yaw_rad, pose.pitch_rad)
            markers.append(_arrow(number, place, tip, header, color))
        expression = expressions.get(face.face_id)
        label = expression.label if expression is not None else ''
        markers.append(_text(number, place, _words(face, label), header))
    markers += _alert_texts(result, header)
    return MarkerArray(markers=markers)


def _alert_texts(result: FrameResult, header: Header) -> Iterator[Marker]:
    """Standing alerts one below the other, above the camera."""
    for number, alert in enumerate(result.active_alerts):
        marker = _marker('alerts', number, Marker.TEXT_VIEW_FACING, header)
        marker.pose.position = Point(x=0.0, y=-1.0 + 1.5 * TEXT_HEIGHT_M * number, z=1.0)
        marker.scale.z = TEXT_HEIGHT_M
        marker.color = _color(alert.severity)
        marker.text = alert.text
        yield marker


def _words(face: Face, label: str) -> str:
    return '\n'.join(word for word in (face.person_name or face.face_id, label) if word)


def _marker(namespace: str, number: int, kind: int, header: Header) -> Marker:
    marker = Marker(header=header, ns=namespace, id=number, type=kind, action=Marker.ADD)
    marker.pose.orientation.w = 1.0
    marker.lifetime = LIFETIME.to_msg()
    return marker


def _head(number: int, place: FloatArray, header: Header, color: ColorRGBA) -> Marker:
    marker = _marker('heads', number, Marker.SPHERE, header)
    marker.pose.position = _point(place)
    marker.scale = Vector3(x=HEAD_DIAMETER_M, y=HEAD_DIAMETER_M, z=HEAD_DIAMETER_M)
    marker.color = color
    return marker


def _arrow(
    number: int, place: FloatArray, tip: FloatArray, header: Header, color: ColorRGBA
) -> Marker:
    marker = _marker('directions', number, Marker.ARROW, header)
    marker.points = [_point(place), _point(tip)]
    marker.scale = Vector3(x=0.03, y=0.06, z=0.08)
    marker.color = color
    return marker


def _text(number: int, place: FloatArray, words: str, header: Header) -> Marker:
    marker = _marker('names', number, Marker.TEXT_VIEW_FACING, header)
    marker.pose.position = _point(place)
    marker.pose.position.y -= HEAD_DIAMETER_M
    marker.scale.z = TEXT_HEIGHT_M
    marker.color = ColorRGBA(r=1.0, g=1.0, b=1.0, a=1.0)
    marker.text = words
    return marker


def _point(place: FloatArray) -> Point:
    return Point(x=float(place[0]), y=float(place[1]), z=float(place[2]))


def _color(severity: Severity | None) -> ColorRGBA:
    blue, green, red = BOX_COLOR if severity is None else SEVERITY_COLORS[severity]
    return ColorRGBA(r=red / 255, g=green / 255, b=blue / 255, a=0.9)
