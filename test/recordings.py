"""The golden recording of the simulated classroom, and its beginning."""

from __future__ import annotations

from pathlib import Path

from classroom_fer_ros.bags.bag_reader import BagReader
from classroom_fer_ros.bags.bag_writer import BagWriter

GOLDEN = Path(__file__).resolve().parent / 'data' / 'golden'
PICTURES = '/classroom/front/image_raw/compressed'


def beginning_of_golden(folder: Path, num_pictures: int) -> Path:
    """A recording of its first pictures, and their results."""
    with BagReader(GOLDEN) as golden:
        stamps = [message.log_ns for message in golden.messages([PICTURES])]
        writer = BagWriter(folder, custom_data=golden.custom_data)
        for name, topic in golden.topics.items():
            writer.add_topic(name, topic.type_name, topic.offered_qos)
        for message in golden.messages():
            if message.log_ns <= stamps[num_pictures - 1]:
                writer.write(message.topic, message.log_ns, message.data)
        writer.close()
    return folder
