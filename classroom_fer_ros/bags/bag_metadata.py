"""``metadata.yaml`` of a bag, as rosbag2 of ROS 2 Jazzy writes and reads it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from rosbags.interfaces import Qos
from rosbags.rosbag2.metadata import dump_qos_v9
from rosbags.rosbag2.storage_mcap import get_qos
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

from classroom_fer_ros.bags.mcap_scan import Scan
from classroom_fer_ros.bags.mcap_storage import METADATA_VERSION

FILE_NAME = 'metadata.yaml'


@dataclass(frozen=True, slots=True)
class BagTopic:
    """A topic of a bag."""

    name: str
    type_name: str
    type_hash: str
    offered_qos: Sequence[Qos] = ()


@dataclass(slots=True)
class BagFile:
    """
    One file of a bag.

    :param counts: messages by topic
    """

    name: str
    first_ns: int = 2**63 - 1
    last_ns: int = 0
    counts: dict[str, int] = field(default_factory=dict)

    def add(self, topic: str, log_ns: int) -> None:
        """Take one message into account."""
        self.counts[topic] = self.counts.get(topic, 0) + 1
        self.first_ns, self.last_ns = min(self.first_ns, log_ns), max(self.last_ns, log_ns)

    @property
    def num_messages(self) -> int:
        return sum(self.counts.values())


def to_yaml(
    topics: Sequence[BagTopic], files: Sequence[BagFile], custom_data: Mapping[str, str]
) -> str:
    """Text of the metadata of some files."""
    return yaml.safe_dump(_content(topics, files, custom_data), sort_keys=False)


def write(
    folder: Path,
    topics: Sequence[BagTopic],
    files: Sequence[BagFile],
    custom_data: Mapping[str, str],
) -> None:
    """
    Write or replace the metadata of a bag, at once.

    :raises OSError: if there is no room; metadata that were there before stay
    """
    text = yaml.safe_dump(
        {'rosbag2_bagfile_information': _content(topics, files, custom_data)}, sort_keys=False
    )
    new = folder / f'.{FILE_NAME}.new'
    try:
        new.write_text(text, encoding='utf-8')
        new.replace(folder / FILE_NAME)
    except OSError:
        new.unlink(missing_ok=True)
        raise


def read_custom_data(folder: Path) -> dict[str, str]:
    """What the recorder noted about the bag; nothing where there are no metadata."""
    try:
        content = yaml.safe_load((folder / FILE_NAME).read_text(encoding='utf-8'))
        return dict(content['rosbag2_bagfile_information'].get('custom_data') or {})
    except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError, ValueError):
        return {}


def of_scan(path: Path, found: Scan) -> tuple[list[BagTopic], BagFile]:
    """Topics and counts of a file that was looked through."""
    names = {number: channel.topic for number, channel in found.channels.items()}
    counts = {names[number]: count for number, count in found.counts.items()}
    topics = [
        BagTopic(
            channel.topic,
            channel.schema,
            _hash_of(channel.schema, _definition(found, channel.schema)),
            get_qos(channel.metadata),
        )
        for channel in found.channels.values()
    ]
    return topics, BagFile(path.name, found.first_ns, found.last_ns, counts)


def _definition(found: Scan, type_name: str) -> str:
    return next(s.data for s in found.schemas.values() if s.name == type_name)


@cache
def _hash_of(type_name: str, definition: str) -> str:
    """Hash of a type by the definition in the bag; empty where that cannot be understood."""
    store = get_typestore(Stores.EMPTY)
    try:
        store.register(get_types_from_msg(definition, type_name))
        return store.hash_rihs01(type_name)
    except Exception:  # the library's parser has errors of its own; the hash may be missing
        return ''


def _content(
    topics: Sequence[BagTopic], files: Sequence[BagFile], custom_data: Mapping[str, str]
) -> dict[str, Any]:
    first_ns = min((file.first_ns for file in files if file.num_messages), default=0)
    last_ns = max((file.last_ns for file in files), default=0)
    return {
        'version': METADATA_VERSION,
        'storage_identifier': 'mcap',
        'relative_file_paths': [file.name for file in files],
        'duration': {'nanoseconds': max(last_ns - first_ns, 0)},
        'starting_time': {'nanoseconds_since_epoch': first_ns},
        'message_count': sum(file.num_messages for file in files),
        'topics_with_message_count': [
            {
                'topic_metadata': {
                    'name': topic.name,
                    'type': topic.type_name,
                    'serialization_format': 'cdr',
                    'offered_qos_profiles': dump_qos_v9(list(topic.offered_qos)),
                    'type_description_hash': topic.type_hash,
                },
                'message_count': sum(file.counts.get(topic.name, 0) for file in files),
            }
            for topic in topics
        ],
        'compression_format': '',
        'compression_mode': '',
        'files': [
            {
                'path': file.name,
                'starting_time': {
                    'nanoseconds_since_epoch': file.first_ns if file.num_messages else 0
                },
                'duration': {'nanoseconds': max(file.last_ns - file.first_ns, 0)},
                'message_count': file.num_messages,
            }
            for file in files
        ],
        'custom_data': dict(custom_data) or None,
        'ros_distro': 'jazzy',
    }
