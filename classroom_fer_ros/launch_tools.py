"""
What the launch files start beside the nodes: a recorder, RViz, rqt, each where it is installed.

Only launch files import it: `launch` and `launch_ros` come with a ROS 2 installation.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from ament_index_python.packages import (
    PackageNotFoundError,
    get_package_prefix,
    get_package_share_directory,
)
from launch import Action
from launch.actions import ExecuteProcess, LogInfo
from launch_ros.actions import Node

from classroom_fer_ros import launch_plan
from classroom_fer_ros.launch_plan import Camera

PACKAGE = 'classroom_fer_ros'
RECORDING_PACKAGES = ('ros2bag', 'rosbag2_storage_mcap')


def recorder(camera: Camera, record: str) -> Iterator[Action]:
    """Recorder of what the profile lets one record."""
    recorded = launch_plan.recorded_topics(camera.profile, record)
    if not recorded:
        return
    lacking = [name for name in RECORDING_PACKAGES if not is_installed(name)]
    if lacking:
        yield LogInfo(msg=missing(f'record:={record}', *lacking))
        return
    name = camera.namespace.strip('/').replace('/', '_')
    yield ExecuteProcess(
        cmd=[
            *('ros2', 'bag', 'record', '--storage', 'mcap'),
            *('--output', f'{name}_{time.strftime("%Y_%m_%d-%H_%M_%S")}'),
            *('--custom-data', f'profile={camera.profile.name}'),
            *('--topics', *map(camera.absolute, recorded)),
        ],
        output='screen',
    )


def windows(camera: Camera, arguments: Mapping[str, str]) -> Iterator[Action]:
    """RViz and rqt, as asked for."""
    if arguments['rviz'] == 'true':
        config = Path(get_package_share_directory(PACKAGE), 'rviz', 'classroom.rviz')
        yield _window('rviz', 'rviz2', camera, ['-d', str(config)])
    if arguments['rqt'] == 'true':
        plugin = ['--standalone', PACKAGE, '--args', '--namespace', camera.namespace]
        yield _window('rqt', 'rqt_gui', camera, plugin)


def _window(argument: str, package: str, camera: Camera, options: list[str]) -> Action:
    if not is_installed(package):
        return LogInfo(msg=missing(f'{argument}:=true', package))
    return Node(
        package=package,
        executable=package,
        namespace=camera.namespace,
        arguments=options,
        remappings=camera.remappings,
        output='screen',
    )


def is_installed(package: str) -> bool:
    """Whether a ROS package can be found."""
    try:
        get_package_prefix(package)
    except PackageNotFoundError:
        return False
    return True


def missing(argument: str, *packages: str) -> str:
    """What to say where an argument needs packages that are not installed."""
    debs = ' '.join(f'ros-jazzy-{name.replace("_", "-")}' for name in packages)
    return f'{argument} needs {", ".join(packages)}: sudo apt-get install {debs}'
