"""
Looking through an MCAP file from its beginning, for what is whole in it.

A file that was finished ends with an index. One that was broken off does not, and may end within
a record; everything before that can be read. Format: https://mcap.dev/spec
"""

from __future__ import annotations

import struct
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from rosbags.rosbag2.storage_mcap import Channel, Schema, decompress

from classroom_fer_ros.core.errors import BagError

MAGIC = b'\x89MCAP0\r\n'
#: Opcode and length of a record.
RECORD_HEAD = struct.Struct('<BQ')
CHUNK_HEAD = struct.Struct('<QQQI')
MESSAGE_HEAD = struct.Struct('<HIQQ')
SCHEMA, CHANNEL, MESSAGE, CHUNK, MESSAGE_INDEX, DATA_END = 0x03, 0x04, 0x05, 0x06, 0x07, 0x0F
#: What stands at the end of a finished file: its footer and the magic.
FOOTER_BYTES = RECORD_HEAD.size + 20 + len(MAGIC)


@dataclass(slots=True, kw_only=True)
class ScannedChunk:
    """
    One chunk of a file.

    :param index_offsets: where the message index of each channel stands
    :param counts: messages by channel
    :param records: kept of the last chunk only, whose indexes may be torn off
    """

    first_ns: int
    last_ns: int
    offset: int
    num_bytes: int
    compression: str
    compressed_bytes: int
    uncompressed_bytes: int
    index_offsets: dict[int, int] = field(default_factory=dict)
    index_bytes: int = 0
    counts: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    records: bytes = b''

    @property
    def is_indexed(self) -> bool:
        """Whether the message index of every channel is there."""
        return self.counts.keys() <= self.index_offsets.keys()


@dataclass(slots=True)
class Scan:
    """
    What is whole in a file.

    :param counts: messages by channel
    :param first_ns: log time of the first message
    :param sound_bytes: size of the beginning that holds whole records only
    """

    schemas: dict[int, Schema] = field(default_factory=dict)
    channels: dict[int, Channel] = field(default_factory=dict)
    chunks: list[ScannedChunk] = field(default_factory=list)
    counts: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    first_ns: int = 2**63 - 1
    last_ns: int = 0
    sound_bytes: int = 0


def is_finished(path: Path) -> bool:
    """Whether a file has its end: it can then be read by its index."""
    with path.open('rb') as content:
        size = content.seek(0, 2)
        content.seek(max(size - FOOTER_BYTES, 0))
        return size > FOOTER_BYTES and content.read().endswith(MAGIC)


def scan(path: Path) -> Scan:
    """
    Look through the data of a file; its end may be missing or torn.

    :raises BagError: if it does not begin as an MCAP file
    """
    found = Scan()
    with path.open('rb') as content:
        if content.read(len(MAGIC)) != MAGIC:
            raise BagError(f'{path} is no MCAP file, or nothing of it was written')
        found.sound_bytes = content.tell()
        for opcode, offset, data in records_of(content):
            if opcode == DATA_END:
                break
            if opcode == CHUNK:
                if not _read_chunk(offset, data, found):
                    break
            elif opcode == MESSAGE_INDEX and found.chunks:
                found.chunks[-1].index_offsets[_uint16(data)] = offset
                found.chunks[-1].index_bytes += RECORD_HEAD.size + len(data)
            else:
                _note(opcode, data, found)
            found.sound_bytes = content.tell()
    return found


def records_of(content: BinaryIO) -> Iterator[tuple[int, int, bytes]]:
    """Opcode, place and content of each whole record."""
    while True:
        offset = content.tell()
        head = content.read(RECORD_HEAD.size)
        if len(head) < RECORD_HEAD.size:
            return
        opcode, length = RECORD_HEAD.unpack(head)
        data = content.read(length)
        if len(data) < length:
            return
        yield opcode, offset, data


def _read_chunk(offset: int, data: bytes, found: Scan) -> bool:
    """Take a chunk in; False if it is broken."""
    rest = BytesIO(data)
    first_ns, last_ns, uncompressed_bytes, crc = CHUNK_HEAD.unpack(rest.read(CHUNK_HEAD.size))
    compression = _text(rest)
    (compressed_bytes,) = struct.unpack('<Q', rest.read(8))
    try:
        records = decompress(rest.read(compressed_bytes), compression, uncompressed_bytes, crc)
    except Exception:  # each compressor has an error of its own for broken data
        return False
    if found.chunks:
        found.chunks[-1].records = b''
    chunk = ScannedChunk(
        first_ns=first_ns,
        last_ns=last_ns,
        offset=offset,
        num_bytes=RECORD_HEAD.size + len(data),
        compression=compression,
        compressed_bytes=compressed_bytes,
        uncompressed_bytes=uncompressed_bytes,
        records=records,
    )
    found.chunks.append(chunk)
    for opcode, _, record in records_of(BytesIO(records)):
        _note(opcode, record, found)
        if opcode == MESSAGE:
            chunk.counts[_uint16(record)] += 1
    return True


def _note(opcode: int, record: bytes, found: Scan) -> None:
    """Take a schema, a channel or a message in."""
    rest = BytesIO(record)
    if opcode == SCHEMA:
        number = _uint16(rest.read(2))
        found.schemas[number] = Schema(number, _text(rest), _text(rest), _text(rest))
    elif opcode == CHANNEL:
        number, schema_number = _uint16(rest.read(2)), _uint16(rest.read(2))
        schema = found.schemas[schema_number].name
        found.channels[number] = Channel(number, schema, _text(rest), _text(rest), _block(rest))
    elif opcode == MESSAGE:
        channel_id, _, log_ns, _ = MESSAGE_HEAD.unpack_from(record)
        found.counts[channel_id] += 1
        found.first_ns = min(found.first_ns, log_ns)
        found.last_ns = max(found.last_ns, log_ns)


def _uint16(data: bytes) -> int:
    return int.from_bytes(data[:2], 'little')


def _block(content: BytesIO) -> bytes:
    return content.read(int.from_bytes(content.read(4), 'little'))


def _text(content: BytesIO) -> str:
    return _block(content).decode()
