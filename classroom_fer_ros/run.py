"""
Run the system: ``python -m classroom_fer_ros.run [--source …] [--out DIR]``.

Brings the fused node up in this process, shows a live table, and ends on Ctrl-C or with the film.
"""

from __future__ import annotations

import argparse
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.live import Live

from classroom_fer_ros.core.arrays import ImageBgr
from classroom_fer_ros.core.errors import ClassroomFerError
from classroom_fer_ros.core.frame import Frame
from classroom_fer_ros.core.profiles import Feature
from classroom_fer_ros.core.results import FrameResult
from classroom_fer_ros.core.session_output import SessionOutput, prepare_folder
from classroom_fer_ros.core.session_summary import SessionSummary
from classroom_fer_ros.terminal_view import closing_view, live_view, plain_line

if TYPE_CHECKING:
    from classroom_fer_ros.nodes.pipeline_node import PipelineNode

NAMESPACE = '/classroom/front'
REFRESH_HZ = 4.0
#: A signal is noticed within this time.
LONGEST_WAIT_S = 0.2
#: Without a terminal, one line this often.
LINE_PERIOD_S = 5.0
NO_ROS = (
    'ROS 2 or the messages are missing ({error}): run `make setup`, or source ROS 2 Jazzy and '
    'the workspace in which classroom_fer_msgs was built'
)


class Session:
    """Collects what the node yields: the newest result, the sums and, if asked for, files."""

    def __init__(self, node: PipelineNode, out: Path | None) -> None:
        """:raises SourceError: if the output folder cannot be written to"""
        if out is not None:
            prepare_folder(out)
        self.summary = SessionSummary()
        self.newest: FrameResult | None = None
        self.failure: ClassroomFerError | None = None
        self.end_reason = ''
        self.is_interrupted = False
        self.is_over = threading.Event()
        self._first_s = self._last_s = 0.0
        self._node, self._out = node, out
        self._output: SessionOutput | None = None

    def on_result(self, frame: Frame, result: FrameResult, overlay_bgr: ImageBgr | None) -> None:
        """Called in the analysis thread with every picture."""
        self._last_s = time.monotonic()
        self._first_s = self._first_s or self._last_s
        self.summary.add(result)
        self.newest = result
        if self._out is None or overlay_bgr is None or self.failure is not None:
            return
        try:
            if self._output is None:  # the film's rate is known once its source is open
                keeps_pictures = self._node.pipeline.profile.allows(Feature.RECORDED_PICTURES)
                self._output = SessionOutput(self._out, self._node.source.fps, keeps_pictures)
            self._output.write(overlay_bgr, result)
        except ClassroomFerError as error:
            self.failure = error
            self.is_over.set()

    def on_end(self, reason: str) -> None:
        """Called in the analysis thread when the source has ended by itself."""
        self.end_reason = reason
        self.is_over.set()

    def on_signal(self, *_: object) -> None:
        """Called between two instructions of the main thread: it may hold the event's lock."""
        self.is_interrupted = True

    def wait(self, seconds: float) -> bool:
        """Wait until it is over or interrupted, but no longer than so many seconds."""
        end_s = time.monotonic() + seconds
        while not self.is_interrupted and not self.is_over.is_set():
            left_s = end_s - time.monotonic()
            if left_s <= 0:
                return False
            self.is_over.wait(min(left_s, LONGEST_WAIT_S))
        return True

    @property
    def fps(self) -> float:
        """Pictures a second, from the first result to the last."""
        return max(self.summary.pictures - 1, 0) / max(self._last_s - self._first_s, 1e-3)

    def close(self) -> None:
        """Finish the files."""
        if self._output is not None:
            self._output.close()


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point: 0 at the end of the source or on Ctrl-C, 1 if it broke off, 2 if unusable."""
    parser = _parser()
    options, ros_arguments = parser.parse_known_args(arguments)
    if ros_arguments and ros_arguments[0] != '--ros-args':
        parser.error(f'unknown: {ros_arguments[0]} (parameters go behind --ros-args -p)')
    try:
        import rclpy
        from rclpy.exceptions import InvalidNamespaceException
        from rclpy.signals import SignalHandlerOptions

        from classroom_fer_ros.nodes.pipeline_node import PipelineNode
    except ImportError as error:
        print(f'run: {NO_ROS.format(error=error)}', file=sys.stderr)
        return 2
    try:
        rclpy.init(
            args=_ros_arguments(options, ros_arguments),
            signal_handler_options=SignalHandlerOptions.NO,
        )
        node = PipelineNode(namespace=options.namespace)
        try:
            return _run(node, options)
        finally:
            node.destroy_node()
    except (ClassroomFerError, InvalidNamespaceException, RuntimeError) as error:
        # rclpy tells of arguments that ROS does not understand by a RuntimeError.
        print(f'run: {error}', file=sys.stderr)
        return 2
    finally:
        rclpy.try_shutdown()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog='run', description='Watch a class.')
    parser.add_argument('--source', help='camera, film, folder, address, topic:NAME or simulated')
    parser.add_argument('--out', type=_path, help='folder for the annotated film and the tables')
    parser.add_argument('--config', type=_path, help='YAML file of parameters')
    parser.add_argument('--namespace', default=NAMESPACE, help='of topics and services')
    parser.add_argument(
        '--seconds', type=float, default=float('inf'), help='stop after so long; default: never'
    )
    parser.epilog = 'Further arguments go to ROS, for example: --ros-args -p camera.students:=12'
    return parser


def _path(text: str) -> Path:
    return Path(text).expanduser()


def _ros_arguments(options: argparse.Namespace, others: list[str]) -> list[str]:
    """What the node is told, as ROS arguments: the file first, so that options beat it."""
    arguments = ['run', '--ros-args']
    if options.config:
        if not options.config.is_file():
            raise SystemExit(f'run: no file of parameters at {options.config}')
        arguments += ['--params-file', str(options.config)]
    if options.source:
        # A YAML text in single quotes; a quote in it is doubled.
        quoted = options.source.replace("'", "''")
        arguments += ['-p', f"source:='{quoted}'"]
    if options.out:
        # Files hold every picture: nothing is passed over, whatever the machine's speed.
        arguments += ['-p', 'camera.is_paced:=false']
    return [*arguments, '--', *others]


def _run(node: PipelineNode, options: argparse.Namespace) -> int:
    session = Session(node, options.out)
    node.add_listener(session.on_result, wants_overlay=options.out is not None)
    node.on_end = session.on_end
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, session.on_signal)
    with _spinning(node):
        try:
            _bring_up(node)
            _watch(node, session, options.seconds)
            performance = node.performance
        finally:
            node.trigger_shutdown()
            session.close()
    _close(session, performance.dropped if performance else 0, options.out)
    if session.failure is not None:
        print(f'run: {session.failure}', file=sys.stderr)
    return 1 if session.end_reason or session.failure is not None else 0


@contextmanager
def _spinning(node: PipelineNode) -> Iterator[None]:
    """Serve the node's callbacks in a thread."""
    from rclpy.executors import SingleThreadedExecutor

    executor = SingleThreadedExecutor()
    executor.add_node(node)
    spinner = threading.Thread(target=executor.spin, name='executor')
    spinner.start()
    try:
        yield
    finally:
        executor.shutdown()
        spinner.join()


def _bring_up(node: PipelineNode) -> None:
    from rclpy.lifecycle import TransitionCallbackReturn

    for transition in (node.trigger_configure, node.trigger_activate):
        if transition() is not TransitionCallbackReturn.SUCCESS:
            raise ClassroomFerError(node.problem or 'the node could not be started')


def _watch(node: PipelineNode, session: Session, seconds: float) -> None:
    """Show what goes on until it is over."""
    console = Console()
    end_s = time.monotonic() + seconds
    if console.is_terminal:
        with Live(console=console, refresh_per_second=REFRESH_HZ, transient=True) as live:
            while not session.wait(1 / REFRESH_HZ) and time.monotonic() < end_s:
                if session.newest is not None:
                    live.update(live_view(session.newest, _title(node), node.problem))
        return
    while time.monotonic() < end_s:
        if session.wait(min(LINE_PERIOD_S, end_s - time.monotonic())):
            break
        if session.newest is not None:
            print(plain_line(session.newest, _title(node)), flush=True)


def _title(node: PipelineNode) -> str:
    performance, source = node.performance, node.source
    if performance is None or source is None:
        return 'the camera is closed'
    return (
        f'{source.description}: {performance.fps:.1f} pictures a second, '
        f'{performance.analysis_ms:.0f} ms each, {performance.dropped} passed over'
    )


def _close(session: Session, dropped: int, out: Path | None) -> None:
    Console().print(closing_view(session.summary, dropped, session.fps))
    if out is not None:
        print(f'written to {out}: ' + ', '.join(sorted(path.name for path in out.iterdir())))


if __name__ == '__main__':
    sys.exit(main())
