"""
One process a node, for every camera: started, activated, started again when they break, watched.

What the launch files do, where there is no `launch`; both start what `launch_plan` says.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack

import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.signals import SignalHandlerOptions
from rich.console import Console

from classroom_fer_ros import launch_plan
from classroom_fer_ros.activation import Activation
from classroom_fer_ros.core.errors import ClassroomFerError
from classroom_fer_ros.launch_plan import Camera, Room
from classroom_fer_ros.nodes import topics
from classroom_fer_ros.nodes.namespace_guard import require_free
from classroom_fer_ros.recording import Recording, options_of, record
from classroom_fer_ros.result_watch import ResultWatch
from classroom_fer_ros.ros_arguments import node_arguments
from classroom_fer_ros.screen import Screen, View
from classroom_fer_ros.session import Interruption
from classroom_fer_ros.supervision import Ended, Started, Supervisor
from classroom_fer_ros.terminal_view import closing_view

#: Processes and nodes are looked after this often.
TICK_S = 0.1
BRINGING_PICTURES = (launch_plan.CAMERA_NODE, launch_plan.PIPELINE_NODE)


def run(options: argparse.Namespace, ros_arguments: Sequence[str]) -> int:
    """
    Run until every source ends, the time is up, or a signal comes.

    :return: the exit code: 0, or 1 if a source broke off
    :raises ClassroomFerError: if it cannot be run
    """
    cameras = launch_plan.cameras_of(_arguments(options, ros_arguments))
    recordings: list[Recording] = []
    commands = _commands(cameras, options.mode, ros_arguments)
    _check(ros_arguments)
    interruption = Interruption()
    rclpy.init(args=['run'], signal_handler_options=SignalHandlerOptions.NO)
    watches = {camera.namespace: ResultWatch(camera.namespace) for camera in cameras}
    try:
        for watch in watches.values():
            require_free(watch, topics.FACES, watch.born_s)
            watch.begin()
        with (
            Screen() as screen,
            Supervisor(commands, launch_plan.restart_pause_s, screen.say) as supervisor,
            ExitStack() as stack,
        ):
            recordings += [stack.enter_context(one) for one in _recordings(cameras, options)]
            for camera in cameras:
                for remark in launch_plan.remarks(options.mode, camera):
                    screen.say(remark)
            system = _System(watches, commands, supervisor, screen)
            system.watch(interruption, options.seconds, lambda: _failures(recordings))
    finally:
        for watch in watches.values():
            watch.destroy_node()
    return _close(watches, recordings)


def _recordings(
    cameras: Sequence[Camera], options: argparse.Namespace
) -> Iterator[AbstractContextManager[Recording]]:
    """One for each camera, in a folder of its own where there are several."""
    for camera in cameras if options.record is not None else ():
        name = camera.namespace.strip('/').replace('/', '_')
        folder = options.record if len(cameras) == 1 else options.record / name
        yield record(camera.namespace, camera.profile, options_of(options, folder))


def _failures(recordings: Sequence[Recording]) -> list[str]:
    return [recording.failure for recording in recordings if recording.failure]


def _arguments(options: argparse.Namespace, ros_arguments: Sequence[str]) -> dict[str, str]:
    """As a launch file takes them."""
    return {
        'source': _given('source', ros_arguments) or options.source or '',
        'namespace': options.namespace,
        'config': str(options.config or ''),
        'profile': _given('profile', ros_arguments) or options.profile or '',
        'cameras': str(options.cameras or ''),
    }


def _given(name: str, ros_arguments: Sequence[str]) -> str:
    """Value of a parameter among ROS arguments, where it decides which nodes are started."""
    found = [text for text in ros_arguments if text.startswith(f'{name}:=')]
    return found[-1].partition(':=')[2].strip('\'"') if found else ''


def _commands(
    cameras: Sequence[Camera], mode: str, ros_arguments: Sequence[str]
) -> dict[str, list[str]]:
    """Command of each node's process, by the node's full name."""
    of_cameras = {
        f'{camera.namespace}/{executable}': _command(camera, executable)
        for camera in cameras
        for executable in (
            *launch_plan.camera_nodes(mode, camera),
            *launch_plan.analysis_nodes(mode, camera.profile),
        )
    }
    of_rooms = {
        f'{room.namespace.rstrip("/")}/{launch_plan.ROOM_NODE}': _command(
            room, launch_plan.ROOM_NODE
        )
        for room in launch_plan.rooms_of(cameras)
    }
    return {name: [*command, *ros_arguments] for name, command in (of_cameras | of_rooms).items()}


def _command(place: Camera | Room, executable: str) -> list[str]:
    return [
        *(sys.executable, '-m', f'{__package__}.nodes.{executable}'),
        *node_arguments(
            place.config,
            place.parameters,
            remappings=[('__ns', place.namespace), *place.remappings],
        ),
    ]


def _check(ros_arguments: Sequence[str]) -> None:
    """:raises ClassroomFerError: if ROS does not understand the arguments, as rclpy says it"""
    context = rclpy.Context()
    try:
        context.init(args=['run', *ros_arguments])
    except RuntimeError as error:
        raise ClassroomFerError(str(error)) from error
    context.try_shutdown()


class _System:
    """The nodes of every camera, from their start to the end."""

    def __init__(
        self,
        watches: Mapping[str, ResultWatch],
        names: Sequence[str] | Mapping[str, object],
        supervisor: Supervisor,
        screen: Screen,
    ) -> None:
        self._watches, self._supervisor, self._screen = watches, supervisor, screen
        asking = next(iter(watches.values()))  # any node can ask another to become active
        self._activations = {name: Activation(asking, name) for name in names}
        # Nodes that were active once: whatever breaks them later, they are started again.
        self._proven: set[str] = set()

    def watch(
        self, interruption: Interruption, seconds: float, failures: Callable[[], list[str]]
    ) -> None:
        """
        Keep the system going and show it.

        :param failures: what has broken off and cannot be started again; it ends the run
        :raises ClassroomFerError: if a node cannot be started at all
        """
        due_s, end_s = 0.0, time.monotonic() + seconds
        with ExitStack() as stack:
            executor = SingleThreadedExecutor()
            stack.callback(executor.shutdown)
            for watch in self._watches.values():
                executor.add_node(watch)
            while not interruption.is_there and (now_s := time.monotonic()) < end_s:
                executor.spin_once(timeout_sec=TICK_S)
                if now_s < due_s:
                    continue
                due_s = now_s + TICK_S
                self._look_after()
                if self._is_over() or failures():
                    break

    def _look_after(self) -> None:
        for event in self._supervisor.tick():
            if isinstance(event, Started):
                self._activations[event.name].begin()
            else:
                self._on_end(event)
        for name in self._activations:
            self._activate(name)
        self._screen.show(
            [
                View(watch.session.newest, watch.title, self._problem(watch))
                for watch in self._watches.values()
            ]
        )

    def _is_over(self) -> bool:
        return self._supervisor.is_idle or all(w.is_over for w in self._watches.values())

    def _on_end(self, event: Ended) -> None:
        name = event.name
        self._activations[name].begin()
        namespace, _, executable = name.rpartition('/')
        if namespace in self._watches:  # that of a room is not
            self._watches[namespace].forget(executable)
        if event.returncode > 0 and name not in self._proven:
            last = next(reversed(self._supervisor.lines(name)), f'code {event.returncode}')
            raise ClassroomFerError(f'{name} cannot be started: {last}')
        is_left = event.pause_s is None
        follows = 'is left so' if is_left else f'is started again in {event.pause_s:g} s'
        self._screen.say(f'{name} ended with code {event.returncode}, {follows}')

    def _activate(self, name: str) -> None:
        activation = self._activations[name]
        if activation.is_active or not self._is_turn(name):
            return
        activation.tick()
        if activation.is_active:
            self._screen.say(f'{name} is active{" again" if name in self._proven else ""}')
            self._proven.add(name)
        elif activation.refused:
            self._on_refusal(name, activation.refused)

    def _is_turn(self, name: str) -> bool:
        """Who brings pictures begins when all are there to see a film from its start."""
        namespace, _, executable = name.rpartition('/')
        if executable not in BRINGING_PICTURES or name in self._proven:
            return name in self._supervisor.pids()
        seeing = {
            other
            for other in self._activations
            if other.rpartition('/')[0] == namespace or other.endswith(f'/{launch_plan.ROOM_NODE}')
        }
        return seeing - {name} <= self._proven

    def _on_refusal(self, name: str, transition: str) -> None:
        if name in self._proven:
            self._supervisor.restart(name)
            return
        self._supervisor.tick()  # it has told the reason before it refused
        mark = f'cannot {transition}: '
        told = [line.partition(mark)[2] for line in self._supervisor.lines(name) if mark in line]
        reason = told[-1] if told else f'cannot {transition}'
        raise ClassroomFerError(f'{name}: {reason}')

    def _problem(self, watch: ResultWatch) -> str:
        namespace = watch.get_namespace()
        missing = [
            name.rpartition('/')[2]
            for name, activation in self._activations.items()
            if name.rpartition('/')[0] == namespace and not activation.is_active
        ]
        starting = f'not active yet: {", ".join(missing)}' if missing else ''
        return '; '.join(text for text in (starting, watch.problem) if text)


def _close(watches: Mapping[str, ResultWatch], recordings: Sequence[Recording]) -> int:
    console = Console()
    for namespace, watch in watches.items():
        session = watch.session
        console.print(namespace, markup=False, highlight=False)
        console.print(closing_view(session.summary, watch.dropped, session.fps))
        if session.end_reason:
            print(f'run: {namespace}: {session.end_reason}', file=sys.stderr)
    for recording in recordings:
        print(recording.summary)
    failures = _failures(recordings)
    for failure in failures:
        print(f'run: {failure}', file=sys.stderr)
    is_broken = any(watch.session.end_reason for watch in watches.values())
    return 1 if is_broken or failures else 0
