"""
Which face of one set of results is which of another, where ids were given out in another order.

Faces are matched where they are, over all pictures: a track that is found a picture earlier gets
another number, and everything about it would else look as if it had changed.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np

from classroom_fer_ros.core.geometry import pairwise_overlap
from classroom_fer_ros.nodes import topics
from classroom_fer_ros.nodes.result_collector import ResultKey

#: Boxes that overlap by less are not of the same face.
MIN_IOU = 0.5


def old_ids(before: Mapping[ResultKey, Any], after: Mapping[ResultKey, Any]) -> dict[str, str]:
    """
    Ids of faces before by their ids now, of those that are not called as they were.

    :return: empty if every face that is found again has kept its id
    """
    votes: Counter[tuple[str, str]] = Counter()
    for key in before.keys() & after.keys():
        if key[0] == topics.FACES:
            votes.update(_pairs(before[key].faces, after[key].faces))
    found: dict[str, str] = {}
    for (old, new), _ in sorted(votes.items(), key=lambda vote: (-vote[1], vote[0])):
        if new not in found and old not in found.values():
            found[new] = old
    return {new: old for new, old in found.items() if new != old}


def renumber(results: Mapping[ResultKey, Any], ids: Mapping[str, str]) -> dict[ResultKey, Any]:
    """
    The same results with other ids of faces; the messages that are given stay as they are.

    :param ids: by the ids in the messages
    """
    taken = set(ids.values())
    renumbered = {key: copy.deepcopy(message) for key, message in results.items()}
    for message in renumbered.values():
        for field in message.get_fields_and_field_types():
            value = getattr(message, field)
            for entry in value if isinstance(value, list) else ():
                if hasattr(entry, 'face_id'):
                    free = f'new {entry.face_id}' if entry.face_id in taken else entry.face_id
                    entry.face_id = ids.get(entry.face_id, free)
    return renumbered


def _pairs(old: Any, new: Any) -> list[tuple[str, str]]:
    """Ids of the faces of one picture that lie where they lay."""
    if not old or not new:
        return []
    overlap, _ = pairwise_overlap(_boxes(old), _boxes(new))
    best = overlap.argmax(axis=1)
    return [
        (old[row].face_id, new[column].face_id)
        for row, column in enumerate(best)
        if overlap[row, column] >= MIN_IOU
    ]


def _boxes(faces: Any) -> np.ndarray:
    return np.array([(face.x_min, face.y_min, face.x_max, face.y_max) for face in faces])
