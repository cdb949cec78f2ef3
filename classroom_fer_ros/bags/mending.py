"""Mending a bag that was broken off: every file gets its end, the folder its metadata."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from classroom_fer_ros.bags import bag_metadata
from classroom_fer_ros.bags.bag_metadata import BagFile, BagTopic
from classroom_fer_ros.bags.mcap_scan import MAGIC, Scan, is_finished, scan
from classroom_fer_ros.bags.mcap_storage import finish
from classroom_fer_ros.core.errors import BagError

#: Takes up room while a bag is being written, so that there is some for its index at the end.
RESERVE = '.reserve'


@dataclass(frozen=True, slots=True)
class Mended:
    """
    What mending found and did.

    :param files: of the bag, in their order
    :param finished: names of those that were broken off
    :param empty: names of those that held nothing, and were taken away
    :param lost_bytes: torn off ends
    """

    files: tuple[BagFile, ...]
    finished: tuple[str, ...]
    empty: tuple[str, ...]
    lost_bytes: int


def bag_files(folder: Path) -> list[Path]:
    """MCAP files of a bag in the order in which they were written."""
    return sorted(folder.glob('*.mcap'), key=lambda path: (len(path.name), path.name))


def mend(folder: Path, custom_data: Mapping[str, str] | None = None) -> Mended:
    """
    Make a bag readable in place.

    :param custom_data: for the metadata; without, that of the old ones
    :raises BagError: if the folder holds no MCAP file with anything in it, or something else
    :raises OSError: if there is no room
    """
    (folder / RESERVE).unlink(missing_ok=True)
    notes = bag_metadata.read_custom_data(folder) if custom_data is None else dict(custom_data)
    topics: dict[str, BagTopic] = {}
    files: list[BagFile] = []
    finished, empty, lost_bytes = [], [], 0
    for path in bag_files(folder):
        size = path.stat().st_size
        found = scan(path) if size > len(MAGIC) else Scan()
        if not found.channels and not is_finished(path):  # there was no time or room for any
            path.unlink()
            empty.append(path.name)
            continue
        file_topics, file = bag_metadata.of_scan(path, found)
        if not is_finished(path):
            lost_bytes += size - found.sound_bytes
            finish(path, found, bag_metadata.to_yaml(file_topics, [file], notes))
            finished.append(path.name)
        topics |= {topic.name: topic for topic in file_topics}
        files.append(file)
    if not files:
        raise BagError(f'{folder} holds no MCAP file with anything in it')
    bag_metadata.write(folder, list(topics.values()), files, notes)
    return Mended(tuple(files), tuple(finished), tuple(empty), lost_bytes)
