"""A golden recording: pictures, and the results that they are to have."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rclpy.serialization import deserialize_message, serialize_message
from sensor_msgs.msg import CameraInfo
from std_msgs.msg import Header

from classroom_fer_ros.bag_analysis import frames_of
from classroom_fer_ros.bags.bag_reader import BagReader
from classroom_fer_ros.bags.bag_writer import BagConfig, BagWriter
from classroom_fer_ros.bags.message_types import name_of
from classroom_fer_ros.bags.names import without_names
from classroom_fer_ros.core.errors import BagError
from classroom_fer_ros.core.pipeline import ClassroomPipeline
from classroom_fer_ros.core.results import FrameResult
from classroom_fer_ros.nodes import convert, topics
from classroom_fer_ros.nodes.calibration import intrinsics_of
from classroom_fer_ros.nodes.convert import from_time
from classroom_fer_ros.nodes.result_collector import EACH_PICTURE, NOW_AND_THEN, ResultKey
from classroom_fer_ros.nodes.result_publishers import TOPICS

#: What is compared; the others follow from them.
COMPARED = (*EACH_PICTURE, *NOW_AND_THEN)


def namespace_of(bag: BagReader) -> str:
    """
    Namespace of the results in a bag; empty if there are none.

    :raises BagError: if there are those of several cameras
    """
    kind = name_of(TOPICS[topics.FACES][0])
    found = [
        name.rpartition('/')[0]
        for name, topic in bag.topics.items()
        if topic.type_name == kind and name.endswith(f'/{topics.FACES}')
    ]
    if len(found) > 1:
        raise BagError(f'{bag.path} holds results of {", ".join(found)}: record one camera')
    return found[0] if found else ''


def read_results(bag: BagReader) -> dict[ResultKey, Any]:
    """
    Results in a bag, by topic and stamp; those of a closed camera are left out.

    :raises BagError: if they are of several cameras, or their messages are others by now
    """
    namespace = namespace_of(bag)
    names = {f'{namespace}/{name}': name for name in COMPARED}
    for topic in names.keys() & bag.topics.keys():
        if problem := bag.problem_with(topic):
            raise BagError(f'{bag.path}: {problem}')
    results: dict[ResultKey, Any] = {}
    for message in bag.messages(names):
        name = names[message.topic]
        content = deserialize_message(message.data, TOPICS[name][0])
        results[name, from_time(content.header.stamp)] = content
    closed = {
        stamp
        for (name, stamp), one in results.items()
        if name == topics.FACES and not one.image_width
    }
    return {key: one for key, one in results.items() if key[1] not in closed}


def analyse_in_process(
    bag: BagReader, topic: str, pipeline: ClassroomPipeline
) -> dict[ResultKey, Any]:
    """Results of the pictures of a bag, without nodes; as they would be published."""
    results: dict[ResultKey, Any] = {}
    lenses = _calibrations(bag, topics.info_of(topic))
    for _, frame, header in frames_of(bag, topic):
        for name, message in _messages(pipeline.process(frame), header):
            results[name, frame.stamp_ns] = message
        # As in `pipeline_node`: a camera's lens is that of its next picture too.
        pipeline.intrinsics = intrinsics_of(lenses.get(frame.stamp_ns), frame.size_wh)
    return results


def _calibrations(bag: BagReader, topic: str) -> dict[int, CameraInfo]:
    """Calibration of each picture by its stamp; empty where none was recorded."""
    infos = (deserialize_message(message.data, CameraInfo) for message in bag.messages([topic]))
    return {from_time(info.header.stamp): info for info in infos}


def as_recorded(results: Mapping[ResultKey, Any]) -> dict[ResultKey, Any]:
    """The same results as they come out of a recording: without names, in its precision."""
    return {
        key: deserialize_message(_to_record(message), type(message))
        for key, message in results.items()
    }


def write_golden(
    folder: Path,
    bag: BagReader,
    topic: str,
    namespace: str,
    results: Mapping[ResultKey, Any],
    has_pictures: bool,
) -> None:
    """
    Write the results of the pictures of a bag, in place of an older golden recording.

    :param folder: replaced once the new one is whole
    :param has_pictures: write the pictures too
    :raises BagError: if it cannot be written
    """
    new, old = (folder.with_name(f'.{folder.name}.{word}') for word in ('new', 'old'))
    for left_over in (new, old):
        shutil.rmtree(left_over, ignore_errors=True)
    notes = {**bag.custom_data, 'namespace': namespace}
    writer = BagWriter(new, BagConfig(is_compressed=True), notes, folder.name)
    if has_pictures:
        writer.add_topic(topic, bag.topics[topic].type_name, bag.topics[topic].offered_qos)
    for name in COMPARED:
        writer.add_topic(f'{namespace}/{name}', name_of(TOPICS[name][0]))
    for message, frame, _ in frames_of(bag, topic):
        if has_pictures:
            writer.write(topic, message.log_ns, message.data)
        for name in COMPARED:
            if (name, frame.stamp_ns) in results:
                data = _to_record(results[name, frame.stamp_ns])
                writer.write(f'{namespace}/{name}', message.log_ns, data)
    writer.close()
    if folder.exists():
        folder.rename(old)
    new.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def _to_record(message: Any) -> bytes:
    return without_names(name_of(type(message)), serialize_message(message))


def _messages(result: FrameResult, header: Header) -> Iterator[tuple[str, Any]]:
    """As `ResultPublishers.publish_results` publishes them."""
    yield topics.FACES, convert.to_face_array(result, header)
    yield topics.EXPRESSIONS, convert.to_expression_array(result, header)
    yield topics.FATIGUE, convert.to_fatigue_array(result, header)
    yield topics.HEAD_POSE, convert.to_head_pose_array(result, header)
    if result.alert_changes:
        yield topics.ALERTS, convert.to_alert_array(result.alert_changes, header)
    if result.class_state is not None:
        yield topics.CLASS_STATE, convert.to_class_state(result.class_state, header)
