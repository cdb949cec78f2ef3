"""
Pictures from process to process by Fast DDS: as it comes, and with `config/fastdds.xml`.

    python -m benchmarks.transport [--pictures 60] [--fps 20] [--json]

One process publishes, another takes: how many arrive, and how late.
"""

from __future__ import annotations

import argparse
import array
import json
import os
import statistics
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from itertools import product

import rclpy
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import HistoryPolicy, QoSProfile, ReliabilityPolicy
from rich.console import Console
from rich.table import Table
from sensor_msgs.msg import Image

from classroom_fer_ros.shared_memory import make_room_for_pictures

TOPIC = '/bench_transport'
SIZES_WH = ((1280, 720), (1920, 1080))
RELIABLE, BEST_EFFORT = 'reliable', 'best_effort'
USUAL, OURS = 'as it comes', 'fastdds.xml'
WAIT_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossing:
    """
    What became of the pictures.

    :param latency_ms: median from publishing to the subscriber's callback; None if none came
    """

    settings: str
    qos: str
    width: int
    height: int
    sent: int
    received: int
    latency_ms: float | None


def publish(qos: QoSProfile, size_wh: tuple[int, int], count: int, fps: float) -> None:
    """Send pictures in step with the clock, once somebody listens."""
    width, height = size_wh
    node = Node('bench_publisher')
    publisher = node.create_publisher(Image, TOPIC, qos)
    data = array.array('B', bytes(width * height * 3))
    end_s = time.monotonic() + WAIT_S
    while not publisher.get_subscription_count() and time.monotonic() < end_s:
        time.sleep(0.02)
    start_s = time.monotonic() + 0.5
    for index in range(count):
        time.sleep(max(0.0, start_s + index / fps - time.monotonic()))
        picture = Image(width=width, height=height, encoding='bgr8', step=width * 3)
        picture.data = data
        picture.header.stamp = node.get_clock().now().to_msg()
        publisher.publish(picture)
    time.sleep(1.0)  # what is on its way arrives


def take(qos: QoSProfile, sender: subprocess.Popen[bytes]) -> list[float]:
    """Milliseconds that each picture took, until the sender has ended."""
    context = Context()
    rclpy.init(context=context)
    node = Node('bench_subscriber', context=context)
    executor = SingleThreadedExecutor(context=context)
    executor.add_node(node)
    taken: list[float] = []

    def note(picture: Image) -> None:
        sent = picture.header.stamp.sec + picture.header.stamp.nanosec * 1e-9
        taken.append((time.time() - sent) * 1e3)

    node.create_subscription(Image, TOPIC, note, qos)
    while sender.poll() is None:
        executor.spin_once(timeout_sec=0.1)
    executor.shutdown()
    node.destroy_node()
    context.shutdown()
    return taken


def measure(
    settings: str, reliability: str, size_wh: tuple[int, int], count: int, fps: float
) -> Crossing:
    """Let pictures cross from a process of its own to this one."""
    environment = dict(os.environ)
    if settings == OURS and not make_room_for_pictures(environment):
        raise SystemExit('transport: the environment has DDS settings, or /dev/shm is too small')
    places = [reliability, *map(str, size_wh), str(count), str(fps)]
    sender = subprocess.Popen(
        [sys.executable, '-m', 'benchmarks.transport', '--send', *places], env=environment
    )
    taken = take(qos_of(reliability), sender)
    return Crossing(
        settings=settings,
        qos=reliability,
        width=size_wh[0],
        height=size_wh[1],
        sent=count,
        received=len(taken),
        latency_ms=statistics.median(taken) if taken else None,
    )


def qos_of(reliability: str) -> QoSProfile:
    """The last two pictures, as `camera_node` keeps them."""
    return QoSProfile(
        depth=2,
        history=HistoryPolicy.KEEP_LAST,
        reliability=ReliabilityPolicy[reliability.upper()],
    )


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument('--pictures', type=int, default=60)
    parser.add_argument('--fps', type=float, default=20.0)
    parser.add_argument('--json', action='store_true')
    parser.add_argument('--send', nargs=5, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.send:
        reliability, width, height, count, fps = options.send
        rclpy.init()
        publish(qos_of(reliability), (int(width), int(height)), int(count), float(fps))
        rclpy.shutdown()
        return
    crossings = [
        measure(settings, reliability, size_wh, options.pictures, options.fps)
        for size_wh, reliability, settings in product(
            SIZES_WH, (RELIABLE, BEST_EFFORT), (USUAL, OURS)
        )
    ]
    if options.json:
        print(json.dumps([asdict(crossing) for crossing in crossings]))
        return
    table = Table('picture', 'QoS', 'Fast DDS', 'arrived', 'after (median)')
    for one in crossings:
        table.add_row(
            f'{one.width}x{one.height}',
            one.qos,
            one.settings,
            f'{one.received} of {one.sent}',
            '-' if one.latency_ms is None else f'{one.latency_ms:.1f} ms',
        )
    Console().print(table)


if __name__ == '__main__':
    main()
