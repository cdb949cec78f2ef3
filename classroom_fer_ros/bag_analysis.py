"""Analysing the pictures of a bag: by the nodes over DDS, in step with them or at a rate."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import Any

from rclpy.serialization import deserialize_message
from sensor_msgs.msg import CompressedImage, Image

from classroom_fer_ros.bags.bag_reader import BagMessage, BagReader
from classroom_fer_ros.bags.message_types import class_of, name_of, stamp_of
from classroom_fer_ros.core.errors import BagError, ClassroomFerError
from classroom_fer_ros.core.frame import Frame
from classroom_fer_ros.core.profiles import Feature, Profile
from classroom_fer_ros.nodes import topics
from classroom_fer_ros.nodes.analysis_node import AnalysisNode
from classroom_fer_ros.nodes.convert import from_time
from classroom_fer_ros.nodes.face_node import FaceNode
from classroom_fer_ros.nodes.pictures import from_compressed, from_image
from classroom_fer_ros.nodes.player import Player
from classroom_fer_ros.nodes.replayed_system import replayed_system
from classroom_fer_ros.nodes.result_collector import (
    EACH_PICTURE,
    NOW_AND_THEN,
    ResultCollector,
    ResultKey,
)
from classroom_fer_ros.nodes.serving import spinning
from classroom_fer_ros.nodes.stage_node import StageNode

NAMESPACE = '/classroom/replay'
#: Results of one picture are waited for no longer, nodes that come up neither.
RESULT_TIMEOUT_S, START_TIMEOUT_S = 120.0, 60.0
LAST_TIMEOUT_S = 20.0
#: At the end, results are waited for until none has come for so long.
QUIET_S = 0.5
PERIOD_S = 0.02


@dataclass(frozen=True, slots=True)
class Analysed:
    """
    What came of the pictures of a bag.

    :param results: messages by topic (relative) and stamp
    :param pictures: that were published
    :param processed: of them, those that were analysed
    :param dropped: those that were passed over, as the nodes report
    """

    results: Mapping[ResultKey, Any]
    pictures: int
    processed: int
    dropped: int


def picture_topic(bag: BagReader, wanted: str = '') -> str:
    """
    The topic of a bag that holds pictures.

    :param wanted: its name, where there are several
    :raises BagError: if there is none, or there are several and none is named
    """
    if wanted:
        if wanted not in bag.topics:
            raise BagError(f'{bag.path} holds no {wanted}, but {", ".join(sorted(bag.topics))}')
        return wanted
    kinds = (name_of(CompressedImage), name_of(Image))
    found = [
        name
        for name, topic in bag.topics.items()
        if topic.type_name in kinds and name.rpartition('/')[2] != topics.OVERLAY
        if bag.counts[name] and f'{topics.OVERLAY}/' not in name
    ]
    if len(found) != 1:
        words = f'pictures on {", ".join(sorted(found))}: name one with --topic'
        raise BagError(f'{bag.path} holds {words if found else "no pictures"}')
    return found[0]


def frames_of(bag: BagReader, topic: str) -> Iterator[tuple[BagMessage, Frame, Any]]:
    """
    Pictures of a bag, in the order in which they came.

    :return: message, picture, and its header
    """
    kind = class_of(bag.topics[topic].type_name)
    for index, message in enumerate(bag.messages([topic])):
        picture = deserialize_message(message.data, kind)
        image = from_compressed(picture) if kind is CompressedImage else from_image(picture)
        stamp_ns = from_time(picture.header.stamp)
        yield message, Frame(image, stamp_ns, index), picture.header


def analyse(
    bag: BagReader,
    topic: str,
    mode: str | None,
    profile: Profile,
    rate: float = 0.0,
    namespace: str = NAMESPACE,
    is_over: Callable[[], bool] = lambda: False,
) -> Analysed:
    """
    Play the pictures of a bag to the nodes of one mode.

    :param mode: None for nodes that run elsewhere already
    :param rate: 0 plays in step: the next picture when all is said of the one before
    :param is_over: ends it early
    :raises ClassroomFerError: if the nodes cannot be started, or say nothing of a picture
    """
    expected = each_picture(profile)
    info = topics.info_of(topic)
    played = [topic, *([info] if info in bag.topics else [])]
    with ExitStack() as stack:
        player = Player(bag, played)
        stack.callback(player.destroy_node)
        collector = ResultCollector(namespace, (*expected, *NOW_AND_THEN))
        stack.callback(collector.destroy_node)
        stack.enter_context(spinning(collector))
        nodes: Sequence[AnalysisNode] = ()
        if mode is not None:
            system = replayed_system(mode, namespace, profile, f'topic:{topic}')
            nodes = stack.enter_context(system)
        _wait_until(
            lambda: player.num_listeners(topic) > 0 and collector.has_publishers(expected),
            'the nodes do not come up',
        )
        _wait_for_each_other(nodes, (*expected, *NOW_AND_THEN))
        player.announce(info)  # a camera's lens is known before its pictures
        if rate:
            player.play(rate, is_over)
            # The last picture is always taken, where it is offered reliably.
            with suppress(ClassroomFerError):
                collector.wait_for(
                    player.last_stamp_ns(topic), expected, LAST_TIMEOUT_S, lambda: ''
                )
        else:
            _play_in_step(player, collector, topic, expected, nodes, is_over)
        _wait_until_quiet(collector)
        processed = len({stamp for name, stamp in collector.results if name == topics.FACES})
        dropped = sum(node.performance.dropped for node in nodes if node.performance)
        return Analysed(dict(collector.results), player.num_published[topic], processed, dropped)


def each_picture(profile: Profile) -> tuple[str, ...]:
    """Topics that say something of every picture under a profile."""
    has_expression = profile.allows(Feature.EXPRESSION)
    return tuple(name for name in EACH_PICTURE if has_expression or name != topics.EXPRESSIONS)


def _play_in_step(
    player: Player,
    collector: ResultCollector,
    topic: str,
    expected: Collection[str],
    nodes: Sequence[AnalysisNode],
    is_over: Callable[[], bool],
) -> None:
    def wait(message: BagMessage) -> None:
        if message.topic == topic:
            collector.wait_for(
                stamp_of(message.data), expected, RESULT_TIMEOUT_S, lambda: _problems(nodes)
            )

    player.play_in_step(wait, is_over)


def _problems(nodes: Sequence[AnalysisNode]) -> str:
    return '; '.join(f'{node.NAME}: {node.problem}' for node in nodes if node.problem)


def _wait_for_each_other(nodes: Sequence[AnalysisNode], collected: Collection[str]) -> None:
    """Until whoever listens to a node has been found by it, so that the first picture is whole."""
    for speaker in nodes:
        for name in speaker.output_topics():
            wanted = sum(name in inputs_of(node) for node in nodes) + (name in collected)
            _wait_until(
                lambda name=name, wanted=wanted, speaker=speaker: (
                    speaker.outputs.num_listeners(name) >= wanted
                ),
                f'{name} of {speaker.NAME} is not heard by all',
            )


def inputs_of(node: AnalysisNode) -> tuple[str, ...]:
    """Topics of other nodes that a node takes."""
    if isinstance(node, StageNode):
        return (topics.FACES, *node.inputs)
    return (topics.IMAGE,) if isinstance(node, FaceNode) else ()


def _wait_until(condition: Callable[[], bool], problem: str) -> None:
    end_s = time.monotonic() + START_TIMEOUT_S
    while not condition():
        if time.monotonic() > end_s:
            raise ClassroomFerError(f'{problem} within {START_TIMEOUT_S:g} s')
        time.sleep(PERIOD_S)


def _wait_until_quiet(collector: ResultCollector) -> None:
    while time.monotonic() - collector.last_s < QUIET_S:
        time.sleep(PERIOD_S)
