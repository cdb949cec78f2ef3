"""Bags are published as they were recorded, with their clock; also to nodes that run elsewhere."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from classroom_fer_msgs.msg import FaceArray
from rclpy.node import Node
from rclpy.serialization import deserialize_message
from rosbags.rosbag2 import StoragePlugin, Writer
from rosgraph_msgs.msg import Clock

from classroom_fer_ros import bag_analysis
from classroom_fer_ros.bags.bag_reader import BagReader
from classroom_fer_ros.bags.message_types import definition_of
from classroom_fer_ros.core.errors import BagError
from classroom_fer_ros.core.profiles import PROFILES
from classroom_fer_ros.nodes import topics
from classroom_fer_ros.nodes.convert import from_time
from classroom_fer_ros.nodes.player import Player
from classroom_fer_ros.nodes.replayed_system import replayed_system
from classroom_fer_ros.nodes.serving import spinning
from harness import wait_until
from recordings import PICTURES, beginning_of_golden

FACES = f'/classroom/front/{topics.FACES}'


class Audience(Node):
    """Keeps the faces and the clock."""

    def __init__(self) -> None:
        super().__init__('audience')
        self.stamps: list[int] = []
        self.clock: list[int] = []
        self.create_subscription(FaceArray, FACES, self._on_faces, 50)
        self.create_subscription(Clock, '/clock', self._on_clock, 500)

    def _on_faces(self, message: FaceArray) -> None:
        self.stamps.append(from_time(message.header.stamp))

    def _on_clock(self, message: Clock) -> None:
        self.clock.append(from_time(message.clock))


def as_sqlite3(bag: Path, folder: Path) -> Path:
    """The same messages as `ros2 bag record` stores them with sqlite3."""
    with (
        BagReader(bag) as old,
        Writer(folder, version=9, storage_plugin=StoragePlugin.SQLITE3) as new,
    ):
        connections = {}
        for name, topic in old.topics.items():
            text = definition_of(topic.type_name)
            connections[name] = new.add_connection(
                name, topic.type_name, msgdef=text.text, rihs01=text.type_hash
            )
        for message in old.messages():
            new.write(connections[message.topic], message.log_ns, message.data)
    return folder


@pytest.mark.usefixtures('ros')
@pytest.mark.parametrize('storage', ['mcap', 'sqlite3'])
def test_messages_and_clock(tmp_path: Path, storage: str) -> None:
    path = beginning_of_golden(tmp_path / 'bag', 15)
    if storage == 'sqlite3':
        path = as_sqlite3(path, tmp_path / 'other')
        assert list(path.glob('*.db3'))
    audience = Audience()
    with BagReader(path) as bag, spinning(audience):
        player = Player(bag)
        wait_until(lambda: player.num_listeners(FACES))
        wait_until(lambda: audience.count_publishers('/clock'))
        player.play(2.0, lambda: False)
        wait_until(lambda: len(audience.stamps) == 15)
        first_ns, last_ns = bag.span_ns
        assert audience.stamps == sorted(
            from_time(deserialize_message(m.data, FaceArray).header.stamp)
            for m in bag.messages([FACES])
        )
        wait_until(lambda: last_ns in audience.clock)
        assert audience.clock == sorted(audience.clock)
        assert first_ns <= audience.clock[0]
        assert player.num_published == bag.counts
        player.destroy_node()
    audience.destroy_node()


@pytest.mark.usefixtures('ros')
def test_only_what_is_there_is_played(tmp_path: Path) -> None:
    with BagReader(beginning_of_golden(tmp_path / 'bag', 2)) as bag:
        player = Player(bag, [FACES, '/no/such'])
        assert player.topics == (FACES,)
        assert '/no/such is left out' in player.left_out[0]
        player.destroy_node()
        with pytest.raises(BagError, match='it holds /classroom/front'):
            Player(bag, ['/no/such'])
        with pytest.raises(BagError, match='/no/such'):
            bag_analysis.picture_topic(bag, '/no/such')


@pytest.mark.usefixtures('ros')
def test_nodes_that_run_already_are_played_to_in_step(tmp_path: Path) -> None:
    profile, namespace = PROFILES['eu_school'], '/classroom/elsewhere'
    with (
        BagReader(beginning_of_golden(tmp_path / 'bag', 5)) as bag,
        replayed_system('fused', namespace, profile, f'topic:{PICTURES}') as (node,),
    ):
        done = bag_analysis.analyse(bag, PICTURES, None, profile, namespace=namespace)
        assert node.performance.pictures == 5
    assert (done.pictures, done.processed) == (5, 5)
    assert not any(name == topics.EXPRESSIONS for name, _ in done.results)


def test_the_command_plays_a_bag(tmp_path: Path) -> None:
    bag = beginning_of_golden(tmp_path / 'bag', 5)
    command = [sys.executable, '-m', 'classroom_fer_ros.replay']
    done = subprocess.run(
        [*command, str(bag), '--rate', '10'], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    with BagReader(bag) as played:
        assert f'{sum(played.counts.values())} messages published' in done.stdout
    done = subprocess.run([*command, '/no/bag'], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == 'replay: bag /no/bag does not exist\n'
