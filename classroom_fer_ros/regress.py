"""
Compare what the code says of recorded pictures now with what it said when they were recorded.

    python -m classroom_fer_ros.regress BAG [--golden GOLDEN] [--accept]

Prints what changed first of each field, and writes a page and a table of all that did.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from classroom_fer_ros.core.errors import BagError, ClassroomFerError
from classroom_fer_ros.core.profiles import PROFILE_NAMES
from classroom_fer_ros.run import NO_ROS
from classroom_fer_ros.shared_memory import make_room_for_pictures

if TYPE_CHECKING:
    from classroom_fer_ros.bags.bag_reader import BagReader

IN_PROCESS = 'in-process'
MODES = (IN_PROCESS, 'fused', 'distributed')


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point: 0 if all is the same or was accepted, 1 if not, 2 if nothing can be told."""
    options = _parser().parse_args(arguments)
    try:
        import rclpy
        from rclpy.signals import SignalHandlerOptions

        from classroom_fer_ros.ros_arguments import node_arguments
    except ImportError as error:
        print(f'regress: {NO_ROS.format(error=error)}', file=sys.stderr)
        return 2
    try:
        make_room_for_pictures()
        rclpy.init(
            args=['regress', *node_arguments(options.config, {})],
            signal_handler_options=SignalHandlerOptions.NO,
        )
        return _regress(options)
    except ClassroomFerError as error:
        print(f'regress: {error}', file=sys.stderr)
        return 2
    finally:
        rclpy.try_shutdown()


def _regress(options: argparse.Namespace) -> int:
    from classroom_fer_ros import golden
    from classroom_fer_ros.bag_analysis import picture_topic
    from classroom_fer_ros.bags.bag_reader import BagReader
    from classroom_fer_ros.regression import compare

    golden_path = options.golden or options.bag
    with ExitStack() as stack:
        bag = stack.enter_context(BagReader(options.bag))
        topic = picture_topic(bag, options.topic)
        recorded = None
        if golden_path.exists() or not options.accept:
            recorded = stack.enter_context(BagReader(golden_path))
        before = {} if recorded is None else golden.read_results(recorded)
        if not (before or options.accept):
            raise BagError(f'{golden_path} holds no results: ARGS=--accept adds those of now')
        results = golden.as_recorded(_analyse(bag, topic, options))
        differences = compare(before, results, options.tolerance)
        code = _tell(differences, len(before), options)
        if not (options.accept and differences):
            return code
        namespace = golden.namespace_of(recorded) if before else topic.partition('/image')[0]
        # Kept apart from its pictures, a golden recording stays small however often it is renewed.
        has_pictures = golden_path.resolve() == options.bag.resolve()
        golden.write_golden(golden_path, bag, topic, namespace, results, has_pictures)
        print(f'accepted: {golden_path} holds the results of now')
        return 0


def _analyse(bag: BagReader, topic: str, options: argparse.Namespace) -> Mapping[Any, Any]:
    from dataclasses import replace

    from rclpy.node import Node

    from classroom_fer_ros import bag_analysis, golden
    from classroom_fer_ros.core.pipeline import ClassroomPipeline
    from classroom_fer_ros.core.profiles import profile_named
    from classroom_fer_ros.nodes import parameters
    from classroom_fer_ros.nodes.node_config import NodeConfig

    profile = profile_named(options.profile or bag.custom_data.get('profile', 'standard'))
    if options.mode != IN_PROCESS:
        return bag_analysis.analyse(bag, topic, options.mode, profile).results
    node = Node('pipeline_node')  # by whose name a file may give parameters
    parameters.declare(node, NodeConfig)
    config = replace(parameters.read(node, NodeConfig).analysis, profile=profile.name)
    node.destroy_node()
    pipeline = ClassroomPipeline(config)
    try:
        return golden.analyse_in_process(bag, topic, pipeline)
    finally:
        pipeline.close()


def _tell(differences: Sequence[Any], num_before: int, options: argparse.Namespace) -> int:
    from classroom_fer_ros.regression_report import lines_of, write_csv, write_html

    if not differences:
        print(f'{num_before} results of {options.bag} are as they were ({options.mode})')
        return 0
    for line in lines_of(differences):
        print(line)
    options.out.mkdir(parents=True, exist_ok=True)
    title = f'{options.bag}: what has changed ({options.mode})'
    write_html(differences, title, options.out / 'differences.html')
    write_csv(differences, options.out / 'differences.csv')
    print(f'{len(differences)} differences: {options.out}/differences.html and .csv')
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog='regress', description='Compare with a recording.')
    parser.add_argument('bag', type=Path, metavar='BAG', help='bag that holds the pictures')
    parser.add_argument('--golden', type=Path, help='bag that holds the results; default: BAG')
    parser.add_argument(
        '--mode',
        choices=MODES,
        default=IN_PROCESS,
        help='without nodes, or by the nodes of a mode',
    )
    parser.add_argument('--topic', default='', help='of the pictures, where there are several')
    parser.add_argument('--profile', choices=PROFILE_NAMES, help='default: that of the bag')
    parser.add_argument('--config', type=Path, help='YAML file of parameters')
    parser.add_argument(
        '--tolerance', type=float, default=1.0, help='scale of what counts as the same; 0: nothing'
    )
    parser.add_argument(
        '--out', type=Path, default=Path('out/regression'), help='folder for the report'
    )
    parser.add_argument('--accept', action='store_true', help='take the results of now as golden')
    return parser


if __name__ == '__main__':
    sys.exit(main())
