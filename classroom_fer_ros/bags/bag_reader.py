"""Reading a bag: ours, or one that `ros2 bag record` made, MCAP or sqlite3."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from rosbags.interfaces import ConnectionExtRosbag2, Qos
from rosbags.rosbag2 import Reader, ReaderError

from classroom_fer_ros.bags import bag_metadata
from classroom_fer_ros.bags.bag_metadata import FILE_NAME, BagTopic
from classroom_fer_ros.bags.mcap_scan import is_finished
from classroom_fer_ros.bags.mending import bag_files
from classroom_fer_ros.bags.message_types import definition_of
from classroom_fer_ros.core.errors import BagError, DataError

SUFFIXES = ('.mcap', '.db3')


@dataclass(frozen=True, slots=True)
class BagMessage:
    """
    One message of a bag.

    :param data: serialized
    """

    topic: str
    log_ns: int
    data: bytes


class BagReader:
    """Gives out the messages of a bag in the order in which they came. Use it in ``with``."""

    def __init__(self, path: Path) -> None:
        """
        :param path: folder of a bag, or a file of one
        :raises BagError: if it is no bag, or one that was broken off
        """
        self.path = path
        _require_whole(path)
        self._reader = Reader(path)
        try:
            self._reader.open()
        except (ReaderError, OSError, AssertionError) as error:
            raise BagError(f'{path} cannot be read ({error}): {_mending(path)}') from error
        self.topics = {
            connection.topic: BagTopic(
                connection.topic, connection.msgtype, connection.digest, _qos_of(connection.ext)
            )
            for connection in self._reader.connections
        }
        self.custom_data = bag_metadata.read_custom_data(path if path.is_dir() else path.parent)

    def __enter__(self) -> BagReader:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the files; may be called twice."""
        if self._reader.is_open:
            with suppress(OSError):
                self._reader.close()

    @property
    def counts(self) -> dict[str, int]:
        """Messages by topic."""
        counts = dict.fromkeys(self.topics, 0)
        for connection in self._reader.connections:
            counts[connection.topic] += connection.msgcount
        return counts

    @property
    def span_ns(self) -> tuple[int, int]:
        """Log times of the first and the last message; (0, 0) of an empty bag."""
        if not self._reader.message_count:
            return 0, 0
        return self._reader.start_time, self._reader.end_time - 1

    def messages(self, topics: Collection[str] | None = None) -> Iterator[BagMessage]:
        """
        Messages of some topics, all without.

        :raises BagError: if the files are damaged
        """
        wanted = [c for c in self._reader.connections if topics is None or c.topic in topics]
        if not wanted:
            return
        try:
            for connection, log_ns, data in self._reader.messages(wanted):
                yield BagMessage(connection.topic, log_ns, bytes(data))
        except (ReaderError, OSError) as error:
            raise BagError(f'{self.path} is damaged ({error}): {_mending(self.path)}') from error

    def problem_with(self, topic: str) -> str:
        """Why the messages of a topic cannot be understood here; empty if they can."""
        recorded = self.topics[topic]
        try:
            definition = definition_of(recorded.type_name)
        except DataError as error:
            return str(error)
        if recorded.type_hash not in ('', definition.type_hash):
            return f'{recorded.type_name} is another than when {topic} was recorded'
        return ''


def _require_whole(path: Path) -> None:
    if not path.exists():
        raise BagError(f'bag {path} does not exist')
    if path.is_file() and path.suffix not in SUFFIXES:
        raise BagError(f'{path} is no bag: name a folder with {FILE_NAME}, or a file of it')
    files = bag_files(path) if path.is_dir() else [path]
    torn = [file.name for file in files if file.suffix == '.mcap' and not is_finished(file)]
    if torn:
        raise BagError(f'{path} was broken off ({", ".join(torn)}): {_mending(path)}')
    if path.is_dir() and not (path / FILE_NAME).is_file():
        advice = _mending(path) if files else f'name a folder with {FILE_NAME}, or a file of it'
        raise BagError(f'{path} has no {FILE_NAME}: {advice}')


def _mending(path: Path) -> str:
    return f'run `make repair-bag BAG={path if path.is_dir() else path.parent}`'


def _qos_of(extension: object) -> list[Qos]:
    is_known = isinstance(extension, ConnectionExtRosbag2)
    return list(extension.offered_qos_profiles) if is_known else []
