"""Commands by which launch files record and play, with and without `ros2 bag`."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip('rclpy', reason='no ROS 2: run `make setup`')

from classroom_fer_ros import record, replay
from classroom_fer_ros.core.errors import ConfigError, ProfileError
from classroom_fer_ros.core.profiles import PROFILES
from classroom_fer_ros.launch_bags import may_hold_names, play_command, record_command
from classroom_fer_ros.launch_plan import Camera

TOPIC = '/cam/image_raw/compressed'


def camera(profile: str = 'standard', config: str = '') -> Camera:
    return Camera(namespace='/room/front', profile=PROFILES[profile], config=config)


@pytest.fixture
def gallery(tmp_path: Path) -> str:
    path = tmp_path / 'my.yaml'
    path.write_text('/**: {ros__parameters: {gallery_path: people.db}}')
    return str(path)


@pytest.fixture
def nobody(tmp_path: Path) -> str:
    path = tmp_path / 'nobody.yaml'
    path.write_text('/**: {ros__parameters: {gallery_path: ""}}')
    return str(path)


def test_ros2_bag_records_where_it_is(nobody: str) -> None:
    command = record_command(camera(config=nobody), 'pictures', True, True)
    assert command[:3] == ['ros2', 'bag', 'record']
    assert command[command.index('--max-bag-size') + 1].isdecimal()
    assert command[command.index('--storage-preset-profile') + 1] == 'zstd_fast'
    recorded = command[command.index('--topics') + 1 :]
    assert {'/room/front/image_raw', '/room/front/faces', '/diagnostics'} <= set(recorded)


@pytest.mark.parametrize('has_ros2_bag', [True, False])
def test_names_are_left_to_our_own_recorder(gallery: str, nobody: str, has_ros2_bag: bool) -> None:
    """`ros2 bag` writes messages as they are; unless it is empty, there is a gallery."""
    for named in (camera('research', gallery), camera('standard')):
        assert may_hold_names(named)
        assert record_command(named, 'true', False, has_ros2_bag)[1] == 'run'
    assert not may_hold_names(camera('standard', nobody))
    assert not may_hold_names(camera('eu_school', gallery))


def test_our_recorder_understands_its_command() -> None:
    command = record_command(camera(), 'pictures', True, False)
    options = record._parser().parse_args(command[4:])
    assert command[:4] == ['ros2', 'run', 'classroom_fer_ros', 'record']
    assert (options.namespace, options.profile) == ('/room/front', 'standard')
    assert options.pictures
    assert options.lossless
    assert options.out.name.startswith('room_front_')


def test_nothing_is_recorded_unasked_or_forbidden() -> None:
    assert record_command(camera(), 'false', False, True) == []
    with pytest.raises(ProfileError):
        record_command(camera('eu_school'), 'pictures', False, False)


@pytest.mark.parametrize(
    ('rate', 'has_ros2_bag', 'program'),
    [('1.0', True, 'bag'), ('2', False, 'ours'), ('0', True, 'ours'), ('0', False, 'ours')],
)
def test_players(tmp_path: Path, rate: str, has_ros2_bag: bool, program: str) -> None:
    command = play_command(str(tmp_path), TOPIC, '/classroom/replay', rate, has_ros2_bag)
    if program == 'bag':
        assert command[:5] == ['ros2', 'bag', 'play', str(tmp_path), '--clock']
        assert command[-2:] == [TOPIC, '/cam/camera_info']
        return
    options = replay._parser().parse_args(command[4:])
    assert command[:4] == ['ros2', 'run', 'classroom_fer_ros', 'replay']
    assert options.as_fast_as_possible == (rate == '0')
    if rate == '0':
        assert (options.topic, options.namespace) == (TOPIC, '/classroom/replay')
    else:
        assert options.topics == [TOPIC, '/cam/camera_info']


@pytest.mark.parametrize(
    ('bag', 'rate', 'words'),
    [
        ('', '1', 'bag'),
        ('/no/bag', '1', '/no/bag'),
        ('/tmp', 'fast', 'rate'),
        ('/tmp', '-1', 'rate'),
    ],
)
def test_what_cannot_be_played_is_named(bag: str, rate: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        play_command(bag, TOPIC, '/classroom/replay', rate, True)
