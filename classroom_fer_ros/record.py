"""
Record a running system, or start one and record it: ``python -m classroom_fer_ros.record``.

Writes a rosbag2 folder of MCAP files, which `ros2 bag`, Foxglove and PlotJuggler read without this
package. Where `--source` is given, the system is started too, as by ``run --record``.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from classroom_fer_ros.core.errors import BagError, ClassroomFerError
from classroom_fer_ros.core.profiles import PROFILE_NAMES, profile_named
from classroom_fer_ros.run import NAMESPACE, NO_ROS, SPLIT_MB

if TYPE_CHECKING:
    from classroom_fer_ros.session import Interruption

#: A running node says its profile once a second.
ANSWER_S = 10.0
PERIOD_S = 0.2


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point: 0 on Ctrl-C or at the end, 1 if it broke off, 2 if nothing can be recorded."""
    options, rest = _parser().parse_known_args(arguments)
    if options.source is not None:
        from classroom_fer_ros import run

        return run.main([*_run_arguments(options), *rest])
    if rest:
        _parser().error(f'unknown: {rest[0]}')
    try:
        import rclpy
        from rclpy.signals import SignalHandlerOptions

        from classroom_fer_ros.session import Interruption
    except ImportError as error:
        print(f'record: {NO_ROS.format(error=error)}', file=sys.stderr)
        return 2
    interruption = Interruption()
    rclpy.init(args=['record'], signal_handler_options=SignalHandlerOptions.NO)
    try:
        return _record(options, interruption)
    except ClassroomFerError as error:
        print(f'record: {error}', file=sys.stderr)
        return 2
    finally:
        rclpy.try_shutdown()


def _record(options: argparse.Namespace, interruption: Interruption) -> int:
    from classroom_fer_ros.core.capture_config import BYTES_A_MEGABYTE
    from classroom_fer_ros.nodes.profile_question import profile_of
    from classroom_fer_ros.recording import RecordOptions, record

    profile = options.profile or profile_of(options.namespace, ANSWER_S)
    if not profile:
        raise BagError(
            f'no node of {options.namespace} says its profile: start the system first (`make '
            'run`), name its --namespace, or give a --source'
        )
    record_options = RecordOptions(
        folder=options.out,
        has_pictures=options.pictures,
        is_lossless=options.lossless,
        max_file_bytes=options.split_mb * BYTES_A_MEGABYTE,
    )
    end_s = time.monotonic() + options.seconds
    with record(options.namespace, profile_named(profile), record_options) as recording:
        print(f'recording {options.namespace} ({profile}) in {options.out}; Ctrl-C ends it')
        while not (interruption.is_there or recording.failure or time.monotonic() > end_s):
            time.sleep(PERIOD_S)
    print(recording.summary)
    if recording.failure:
        print(f'record: {recording.failure}', file=sys.stderr)
    return 1 if recording.failure else 0


def _run_arguments(options: argparse.Namespace) -> list[str]:
    """As `run` takes them."""
    arguments = ['--source', options.source, '--record', str(options.out)]
    arguments += ['--namespace', options.namespace, '--seconds', str(options.seconds)]
    arguments += ['--split-mb', str(options.split_mb)]
    arguments += ['--profile', options.profile] if options.profile else []
    arguments += ['--record-pictures'] if options.pictures else []
    return [*arguments, '--lossless'] if options.lossless else arguments


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog='record', description='Record what is published.')
    parser.add_argument('--out', type=Path, required=True, help='new folder for the recording')
    parser.add_argument('--source', help='start the system with this source, as `run` does')
    parser.add_argument('--namespace', default=NAMESPACE, help='of the topics')
    parser.add_argument(
        '--profile', choices=PROFILE_NAMES, help='default: that of the running system'
    )
    parser.add_argument(
        '--pictures', action='store_true', help='record pictures too, if the profile allows'
    )
    parser.add_argument(
        '--lossless', action='store_true', help='pictures as they came, not as JPEG'
    )
    parser.add_argument(
        '--split-mb', type=int, default=SPLIT_MB, help='begin another file after so many megabytes'
    )
    parser.add_argument(
        '--seconds', type=float, default=float('inf'), help='stop after so long; default: never'
    )
    return parser


if __name__ == '__main__':
    sys.exit(main())
