"""The diagrams of docs/topics.md show the nodes and topics that there are."""

from __future__ import annotations

import gc
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from classroom_fer_ros.nodes import topics
from classroom_fer_ros.nodes.analysis_node import AnalysisNode
from classroom_fer_ros.nodes.camera_node import CameraNode
from classroom_fer_ros.nodes.result_publishers import TOPICS
from classroom_fer_ros.nodes.room_node import RoomNode
from distributed import NODES, SUCCESS, ear, node_of
from harness import NAMESPACE, pipeline_node, wait_until

PAGE = Path(__file__).parents[2] / 'docs' / 'topics.md'
SMALL = {'camera__width': 320, 'camera__height': 240, 'camera__students': 1}
#: Without it dataset_node takes nothing.
CAPTURING = {'capture__is_enabled': True}
#: Of ROS itself, or of every node.
COMMON = ('/parameter_events', '/rosout', '/transition_event', topics.DIAGNOSTICS, '/tf')
#: Packages of the services that every lifecycle node has.
OF_EVERY_NODE = ('lifecycle_msgs/', 'rcl_interfaces/', 'type_description_interfaces/')
Edge = tuple[str, str, str]
pytestmark = pytest.mark.usefixtures('ros')


def diagram(heading: str) -> Iterator[Edge]:
    """Arrows of the diagram below a heading: giver, topic, taker."""
    below = PAGE.read_text(encoding='utf-8').split(f'\n## {heading}\n')[1]
    drawn = below.split('```mermaid\n')[1].split('```')[0]
    for giver, label, takers in re.findall(r'^ *(\w+) -->\|([^|]+)\| (.+)$', drawn, re.MULTILINE):
        for topic in label.split(','):
            for taker in takers.split('&'):
                yield giver, topic.strip(), re.findall(r'\w+', taker)[0]


def relative(found: list[tuple[str, list[str]]]) -> set[str]:
    """Names of topics that are this node's business."""
    names = {name.removeprefix(f'{NAMESPACE}/') for name, _ in found}
    return {name for name in names if not name.endswith(COMMON)}


def settled(look: Callable[[], set[str]]) -> set[str]:
    """What discovery shows, once nothing has been added to it for half a second."""
    found, since_s = look(), time.monotonic()
    while time.monotonic() - since_s < 0.5:
        time.sleep(0.05)
        if look() != found:
            found, since_s = look(), time.monotonic()
    return found


def ends(kind: type[AnalysisNode]) -> tuple[set[str], set[str]]:
    """Topics that a running node publishes, and those that it takes."""
    gc.collect()  # the graph mistakes one that is on its way out for another of the same name
    given = {'room__cameras': NAMESPACE} if kind is RoomNode else SMALL | CAPTURING
    with node_of(kind, **given) as node:
        place = (node.get_name(), node.get_namespace())

        def taken() -> set[str]:
            return relative(node.get_subscriber_names_and_types_by_node(*place))

        if kind is not CameraNode:
            wait_until(taken, 10.0)
        return relative(node.get_publisher_names_and_types_by_node(*place)), settled(taken)


def arrows(*kinds: type[AnalysisNode]) -> set[Edge]:
    """Topics that go from one node to another."""
    published, taken = {}, {}
    for kind in kinds:
        published[kind.NAME], taken[kind.NAME] = ends(kind)
    published.pop(RoomNode.NAME)  # in another namespace than the cameras'
    return {
        (giver, topic, taker)
        for giver in published
        for taker in taken
        for topic in published[giver] & taken[taker]
        if giver != taker
    }


def test_distributed() -> None:
    with ear(topics.OVERLAY):  # whole pictures are taken only while somebody looks
        found = arrows(*NODES, RoomNode)
    drawn = list(diagram('Distributed mode'))
    assert set(drawn) == found
    assert len(drawn) == len(found)


def test_the_table_of_nodes_is_the_diagram_s() -> None:
    page = PAGE.read_text(encoding='utf-8')
    rows = re.findall(r'^\| `(\w+_node)` \|([^|]*)\|([^|]*)\|', page, re.MULTILINE)
    takes = {node: taken for node, taken, _ in rows}
    gives = {node: given for node, _, given in rows}
    for giver, topic, taker in diagram('Distributed mode'):
        assert f'`{topic}`' in gives[giver], giver
        assert f'`{topic}`' in takes[taker] or 'all results' in takes[taker], taker


def test_fused() -> None:
    drawn = list(diagram('Fused mode'))
    _, taken = ends(RoomNode)
    gc.collect()
    with pipeline_node(**SMALL, opens_at_start=False) as node:
        assert node.trigger_configure() is SUCCESS
        place = (node.get_name(), node.get_namespace())

        def published() -> set[str]:
            return relative(node.get_publisher_names_and_types_by_node(*place))

        wait_until(lambda: published() >= set(TOPICS))
        given = settled(published)
        offered = node.get_service_names_and_types_by_node(*place)
    assert {topic for giver, topic, taker in drawn if taker == 'room_node'} == given & taken
    diagnostics = {topics.DIAGNOSTICS}
    to_anyone = [(giver, topic) for giver, topic, taker in drawn if taker == 'anyone']
    assert set(to_anyone) == {
        *(('pipeline_node', topic) for topic in given | diagnostics),
        *(('room_node', topic) for topic in {*RoomNode.OUTPUTS} | diagnostics),
    }
    assert given == set(TOPICS)
    assert documented_services() == {
        name.removeprefix(f'{NAMESPACE}/'): kind.rpartition('/')[2]
        for name, (kind,) in offered
        if not kind.startswith(OF_EVERY_NODE)
    }


def documented_services() -> dict[str, str]:
    """Types without their packages, by name."""
    table = PAGE.read_text(encoding='utf-8').split('\n## Services\n')[1].split('\n## ')[0]
    rows = re.findall(r'^\| (`.+?) \| `(?:\w+/)?(\w+)` \|', table, re.MULTILINE)
    return {name: kind for names, kind in rows for name in re.findall(r'`(\w+)`', names)}
