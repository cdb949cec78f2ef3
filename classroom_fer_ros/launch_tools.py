"""
What the launch files start beside the nodes: a recorder, RViz, rqt, each where it is installed.

Only launch files import it: `launch` and `launch_ros` come with a ROS 2 installation.
"""

from __future__ import annotations

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

from classroom_fer_ros import launch_bags, launch_plan
from classroom_fer_ros.launch_plan import Camera

PACKAGE = 'classroom_fer_ros'


def recorder(camera: Camera, record: str, lossless: str) -> Iterator[Action]:
    """Recorder of what the profile lets one record."""
    has_ros2_bag = all(map(is_installed, launch_bags.RECORDING_PACKAGES))
    command = launch_bags.record_command(camera, record, lossless == 'true', has_ros2_bag)
    if command:
        yield ExecuteProcess(cmd=command, output='screen')


def player(arguments: Mapping[str, str]) -> Action:
    """
    Player of the pictures of a bag.

    :raises ConfigError: if there is no such bag, or the rate is none
    """
    command = launch_bags.play_command(
        arguments['bag'],
        arguments['topic'],
        launch_plan.camera_of(arguments).namespace,
        arguments['rate'],
        all(map(is_installed, launch_bags.PLAYING_PACKAGES)),
    )
    return ExecuteProcess(cmd=command, output='screen')


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
