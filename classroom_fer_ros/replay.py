"""
Play a recording, or analyse its pictures anew: ``python -m classroom_fer_ros.replay BAG``.

Publishes what was recorded, ours or by `ros2 bag record` (MCAP or sqlite3), and sets ``/clock`` by
it. With `--analyse` the nodes are started as well, and told to keep to that clock.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from classroom_fer_ros.core.errors import ClassroomFerError, ConfigError
from classroom_fer_ros.core.profiles import PROFILE_NAMES, profile_named
from classroom_fer_ros.run import NO_ROS
from classroom_fer_ros.shared_memory import make_room_for_pictures

if TYPE_CHECKING:
    from classroom_fer_ros.bag_analysis import Analysed
    from classroom_fer_ros.bags.bag_reader import BagReader
    from classroom_fer_ros.session import Interruption

#: Somebody who listens already is found within this time.
DISCOVERY_S = 2.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point: 0 at the end of the bag or on Ctrl-C, 2 if it cannot be played."""
    options = _parser().parse_args(arguments)
    try:
        import rclpy
        from rclpy.signals import SignalHandlerOptions

        from classroom_fer_ros.bags.bag_reader import BagReader
        from classroom_fer_ros.ros_arguments import node_arguments
        from classroom_fer_ros.session import Interruption
    except ImportError as error:
        print(f'replay: {NO_ROS.format(error=error)}', file=sys.stderr)
        return 2
    interruption = Interruption()
    try:
        if not options.rate > 0.0:
            raise ConfigError('rate', options.rate, 'must be > 0')
        make_room_for_pictures()
        rclpy.init(
            args=['replay', *node_arguments(options.config, {})],
            signal_handler_options=SignalHandlerOptions.NO,
        )
        with BagReader(options.bag) as bag:
            if options.analyse is None and not options.as_fast_as_possible:
                _play(bag, options, interruption)
            else:
                _analyse(bag, options, interruption)
    except ClassroomFerError as error:
        print(f'replay: {error}', file=sys.stderr)
        return 2
    finally:
        rclpy.try_shutdown()
    return 0


def _play(bag: BagReader, options: argparse.Namespace, interruption: Interruption) -> None:
    from classroom_fer_ros.nodes.player import Player

    first_ns, last_ns = bag.span_ns
    with ExitStack() as stack:
        player = Player(bag, options.topics)
        stack.callback(player.destroy_node)
        for remark in player.left_out:
            print(f'replay: {remark}', file=sys.stderr)
        seconds = (last_ns - first_ns) * 1e-9
        print(f'{bag.path}: {seconds:.1f} s of {", ".join(player.topics)}; Ctrl-C ends it')
        end_s = time.monotonic() + DISCOVERY_S
        while time.monotonic() < end_s and not interruption.is_there:
            time.sleep(0.1)
        player.play(options.rate, lambda: interruption.is_there)
        print(f'{sum(player.num_published.values())} messages published')


def _analyse(bag: BagReader, options: argparse.Namespace, interruption: Interruption) -> None:
    from classroom_fer_ros import bag_analysis

    profile = profile_named(options.profile or bag.custom_data.get('profile', 'standard'))
    topic = bag_analysis.picture_topic(bag, options.topic)
    analysed = bag_analysis.analyse(
        bag,
        topic,
        options.analyse,
        profile,
        rate=0.0 if options.as_fast_as_possible else options.rate,
        namespace=options.namespace,
        is_over=lambda: interruption.is_there,
    )
    for line in _lines_of(analysed):
        print(line)


def _lines_of(analysed: Analysed) -> list[str]:
    alerts = [
        f'{stamp_ns * 1e-9:.3f} s: {alert.text}'
        for (name, stamp_ns), message in sorted(
            analysed.results.items(), key=lambda one: one[0][1]
        )
        if name == 'alerts'
        for alert in message.alerts
        if alert.status == alert.RAISED
    ]
    return [
        f'{analysed.pictures} pictures published, {analysed.processed} analysed, '
        f'{analysed.dropped} passed over',
        *alerts,
    ]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog='replay', description='Play a recording.')
    parser.add_argument('bag', type=Path, metavar='BAG', help='folder or file of a recording')
    parser.add_argument('--rate', type=float, default=1.0, help='2 plays twice as fast')
    parser.add_argument(
        '--as-fast-as-possible',
        action='store_true',
        help='analyse in step: the next picture when all is said of the one before',
    )
    parser.add_argument('--topics', nargs='+', help='play these only; default: all')
    parser.add_argument(
        '--analyse',
        choices=('fused', 'distributed'),
        help='play the pictures only, to nodes of this mode that are started too',
    )
    parser.add_argument('--topic', default='', help='of the pictures, where there are several')
    parser.add_argument('--namespace', default='/classroom/replay', help='of the results')
    parser.add_argument('--profile', choices=PROFILE_NAMES, help='default: that of the bag')
    parser.add_argument('--config', type=Path, help='YAML file of parameters')
    return parser


if __name__ == '__main__':
    sys.exit(main())
