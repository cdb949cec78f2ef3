"""
Run the system: ``python -m classroom_fer_ros.run [--source …] [--mode …] [--out DIR]``.

Brings the nodes up, shows a live table, and ends on Ctrl-C or with the film.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from classroom_fer_ros.core.errors import ClassroomFerError
from classroom_fer_ros.core.profiles import PROFILE_NAMES

NAMESPACE = '/classroom/front'
#: A file of a recording this large is finished and another one begun.
SPLIT_MB = 1000
NO_ROS = (
    'ROS 2 or the messages are missing ({error}): run `make setup`, or source ROS 2 Jazzy and '
    'the workspace in which classroom_fer_msgs was built'
)
NO_OUT = (
    '--out works with one camera in fused mode only, where no picture is passed over: leave it or '
    '{option} out'
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point: 0 at the end of the source or on Ctrl-C, 1 if it broke off, 2 if unusable."""
    try:
        return _run(arguments)
    except KeyboardInterrupt:  # while it was loading; later, signals are taken one by one
        return 0


def _run(arguments: Sequence[str] | None) -> int:
    parser = _parser()
    options, ros_arguments = parser.parse_known_args(arguments)
    if ros_arguments and ros_arguments[0] != '--ros-args':
        parser.error(f'unknown: {ros_arguments[0]} (parameters go behind --ros-args -p)')
    is_supervised = options.mode == 'distributed' or options.cameras is not None
    if is_supervised and options.out is not None:
        option = '--cameras' if options.mode == 'fused' else '--mode distributed'
        print(f'run: {NO_OUT.format(option=option)}', file=sys.stderr)
        return 2
    try:
        import rclpy

        if is_supervised:
            from classroom_fer_ros.supervised_run import run
        else:
            from classroom_fer_ros.fused_run import run
    except ImportError as error:
        print(f'run: {NO_ROS.format(error=error)}', file=sys.stderr)
        return 2
    try:
        return run(options, ros_arguments)
    except ClassroomFerError as error:
        print(f'run: {error}', file=sys.stderr)
        return 2
    finally:
        rclpy.try_shutdown()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog='run', description='Watch a class.')
    parser.add_argument('--source', help='camera, film, folder, address, topic:NAME or simulated')
    parser.add_argument(
        '--mode',
        choices=('fused', 'distributed'),
        default='fused',
        help='one process, or one for each node of the design',
    )
    parser.add_argument('--profile', choices=PROFILE_NAMES, help='what may be analysed and kept')
    parser.add_argument('--out', type=_path, help='folder for the annotated film and the tables')
    parser.add_argument('--record', type=_path, help='new folder for a recording (rosbag2)')
    parser.add_argument(
        '--record-pictures',
        action='store_true',
        help='record pictures too; research does so unasked, eu_school never',
    )
    parser.add_argument(
        '--lossless', action='store_true', help='record pictures as they came, not as JPEG'
    )
    parser.add_argument(
        '--split-mb',
        type=int,
        default=SPLIT_MB,
        help='begin another file of the recording after so many megabytes',
    )
    parser.add_argument('--config', type=_path, help='YAML file of parameters')
    parser.add_argument('--namespace', default=NAMESPACE, help='of topics and services')
    parser.add_argument(
        '--cameras', type=_path, help='YAML list of cameras, each with a namespace of its own'
    )
    parser.add_argument(
        '--seconds', type=float, default=float('inf'), help='stop after so long; default: never'
    )
    parser.epilog = 'Further arguments go to ROS, for example: --ros-args -p camera.students:=12'
    return parser


def _path(text: str) -> Path:
    return Path(text).expanduser()


if __name__ == '__main__':
    sys.exit(main())
