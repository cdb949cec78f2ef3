"""
Commands by which launch files record and play: `ros2 bag` where it is installed, ours elsewhere.

Plain values as in `launch_plan`: imports no `launch`.
"""

from __future__ import annotations

import time
from pathlib import Path

from classroom_fer_ros import launch_plan
from classroom_fer_ros.core.capture_config import BYTES_A_MEGABYTE
from classroom_fer_ros.core.errors import ConfigError
from classroom_fer_ros.core.profiles import Feature
from classroom_fer_ros.launch_plan import Camera
from classroom_fer_ros.nodes import topics
from classroom_fer_ros.run import SPLIT_MB

PACKAGE = 'classroom_fer_ros'
RECORDING_PACKAGES = ('ros2bag', 'rosbag2_storage_mcap')
PLAYING_PACKAGES = ('ros2bag',)


def record_command(
    camera: Camera, record: str, is_lossless: bool, has_ros2_bag: bool
) -> list[str]:
    """
    What records a camera; empty for nothing.

    :param record: value of the argument of this name
    :param has_ros2_bag: whether `RECORDING_PACKAGES` are installed
    :raises ProfileError: if it asks for pictures that the profile forbids
    """
    names = launch_plan.recorded_topics(camera.profile, record, is_lossless)
    if not names:
        return []
    folder = f'{_words(camera.namespace)}_{time.strftime("%Y_%m_%d-%H_%M_%S")}'
    if has_ros2_bag and not may_hold_names(camera):
        return [
            *('ros2', 'bag', 'record', '--storage', 'mcap', '--output', folder),
            *('--max-bag-size', str(SPLIT_MB * BYTES_A_MEGABYTE)),
            *(('--storage-preset-profile', 'zstd_fast') if is_lossless else ()),
            *('--custom-data', f'profile={camera.profile.name}'),
            *('--topics', *map(camera.absolute, names)),
        ]
    return [
        *(*_ours('record'), '--out', folder),
        *('--namespace', camera.namespace, '--profile', camera.profile.name),
        *(('--pictures',) if record == launch_plan.RECORD_PICTURES else ()),
        *(('--lossless',) if is_lossless else ()),
    ]


def may_hold_names(camera: Camera) -> bool:
    """Whether messages may name people: `ros2 bag` would record that, ours leaves it out."""
    if not camera.profile.allows(Feature.IDENTIFICATION):
        return False
    # Only an empty path is nobody: without one, the gallery is that in the user's data.
    return launch_plan.values_in_file(camera.config, 'gallery_path') != {''}


def play_command(bag: str, topic: str, namespace: str, rate: str, has_ros2_bag: bool) -> list[str]:
    """
    What plays the pictures of a bag, and sets the clock by it.

    :param namespace: of the nodes that analyse them
    :param rate: 2 plays twice as fast, 0 in step with the analysis
    :param has_ros2_bag: whether `PLAYING_PACKAGES` are installed
    :raises ConfigError: if there is no such bag, or the rate is none
    """
    if not bag or not Path(bag).exists():
        raise ConfigError('bag', bag, 'is no bag: give bag:=FOLDER')
    ours = [*_ours('replay'), bag]
    if _number('rate', rate) == 0.0:
        return [*ours, '--as-fast-as-possible', '--topic', topic, '--namespace', namespace]
    played = ['--rate', rate, '--topics', topic, topics.info_of(topic)]
    return ['ros2', 'bag', 'play', bag, '--clock', *played] if has_ros2_bag else [*ours, *played]


def _ours(command: str) -> tuple[str, ...]:
    """As the nodes, it is not for the Python of `ros2 launch`, which lacks the venv's packages."""
    return ('ros2', 'run', PACKAGE, command)


def _number(name: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError as error:
        raise ConfigError(name, text, 'must be a number') from error
    if not 0.0 <= value < float('inf'):
        raise ConfigError(name, text, 'must be 0 or more')
    return value


def _words(namespace: str) -> str:
    return namespace.strip('/').replace('/', '_')
