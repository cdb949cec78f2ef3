"""
What the launch files share: nodes that are configured, activated and started again.

Only launch files import it: `launch` and `launch_ros` come with a ROS 2 installation.
"""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

from launch import Action, LaunchContext, LaunchDescription
from launch.actions import (
    DeclareLaunchArgument,
    EmitEvent,
    LogInfo,
    OpaqueCoroutine,
    OpaqueFunction,
    RegisterEventHandler,
    TimerAction,
)
from launch.event_handlers import OnProcessExit, OnProcessStart
from launch.events import matches_action
from launch.events.process import ProcessExited
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import LifecycleNode
from launch_ros.event_handlers import OnStateTransition
from launch_ros.events.lifecycle import ChangeState
from launch_ros.parameter_descriptions import ParameterFile, ParameterValue
from launch_ros.ros_adapters import get_ros_node
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import GetState
from rclpy.node import Node as RosNode

from classroom_fer_ros import launch_plan, launch_tools, supervision
from classroom_fer_ros.launch_plan import ARGUMENTS, Camera, Room

PACKAGE = 'classroom_fer_ros'
#: How long an answer of a node that is coming up is waited for before it is asked again.
ANSWER_S = 1.0
#: Newer releases of launch_ros configure and activate a node by themselves, at its first start.
HAS_AUTOSTART = 'autostart' in inspect.signature(LifecycleNode.__init__).parameters


def describe(
    name: str, actions_of: Callable[[Mapping[str, str]], Iterator[Action]]
) -> LaunchDescription:
    """
    Description of a launch file.

    :param name: of the file, a key of `launch_plan.FILES`
    :param actions_of: makes the actions from the values of the file's arguments
    """
    names = launch_plan.FILES[name]

    def act(context: LaunchContext) -> list[Action]:
        return list(actions_of({n: LaunchConfiguration(n).perform(context) for n in names}))

    defaults = launch_plan.DEFAULTS.get(name, {})
    declared = [
        DeclareLaunchArgument(
            n,
            default_value=defaults.get(n, ARGUMENTS[n].default),
            description=ARGUMENTS[n].description,
            choices=ARGUMENTS[n].choices or None,
        )
        for n in names
    ]
    return LaunchDescription([*declared, OpaqueFunction(function=act)])


def classroom(arguments: Mapping[str, str]) -> Iterator[Action]:
    """Everything: each camera with its analysis, recorder and windows; the rooms of several."""
    cameras = launch_plan.cameras_of(arguments)
    for room in launch_plan.rooms_of(cameras):
        yield from managed_node(launch_plan.ROOM_NODE, room)
    for camera in cameras:
        mode = arguments['mode']
        yield from (LogInfo(msg=remark) for remark in launch_plan.remarks(mode, camera))
        for executable in launch_plan.camera_nodes(mode, camera):
            yield from managed_node(executable, camera)
        for executable in launch_plan.analysis_nodes(mode, camera.profile):
            yield from managed_node(executable, camera)
        yield from launch_tools.recorder(camera, arguments['record'], arguments['lossless'])
        yield from launch_tools.windows(camera, arguments)


def camera_only(arguments: Mapping[str, str]) -> Iterator[Action]:
    """The camera of the distributed mode."""
    camera = launch_plan.camera_of(arguments)
    for executable in launch_plan.camera_nodes(launch_plan.DISTRIBUTED, camera):
        yield from managed_node(executable, camera)


def pipeline(arguments: Mapping[str, str]) -> Iterator[Action]:
    """The analysis: the fused node with its source, or the nodes behind a camera."""
    camera = launch_plan.camera_of(arguments)
    for executable in launch_plan.analysis_nodes(arguments['mode'], camera.profile):
        yield from managed_node(executable, camera)


def monitor(arguments: Mapping[str, str]) -> Iterator[Action]:
    """Windows only, for a system that runs already, here or on another machine."""
    yield from launch_tools.windows(launch_plan.camera_of(arguments), arguments)


def replay(arguments: Mapping[str, str]) -> Iterator[Action]:
    """The pictures of a bag and their analysis."""
    player = launch_tools.player(arguments)
    source = f'topic:{arguments["topic"]}'
    yield from classroom({**arguments, 'source': source, 'record': 'false', 'lossless': 'false'})
    yield player


# Nodes


def managed_node(executable: str, place: Camera | Room, restarts: int = 0) -> list[Action]:
    """A lifecycle node that is configured and activated, and started again if it breaks."""
    is_automatic = HAS_AUTOSTART and restarts == 0
    node = LifecycleNode(
        package=PACKAGE,
        executable=executable,
        name=executable,
        namespace=place.namespace,
        parameters=_parameters(place),
        remappings=place.remappings,
        output='screen',
        emulate_tty=True,
        **({'autostart': True} if is_automatic else {}),
    )
    on_exit = partial(_start_again, executable, place, restarts, time.monotonic())
    return [
        RegisterEventHandler(OnProcessExit(target_action=node, on_exit=on_exit, handle_once=True)),
        *(() if is_automatic else _activation(node)),
        node,
    ]


def _start_again(
    executable: str,
    place: Camera | Room,
    restarts: int,
    started_s: float,
    event: ProcessExited,
    context: LaunchContext,
) -> list[Action]:
    if context.is_shutdown or not supervision.is_broken(event.returncode):
        return []
    if time.monotonic() - started_s > supervision.SOUND_AFTER_S:
        restarts = 0
    _forget_name(context, f'{place.namespace}/{executable}')
    pause_s = launch_plan.restart_pause_s(restarts)
    start = OpaqueFunction(function=lambda _: managed_node(executable, place, restarts + 1))
    return [
        LogInfo(
            msg=f'{place.namespace}/{executable} ended with code {event.returncode}, '
            f'is started again in {pause_s:g} s'
        ),
        TimerAction(period=pause_s, actions=[start]),
    ]


def _forget_name(context: LaunchContext, name: str) -> None:
    """Keep launch_ros from warning of a second node of a name whose first one has ended."""
    counts = getattr(context.locals, 'unique_ros_node_names', {})
    counts.pop(name, None)


def _activation(node: LifecycleNode) -> tuple[Action, Action]:
    """What configures a node once it is up, and activates it once it is configured."""
    return (
        RegisterEventHandler(
            OnProcessStart(
                target_action=node,
                on_start=[OpaqueCoroutine(coroutine=_configure, args=[node])],
                handle_once=True,
            )
        ),
        RegisterEventHandler(
            OnStateTransition(
                target_lifecycle_node=node,
                start_state='configuring',
                goal_state='inactive',
                entities=[EmitEvent(event=_change(node, Transition.TRANSITION_ACTIVATE))],
                handle_once=True,
            )
        ),
    )


async def _configure(context: LaunchContext, node: LifecycleNode) -> None:
    """
    Configure a node as soon as it answers.

    A request sent earlier could go to a process that was killed: DDS takes it for alive until its
    lease ends, and the new one, which comes later, would never see it.
    """
    # launch cancels at shutdown, and would then leave without ending its processes if we let it.
    with suppress(asyncio.CancelledError):
        if not context.is_shutdown:
            await _answer(get_ros_node(context), f'{node.node_name}/get_state')
            context.emit_event_sync(_change(node, Transition.TRANSITION_CONFIGURE))


async def _answer(asker: RosNode, service: str) -> None:
    """Wait until a node says what state it is in."""
    client = asker.create_client(GetState, service)
    while True:
        answer = client.call_async(GetState.Request())
        end_s = time.monotonic() + ANSWER_S
        while not answer.done() and time.monotonic() < end_s:
            await asyncio.sleep(0.05)
        if answer.done():
            break
        client.remove_pending_request(answer)
    asker.destroy_client(client)


def _change(node: LifecycleNode, transition: int) -> ChangeState:
    return ChangeState(lifecycle_node_matcher=matches_action(node), transition_id=transition)


def _parameters(place: Camera | Room) -> list[Any]:
    """The file first, so that arguments beat it; texts stay texts: '0' is a camera."""
    given = {name: ParameterValue(text, value_type=str) for name, text in place.parameters.items()}
    file = [ParameterFile(place.config)] if place.config else []
    is_replayed = isinstance(place, Camera) and place.is_replayed
    return [*file, given, *([{'use_sim_time': True}] if is_replayed else [])]
