"""The results in a bag as the tables of a session, so that a report can be written of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from rclpy.serialization import deserialize_message

from classroom_fer_ros.bags.bag_reader import BagReader
from classroom_fer_ros.bags.message_types import class_of
from classroom_fer_ros.core.errors import BagError
from classroom_fer_ros.core.results import FrameResult
from classroom_fer_ros.core.session_card import SessionCard, installed_versions
from classroom_fer_ros.core.session_output import SessionOutput
from classroom_fer_ros.nodes import topics
from classroom_fer_ros.nodes.convert import from_time
from classroom_fer_ros.nodes.convert_back import from_alert_array, from_class_state
from classroom_fer_ros.nodes.results_join import ResultsJoin

JOINED = (topics.EXPRESSIONS, topics.FATIGUE, topics.HEAD_POSE)
READ = (topics.FACES, *JOINED, topics.ALERTS, topics.CLASS_STATE)
#: Tables have no pictures; their writer wants one all the same.
NO_PICTURE = np.zeros((1, 1, 3), np.uint8)


def write_session(bag_path: Path, folder: Path, namespace: str = '') -> None:
    """
    Write the tables of a bag's results.

    :param namespace: of the camera, where the bag holds those of several
    :raises BagError: if it cannot be read, or holds no results, or of several cameras
    :raises SourceError: if the folder cannot be written to
    """
    with BagReader(bag_path) as bag:
        prefix = _prefix(bag, namespace)
        profile = bag.custom_data.get('profile', '')
        names = {f'{prefix}/{name}': name for name in READ if f'{prefix}/{name}' in bag.topics}
        for name in names:
            if problem := bag.problem_with(name):
                raise BagError(f'{bag_path}: {name}: {problem}')
        join = ResultsJoin(JOINED, lambda name: name in names.values())
        output = SessionOutput(folder, 1.0, has_film=False)
        try:
            for message in bag.messages(list(names)):
                kind = class_of(bag.topics[message.topic].type_name)
                for result in _results(
                    join, names[message.topic], deserialize_message(message.data, kind)
                ):
                    output.write(NO_PICTURE, result)
        finally:
            output.close()
    card = SessionCard(
        profile=profile, source=f'recording {bag_path.name}', versions=installed_versions()
    )
    card.write(folder)


def _prefix(bag: BagReader, namespace: str) -> str:
    """Namespace of the camera whose results are in the bag."""
    end = f'/{topics.FACES}'
    found = sorted(name.removesuffix(end) for name in bag.topics if name.endswith(end))
    if namespace:
        found = [one for one in found if one == '/' + namespace.strip('/')]
    if len(found) != 1:
        words = f'of {", ".join(found)}: name one with --namespace' if found else 'of no camera'
        raise BagError(f'{bag.path} holds results {words}')
    return found[0]


def _results(join: ResultsJoin, name: str, message: Any) -> list[FrameResult]:
    """What one message completes."""
    stamp_ns = from_time(message.header.stamp)
    if name == topics.ALERTS:
        changes = from_alert_array(message)
        return [FrameResult(stamp_ns=stamp_ns, index=0, size_wh=(0, 0), alert_changes=changes)]
    if name == topics.CLASS_STATE:
        state = from_class_state(message)
        return [FrameResult(stamp_ns=stamp_ns, index=0, size_wh=(0, 0), class_state=state)]
    return [
        joined.result(
            faces=joined.faces,
            expressions=joined.expressions,
            fatigue=joined.fatigue,
            head_poses=joined.head_poses,
        )
        for joined in join.add(name, message).ready
    ]
