"""
One scene through the real nodes, each in its process: rates, latencies, processor time, memory.

The highest picture rate that gets through whole is found by trying; everything else is measured at
the camera's rate, or at that one where it is lower.
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.signals import SignalHandlerOptions

from benchmarks import processes
from benchmarks.ear import Ear, Heed
from benchmarks.films import FPS
from benchmarks.people import make_gallery
from benchmarks.plan import COMPRESSED, FUSED, Plan
from classroom_fer_ros import launch_plan
from classroom_fer_ros.activation import Activation
from classroom_fer_ros.core.profiles import profile_named
from classroom_fer_ros.ros_arguments import node_arguments
from classroom_fer_ros.supervision import Ended, Started, Supervisor

NAMESPACE = '/bench'
#: A rate gets through whole if no more than this share of its pictures has no result.
MAX_LOSS = 0.01
#: Pictures within this time of the end of a trial may still be on their way.
SETTLE_S = 0.5
#: Rates tried after one another, each by so much below what came of the one before.
MAX_TRIALS = 4
BACK_OFF = 0.95
#: Where pictures pass between processes, no more are offered than this: a camera gives no more.
TOP_FPS = 30.0
START_TIMEOUT_S = 120.0
#: Rules so touchy that there are alerts to be timed; their way is that of any other.
TOUCHY = {
    # What is measured is everything at its usual rate.
    'relief.max_analysis_ms': '0.0',
    'head_motion.away_deg': '6.0',
    'head_motion.away_s': '0.1',
    **{
        f'alerts.{kind}.{setting}': value
        for kind in ('looking_away', 'left_right')
        for setting, value in (
            ('after_s', '0.1'),
            ('clear_after_s', '0.2'),
            ('repeat_after_s', '0.0'),
        )
    },
}


class BenchError(RuntimeError):
    """A node did not come up or broke; the text says what it printed last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveFigures:
    """
    What was measured of one scene.

    :param fps: highest rate found at which no picture got lost
    :param offered_fps: rate at which everything else was measured
    :param offered: pictures offered then
    :param cpu_ms: processor milliseconds a picture, of all processes
    """

    fps: float
    offered_fps: float
    offered: int
    heed: Heed
    cpu_ms: float
    rss_mb_start: float
    rss_mb_end: float
    first_result_s: float
    first_face_s: float

    @property
    def dropped(self) -> int:
        """Pictures offered that have no result, beside one or two at the edges."""
        return max(0, self.offered - self.heed.results - 1)


def measure(mode: str, film: Path, plan: Plan) -> LiveFigures:
    """
    Play a film to the nodes of one mode.

    :raises BenchError: if a node breaks
    """
    with _System(mode, film) as system:
        system.start()
        system.wait(plan.warm_up_s)
        fps = _sustained_fps(system, mode, plan.trial_s)
        offered_fps = min(FPS, fps)
        system.offer(offered_fps)
        rss_mb_start, cpu_s = system.resident_megabytes(), system.cpu_seconds()
        heed, offered = system.listen(plan.steady_s, offered_fps)
        return LiveFigures(
            fps=fps,
            offered_fps=offered_fps,
            offered=offered,
            heed=heed,
            cpu_ms=(system.cpu_seconds() - cpu_s) * 1e3 / max(heed.results, 1),
            rss_mb_start=rss_mb_start,
            rss_mb_end=system.resident_megabytes(),
            first_result_s=system.first_result_s,
            first_face_s=system.first_face_s,
        )


def _sustained_fps(system: _System, mode: str, trial_s: float) -> float:
    """
    Highest rate found that gets through whole.

    In one process the source waits for the analysis, so that the rate of an endless offer is tried
    first; between processes an endless offer would take the processor from whoever analyses.
    """
    if mode == FUSED:
        system.offer(0.0)
        rate = BACK_OFF * system.listen(trial_s, 0.0)[0].fps
    else:
        rate = TOP_FPS
    heed = None
    for _ in range(MAX_TRIALS):
        system.offer(rate)
        heed, offered = system.listen(trial_s, rate)
        if heed.results >= (1.0 - MAX_LOSS) * offered - 1:
            return rate
        rate = BACK_OFF * max(heed.fps, 0.5)
    return rate


class _System(contextlib.AbstractContextManager):
    """The processes of one mode, and the ear."""

    def __init__(self, mode: str, film: Path) -> None:
        commands = _commands(mode, film)
        self._ear = Ear(NAMESPACE)
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self._ear)
        self._supervisor = Supervisor(commands, lambda restarts: 1e9, lambda line: None)
        self._activations = {name: Activation(self._ear, name) for name in commands}
        self._begun_ns = 0

    def __exit__(self, *_: object) -> None:
        self._supervisor.stop()
        self._executor.shutdown()
        self._ear.destroy_node()

    def start(self) -> None:
        """Bring every node up, the one with the pictures last, and wait for the first face."""
        self._begun_ns = time.time_ns()
        end_s = time.monotonic() + START_TIMEOUT_S
        while not self._ear.first_face_ns:
            if time.monotonic() > end_s:
                raise BenchError(f'no face within {START_TIMEOUT_S:.0f} s: {self._last_lines()}')
            self._activate()
            self.wait(0.05)

    @property
    def first_result_s(self) -> float:
        """From the processes' start to the first result."""
        return (self._ear.first_result_ns - self._begun_ns) * 1e-9

    @property
    def first_face_s(self) -> float:
        """From the processes' start to the first face."""
        return (self._ear.first_face_ns - self._begun_ns) * 1e-9

    def offer(self, fps: float) -> None:
        """Change the picture rate, and let what was on its way come."""
        self._ear.set_rate(fps)
        self.wait(SETTLE_S)

    def listen(self, seconds: float, fps: float) -> tuple[Heed, int]:
        """
        Hear results for some time.

        :return: what was heard, and how many pictures were offered
        """
        from_ns = time.time_ns()
        self.wait(seconds)
        to_ns = time.time_ns()
        self.wait(SETTLE_S)
        heed = self._ear.heed(from_ns, to_ns)
        self._ear.forget()
        return heed, round((to_ns - from_ns) * 1e-9 * fps)

    def wait(self, seconds: float) -> None:
        """
        Go on listening.

        :raises BenchError: if a process ends meanwhile
        """
        end_s = time.monotonic() + seconds
        while (left_s := end_s - time.monotonic()) > 0.0:
            self._executor.spin_once(timeout_sec=left_s)
        for event in self._supervisor.tick():
            if isinstance(event, Started):
                self._activations[event.name].begin()
            elif isinstance(event, Ended):
                raise BenchError(f'{event.name} ended: {self._last_lines()}')

    def cpu_seconds(self) -> float:
        """Processor time of the nodes so far."""
        return processes.cpu_seconds(self._supervisor.pids().values())

    def resident_megabytes(self) -> float:
        """Memory of the nodes."""
        return processes.resident_megabytes(self._supervisor.pids().values())

    def _activate(self) -> None:
        first = [name for name in self._activations if not _brings_pictures(name)]
        is_ready = all(self._activations[name].is_active for name in first)
        for name, activation in self._activations.items():
            if name in self._supervisor.pids() and (is_ready or name in first):
                activation.tick()
            if activation.refused:
                raise BenchError(f'{name} refuses to {activation.refused}: {self._last_lines()}')

    def _last_lines(self) -> str:
        lines = [line for name in self._activations for line in self._supervisor.lines(name)[-2:]]
        return ' | '.join(lines) or 'nothing was printed'


def _brings_pictures(name: str) -> bool:
    return name.endswith((launch_plan.PIPELINE_NODE, launch_plan.CAMERA_NODE))


def _commands(mode: str, film: Path) -> dict[str, list[str]]:
    """Command of each node's process, by the node's full name."""
    nodes = (
        (launch_plan.PIPELINE_NODE,)
        if mode == FUSED
        else (
            launch_plan.CAMERA_NODE,
            *launch_plan.analysis_nodes(mode, profile_named(launch_plan.DEFAULT_PROFILE)),
        )
    )
    settings = dict(TOUCHY)
    if mode == COMPRESSED:
        settings['picture_transport'] = 'compressed'
    texts = {'source': str(film), 'gallery_path': str(make_gallery())}
    arguments = node_arguments(None, texts, settings, [('__ns', NAMESPACE)])
    return {
        f'{NAMESPACE}/{node}': [sys.executable, '-m', *_module(node), *arguments] for node in nodes
    }


def _module(node: str) -> tuple[str, ...]:
    if _brings_pictures(node):
        return ('benchmarks.film_nodes', node)
    return (f'classroom_fer_ros.nodes.{node}',)


@contextlib.contextmanager
def ros() -> Iterator[None]:
    """ROS in this process, as long as the measurements take."""
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    try:
        yield
    finally:
        rclpy.try_shutdown()
