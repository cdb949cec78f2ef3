"""
Render the golden pictures of the simulated classroom anew: ``python test/make_golden.py``.

Their results: `make regress BAG=test/data/golden_pictures GOLDEN=test/data/golden ARGS=--accept`.
"""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
from rclpy.serialization import serialize_message
from sensor_msgs.msg import CompressedImage

from classroom_fer_ros.bags.bag_writer import BagConfig, BagWriter
from classroom_fer_ros.core.simulation import SimulatedClassroom, SimulationConfig
from classroom_fer_ros.nodes.convert import to_header

FOLDER = Path(__file__).resolve().parent / 'data' / 'golden_pictures'
TOPIC = '/classroom/front/image_raw/compressed'
#: Small enough for a repository; large and fast enough that eyes, heads and alerts are judged.
CONFIG = SimulationConfig(students=5, width=640, height=360, fps=15.0, seed=5)
START_NS = 1_700_000_000_000_000_000
SECONDS, JPEG_QUALITY = 6.0, 60


def main(folder: Path = FOLDER) -> None:
    """Write the pictures of some seconds."""
    classroom = SimulatedClassroom(CONFIG)
    writer = BagWriter(
        folder,
        BagConfig(is_compressed=True),
        {'profile': 'standard', 'namespace': '/classroom/front'},
    )
    writer.add_topic(TOPIC, 'sensor_msgs/msg/CompressedImage')
    for index in range(round(SECONDS * CONFIG.fps)):
        image, _ = classroom.render(index / CONFIG.fps)
        _, jpeg = cv2.imencode('.jpg', image, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
        stamp_ns = START_NS + round(index / CONFIG.fps * 1e9)
        picture = CompressedImage(
            header=to_header(stamp_ns, 'camera_optical_frame'),
            format='bgr8; jpeg compressed bgr8',
            data=jpeg.tobytes(),
        )
        writer.write(TOPIC, stamp_ns, serialize_message(picture))
    writer.close()


if __name__ == '__main__':
    main(*map(Path, sys.argv[1:]))
