"""The golden recording of the simulated classroom, and its beginning."""

from __future__ import annotations

import heapq
from pathlib import Path

from classroom_fer_ros.bags.bag_reader import BagReader
from classroom_fer_ros.bags.bag_writer import BagWriter

DATA = Path(__file__).resolve().parent / 'data'
#: Pictures, and the results that they are to have.
GOLDEN_PICTURES, GOLDEN = DATA / 'golden_pictures', DATA / 'golden'
PICTURES = '/classroom/front/image_raw/compressed'


def beginning_of_golden(folder: Path, num_pictures: int) -> Path:
    """A recording of its first pictures, and their results."""
    with BagReader(GOLDEN_PICTURES) as pictures, BagReader(GOLDEN) as golden:
        last_ns = [message.log_ns for message in pictures.messages()][num_pictures - 1]
        writer = BagWriter(folder, custom_data=golden.custom_data)
        for bag in (pictures, golden):
            for name, topic in bag.topics.items():
                writer.add_topic(name, topic.type_name, topic.offered_qos)
        for message in heapq.merge(
            pictures.messages(), golden.messages(), key=lambda message: message.log_ns
        ):
            if message.log_ns <= last_ns:
                writer.write(message.topic, message.log_ns, message.data)
        writer.close()
    return folder
