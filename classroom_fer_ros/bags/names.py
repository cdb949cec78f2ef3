"""
Keeping names of people out of a recording: who is in it is told by `person_id` alone.

Forgetting a person, the id's name and embeddings, so takes effect in every recording too.
"""

from __future__ import annotations

from collections.abc import Callable

from classroom_fer_msgs.msg import AlertArray, FaceArray
from rclpy.serialization import deserialize_message, serialize_message

from classroom_fer_ros.bags.message_types import name_of


def without_names(type_name: str, data: bytes) -> bytes:
    """
    A message as it may be recorded.

    :param data: serialized
    :return: the same, but for the names
    """
    if type_name not in _ERASERS:
        return data
    kind, erase = _ERASERS[type_name]
    message = deserialize_message(data, kind)
    return serialize_message(message) if erase(message) else data


def _erase_in_faces(message: FaceArray) -> bool:
    named = [face for face in message.faces if face.person_name]
    for face in named:
        face.person_name = ''
    return bool(named)


def _erase_in_alerts(message: AlertArray) -> bool:
    """The text keeps the seat of a stranger."""
    about_somebody = [alert for alert in message.alerts if alert.subject]
    for alert in about_somebody:
        if alert.person_id:
            alert.text = alert.text.replace(alert.subject, alert.person_id)
        alert.subject = ''
    return bool(about_somebody)


_ERASERS: dict[str, tuple[type, Callable[[object], bool]]] = {
    name_of(FaceArray): (FaceArray, _erase_in_faces),
    name_of(AlertArray): (AlertArray, _erase_in_alerts),
}
