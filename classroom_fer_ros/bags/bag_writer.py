"""
Writing a bag that can be read whatever ends the writing.

What was written goes to the disk in chunks, at each `flush` at the latest. Whoever owns the writer
calls that often enough: a process that is killed loses what came after the last one.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import yaml
from rosbags.interfaces import (
    Connection,
    ConnectionExtRosbag2,
    MessageDefinition,
    MessageDefinitionFormat,
    Qos,
)
from rosbags.rosbag2.metadata import dump_qos_v9

from classroom_fer_ros.bags import bag_metadata
from classroom_fer_ros.bags.bag_metadata import BagFile, BagTopic
from classroom_fer_ros.bags.mcap_storage import METADATA_VERSION, McapStorage
from classroom_fer_ros.bags.mending import RESERVE, mend
from classroom_fer_ros.bags.message_types import definition_of
from classroom_fer_ros.core.errors import BagError, ConfigError

#: Writing ends while so much of the disk is free, so that the files can still be finished.
MIN_FREE_BYTES = 64_000_000
RESERVE_BYTES = 2_000_000
#: A file this large is finished and another one begun.
MAX_FILE_BYTES = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class BagConfig:
    """
    How a bag is written.

    :param max_file_bytes: a larger file is finished and another begun; 0 for one file only
    :param is_compressed: zstd, without loss; costs time
    :param min_free_bytes: of the disk; with less, writing ends
    :param reserve_bytes: set apart for the index, should the disk be full all the same
    """

    max_file_bytes: int = MAX_FILE_BYTES
    is_compressed: bool = False
    min_free_bytes: int = MIN_FREE_BYTES
    reserve_bytes: int = RESERVE_BYTES

    def __post_init__(self) -> None:
        for name in ('max_file_bytes', 'min_free_bytes', 'reserve_bytes'):
            if getattr(self, name) < 0:
                raise ConfigError(name, getattr(self, name), 'must be 0 or more')


class BagWriter:
    """Writes serialized messages (CDR) into a new folder."""

    def __init__(
        self,
        folder: Path,
        config: BagConfig | None = None,
        custom_data: Mapping[str, str] | None = None,
        name: str = '',
    ) -> None:
        """
        :param folder: new, or empty
        :param name: of its files; that of the folder without
        :param custom_data: noted in the bag's metadata
        :raises BagError: if the folder holds something already, or cannot be written to
        """
        self.folder = folder.absolute()
        self._name = name or self.folder.name
        self._config = config or BagConfig()
        self._custom_data = dict(custom_data or {})
        self._topics: dict[str, BagTopic] = {}
        self._connections: dict[str, Connection] = {}
        self._files: list[BagFile] = []
        self._storage: McapStorage | None = None
        self._is_closed = False
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if any(self.folder.iterdir()):
                raise BagError(f'{folder} holds something already: name another folder')
            self._require_space('name another folder')
            self._set_room_apart()
            self._begin_file()
        except OSError as error:
            raise BagError(f'{folder} cannot be written to: {error.strerror}') from error

    @property
    def num_messages(self) -> int:
        """Written so far."""
        return sum(file.num_messages for file in self._files)

    @property
    def counts(self) -> dict[str, int]:
        """Messages written so far, by topic."""
        return {
            name: sum(file.counts.get(name, 0) for file in self._files) for name in self._topics
        }

    def add_topic(self, name: str, type_name: str, offered_qos: Sequence[Qos] = ()) -> None:
        """
        Make a topic known; without effect if it is already.

        :raises DataError: if its type is not installed here
        """
        if name in self._topics:
            return
        definition = definition_of(type_name)
        self._topics[name] = BagTopic(name, type_name, definition.type_hash, offered_qos)
        connection = Connection(
            id=len(self._connections) + 1,
            topic=name,
            msgtype=type_name,
            msgdef=MessageDefinition(MessageDefinitionFormat.MSG, definition.text),
            digest=definition.type_hash,
            msgcount=0,
            ext=ConnectionExtRosbag2('cdr', list(offered_qos)),
            owner=self,
        )
        self._connections[name] = connection
        self._announce(connection)

    def write(self, topic: str, log_ns: int, data: bytes) -> None:
        """
        Add one message.

        :param topic: made known before
        :param log_ns: when it came, nanoseconds since the epoch
        :param data: serialized
        :raises BagError: if there is no room; what was written before can be read
        """
        try:
            self._storage.write(self._connections[topic], log_ns, data)
            self._files[-1].add(topic, log_ns)
            limit = self._config.max_file_bytes
            if limit and self._storage.num_bytes > limit:
                self._end_file()
                self._begin_file()
        except OSError as error:
            self._give_up(error)

    def flush(self) -> None:
        """
        Put everything on the disk.

        :raises BagError: if there is no room; what was written before can be read
        """
        try:
            self._storage.flush()
            self._require_space('what was written can be played')
        except OSError as error:
            self._give_up(error)

    def close(self) -> None:
        """
        Finish the bag; without effect if that was done already.

        :raises BagError: if there is no room
        """
        if self._is_closed:
            return
        try:
            self._end_file()
            self._is_closed = True
            (self.folder / RESERVE).unlink(missing_ok=True)
        except OSError as error:
            self._give_up(error)

    def _set_room_apart(self) -> None:
        if self._config.reserve_bytes:
            with (self.folder / RESERVE).open('wb') as content:
                os.posix_fallocate(content.fileno(), 0, self._config.reserve_bytes)

    def _require_space(self, advice: str) -> None:
        free_bytes = shutil.disk_usage(self.folder).free
        if free_bytes < self._config.min_free_bytes:
            if self._storage is not None:
                self.close()
            raise BagError(
                f'the disk of {self.folder} is full ({free_bytes / 1e6:.0f} MB are left): free '
                f'some space; {advice}'
            )

    def _begin_file(self) -> None:
        name = f'{self._name}_{len(self._files)}.mcap'
        self._storage = McapStorage(self.folder / name, self._config.is_compressed)
        self._write_metadata()  # of the files before; mending finds there what was noted
        self._files.append(BagFile(name))
        for connection in self._connections.values():
            self._announce(connection)

    def _write_metadata(self) -> None:
        topics = list(self._topics.values())
        bag_metadata.write(self.folder, topics, self._files, self._custom_data)

    def _announce(self, connection: Connection) -> None:
        if all(schema.name != connection.msgtype for schema in self._storage.schemas):
            self._storage.add_msgtype(connection)
        qos = yaml.safe_dump(dump_qos_v9(connection.ext.offered_qos_profiles))
        self._storage.add_connection(connection, qos)

    def _end_file(self) -> None:
        """Finish a file; only finished ones are in the metadata."""
        self._storage.flush()
        topics = list(self._topics.values())
        text = bag_metadata.to_yaml(topics, self._files[-1:], self._custom_data)
        self._storage.close(METADATA_VERSION, text)
        self._write_metadata()

    def _give_up(self, error: OSError) -> NoReturn:
        """Leave a bag that can be read, if there is room for that, and say what happened."""
        self._is_closed = True
        self._storage.bio.abandon()
        try:
            mend(self.folder, self._custom_data)
            state = 'what was written can be played'
        except (OSError, BagError):
            state = f'free some space, then run `make repair-bag BAG={self.folder}`'
        problem = f'{self.folder} cannot be written any more ({error.strerror})'
        raise BagError(f'{problem}: {state}') from error
