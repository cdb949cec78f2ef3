"""One MCAP file of a bag: written piece by piece, and gone on with where it was broken off."""

from __future__ import annotations

import struct
from collections import defaultdict
from collections.abc import Sequence
from io import SEEK_END, BytesIO
from pathlib import Path

from rosbags.interfaces import Connection
from rosbags.rosbag2.enums import CompressionMode
from rosbags.rosbag2.storage_mcap import (
    McapWriter,
    PendingChunk,
    write_string,
    write_uint32,
    write_uint64,
)

from classroom_fer_ros.bags.committed_file import CommittedFile
from classroom_fer_ros.bags.mcap_scan import (
    MESSAGE,
    MESSAGE_HEAD,
    Scan,
    ScannedChunk,
    records_of,
)

#: Of rosbag2's metadata, as ROS 2 Jazzy writes it.
METADATA_VERSION = 9
INDEX_ENTRY = struct.Struct('<HQ')


class McapStorage(McapWriter):
    """
    The library's writer, with a say in when its chunk goes to the disk.

    :ivar num_bytes: written so far
    """

    bio: CommittedFile

    def __init__(self, path: Path, is_compressed: bool) -> None:
        """
        :param path: of the file, which must not be there yet
        :raises OSError: if there is no room
        """
        mode = CompressionMode.STORAGE if is_compressed else CompressionMode.NONE
        super().__init__(path.parent, mode)  # which names the file after the folder
        self.bio.close()
        self.path.rename(path)
        self.path = path
        self.bio = CommittedFile(path)

    @property
    def num_bytes(self) -> int:
        return self.bio.tell() + self.chunk.bio.tell()

    def write(self, connection: Connection, timestamp: int, data: bytes | memoryview) -> None:
        """:raises OSError: if there is no room; the file then holds whole records only"""
        super().write(connection, timestamp, data)
        if self.bio.has_pending:  # a chunk was full
            self.bio.commit()

    def flush(self) -> None:
        """
        Hand over all that was written.

        :raises OSError: if there is no room; the file then holds whole records only
        """
        if self.chunk.bio.tell():
            self.close_chunk()
            self.bio.commit()


def finish(path: Path, found: Scan, metadata: str) -> None:
    """
    Give a file that was broken off its end, in place: what is torn is cut off, the index is added.

    :param found: what is in the file
    :param metadata: of rosbag2, as YAML
    :raises OSError: if there is no room for the index
    """
    is_torn = bool(found.chunks) and not found.chunks[-1].is_indexed
    last = found.chunks[-1] if is_torn else None
    with path.open('r+b') as content:
        content.truncate(last.offset if last else found.sound_bytes)
    storage = _reopened(path, found, found.chunks[:-1] if last else found.chunks)
    if last is not None:
        storage.chunk = _pending(last)
        storage.flush()
    storage.close(METADATA_VERSION, metadata)


def _reopened(path: Path, found: Scan, chunks: Sequence[ScannedChunk]) -> McapStorage:
    """A writer in the state of the one that wrote a file."""
    storage = McapStorage.__new__(McapStorage)
    storage.path, storage.bio = path, CommittedFile(path)
    storage.schemas, storage.channels = list(found.schemas.values()), list(found.channels.values())
    storage.chunks = [_chunk_index(chunk) for chunk in chunks]
    storage.chunk = PendingChunk(2**63 - 1, 0, BytesIO(), {})
    storage.compression, storage.compressor = '', bytes
    storage.message_start_time, storage.message_end_time = found.first_ns, found.last_ns
    storage.channel_stats = {number: found.counts.get(number, 0) for number in found.channels}
    return storage


def _pending(chunk: ScannedChunk) -> PendingChunk:
    """A chunk as it was before it was written; no longer compressed."""
    records, places = BytesIO(chunk.records), defaultdict(list)
    for opcode, offset, record in records_of(records):
        if opcode == MESSAGE:
            channel_id, _, log_ns, _ = MESSAGE_HEAD.unpack_from(record)
            places[channel_id].append((log_ns, offset))
    records.seek(0, SEEK_END)
    return PendingChunk(chunk.first_ns, chunk.last_ns, records, places)


def _chunk_index(chunk: ScannedChunk) -> BytesIO:
    """Index record of a chunk, as the library keeps it until the end."""
    record = BytesIO()
    for number in (chunk.first_ns, chunk.last_ns, chunk.offset, chunk.num_bytes):
        write_uint64(record, number)
    write_uint32(record, INDEX_ENTRY.size * len(chunk.index_offsets))
    for channel_id, offset in chunk.index_offsets.items():
        record.write(INDEX_ENTRY.pack(channel_id, offset))
    write_uint64(record, chunk.index_bytes)
    write_string(record, chunk.compression)
    write_uint64(record, chunk.compressed_bytes)
    write_uint64(record, chunk.uncompressed_bytes)
    return record
