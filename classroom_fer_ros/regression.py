"""
What has changed between two sets of results of the same pictures, field by field.

Results are the messages of `classroom_fer_msgs`, kept by topic and by the stamp of their picture;
their entries are told apart by `face_id` or `alert_id`, never by position.
"""

from __future__ import annotations

import array
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from builtin_interfaces.msg import Time
from std_msgs.msg import Header

from classroom_fer_ros.nodes import topics
from classroom_fer_ros.nodes.convert import from_time
from classroom_fer_ros.nodes.result_collector import ResultKey
from classroom_fer_ros.renumbering import old_ids, renumber

#: Largest difference that counts as none, by the name of the field; all others must be the same.
#: Processors round differently, and a mesh that is fitted half a pixel away moves what follows it.
TOLERANCES: dict[str, float] = {
    **dict.fromkeys(('x_min', 'y_min', 'x_max', 'y_max', 'keypoints_xy'), 2.0),
    **dict.fromkeys(('score', 'similarity', 'confidence', 'probabilities'), 0.05),
    **dict.fromkeys(('left_openness', 'right_openness', 'mouth_openness'), 0.1),
    **dict.fromkeys(('perclos', 'level', 'value'), 0.05),
    **dict.fromkeys(('judged_seconds', 'longest_closure', 'blinks_per_minute'), 0.5),
    **dict.fromkeys(('yaw', 'pitch', 'roll'), 0.04),
    **dict.fromkeys(('attentive_share', 'tired_share', 'looking_away_share'), 0.05),
    'expression_shares': 0.05,
    **dict.fromkeys(('since', 'looking_away_since'), 0.1),  # seconds
}
#: Entries of an array are told apart by the first of these that they have.
IDS = ('face_id', 'alert_id')
MISSING = 'missing'


@dataclass(frozen=True, slots=True)
class Difference:
    """
    One field that is no longer what it was.

    :param face: `face_id`, or `alert_id` of an alert; empty for what is about the whole picture
    :param field: name, with those of the fields that it is in
    :param before: value in words
    """

    stamp_ns: int
    topic: str
    face: str
    field: str
    before: str
    after: str


def compare(
    before: Mapping[ResultKey, Any], after: Mapping[ResultKey, Any], scale: float = 1.0
) -> list[Difference]:
    """
    Differences between two sets of results, in the order of their stamps.

    Faces that are numbered otherwise are told first, and compared all the same.

    :param scale: of the tolerances; 0 for none
    """
    ids = old_ids(before, after)
    differences = [
        Difference(_first_stamp_ns(after, new), topics.FACES, old, 'face_id', old, new)
        for new, old in sorted(ids.items(), key=lambda pair: pair[1])
    ]
    after = renumber(after, ids) if ids else after
    for topic, stamp_ns in sorted(before.keys() | after.keys(), key=lambda key: (key[1], key[0])):
        old, new = before.get((topic, stamp_ns)), after.get((topic, stamp_ns))
        differences += [
            Difference(stamp_ns, topic, *found) for found in _differences(old, new, scale)
        ]
    return differences


def _first_stamp_ns(results: Mapping[ResultKey, Any], face_id: str) -> int:
    """Stamp of the first picture that shows a face."""
    return min(
        stamp_ns
        for (topic, stamp_ns), message in results.items()
        if topic == topics.FACES and any(face.face_id == face_id for face in message.faces)
    )


def _differences(old: Any, new: Any, scale: float) -> Iterator[tuple[str, str, str, str]]:
    """Face, field, before and after of what differs between two messages of a topic."""
    if old is None or new is None:
        yield '', 'message', _presence(old), _presence(new)
        return
    entries_old, entries_new = _entries(old), _entries(new)
    for face in sorted(entries_old.keys() | entries_new.keys()):
        one, other = entries_old.get(face), entries_new.get(face)
        if one is None or other is None:
            yield face, 'entry', _presence(one), _presence(other)
            continue
        for field in one.get_fields_and_field_types():
            was, is_now = getattr(one, field), getattr(other, field)
            if not _is_plain(was) or _is_same(was, is_now, TOLERANCES.get(field, 0.0) * scale):
                continue
            yield face, field, _words(was), _words(is_now)


def _entries(message: Any) -> dict[str, Any]:
    """The message itself, and what it holds of each face or alert, by id."""
    found = {'': message}
    for field in message.get_fields_and_field_types():
        value = getattr(message, field)
        for entry in value if _is_list_of_messages(value) else ():
            identity = next((getattr(entry, name) for name in IDS if hasattr(entry, name)), '')
            found[identity] = entry
    return found


def _is_list_of_messages(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and hasattr(value[0], 'SLOT_TYPES')


def _is_plain(value: Any) -> bool:
    """Whether a field is to be compared: the header is the key, entries have their own turn."""
    return not isinstance(value, Header) and not _is_list_of_messages(value)


def _is_same(one: Any, other: Any, tolerance: float) -> bool:
    if isinstance(one, Time):
        return abs(from_time(one) - from_time(other)) * 1e-9 <= tolerance
    if isinstance(one, (float, np.ndarray, array.array)):
        first, second = np.atleast_1d(one), np.atleast_1d(other)
        return first.shape == second.shape and np.allclose(
            first, second, rtol=0.0, atol=tolerance + 1e-9, equal_nan=True
        )
    if isinstance(one, list) and _is_list_of_messages(other):
        return True
    return bool(one == other)


def _presence(value: Any) -> str:
    return MISSING if value is None else 'there'


def _words(value: Any) -> str:
    if isinstance(value, Time):
        return f'{from_time(value) * 1e-9:.3f} s'
    if isinstance(value, float):
        return 'unknown' if math.isnan(value) else f'{value:.4g}'
    if isinstance(value, (np.ndarray, array.array)):
        return ' '.join(f'{part:.4g}' for part in value)
    if isinstance(value, (list, tuple)):
        return '; '.join(map(str, value))
    return str(value)
