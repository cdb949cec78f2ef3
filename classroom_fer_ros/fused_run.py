"""The fused node in this process, watched until its source ends."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import rclpy
from rclpy.exceptions import InvalidNamespaceException
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.signals import SignalHandlerOptions
from rich.console import Console

from classroom_fer_ros.core.arrays import ImageBgr
from classroom_fer_ros.core.errors import ClassroomFerError
from classroom_fer_ros.core.frame import Frame
from classroom_fer_ros.core.profiles import Feature
from classroom_fer_ros.core.results import FrameResult
from classroom_fer_ros.core.session_card import SessionCard, installed_versions
from classroom_fer_ros.core.session_output import SessionOutput, prepare_folder
from classroom_fer_ros.nodes.pipeline_node import PipelineNode
from classroom_fer_ros.nodes.serving import spinning
from classroom_fer_ros.recording import Recording, options_of, record
from classroom_fer_ros.ros_arguments import node_arguments
from classroom_fer_ros.screen import REFRESH_HZ, Screen, View
from classroom_fer_ros.session import Interruption, Session
from classroom_fer_ros.shared_memory import make_room_for_pictures
from classroom_fer_ros.terminal_view import closing_view


class Output:
    """Writes what the node yields into a folder."""

    def __init__(self, node: PipelineNode, session: Session, folder: Path | None) -> None:
        """:raises SourceError: if the folder cannot be written to"""
        if folder is not None:
            prepare_folder(folder)
        self.failure: ClassroomFerError | None = None
        self._node, self._session, self._folder = node, session, folder
        self._files: SessionOutput | None = None

    def on_result(self, frame: Frame, result: FrameResult, overlay_bgr: ImageBgr | None) -> None:
        """Called in the analysis thread with every picture."""
        self._session.add(result)
        if self._folder is None or overlay_bgr is None or self.failure is not None:
            return
        try:
            if self._files is None:  # the film's rate is known once its source is open
                keeps_pictures = self._node.pipeline.profile.allows(Feature.RECORDED_PICTURES)
                self._files = SessionOutput(self._folder, self._node.source.fps, keeps_pictures)
                self._card().write(self._folder)
            self._files.write(overlay_bgr, result)
        except ClassroomFerError as error:
            self.failure = error
            self._session.is_over.set()

    def _card(self) -> SessionCard:
        pipeline = self._node.pipeline
        return SessionCard(
            profile=pipeline.profile.name,
            source=self._node.source.description,
            is_identifying=pipeline.gallery is not None,
            models=pipeline.models,
            versions=installed_versions(),
        )

    def erase_person(self, person_id: str) -> str:
        """As of `PersonRecords`; called with the analysis' lock held."""
        self._session.summary.erase_person(person_id)
        return self._files.erase_person(person_id) if self._files is not None else ''

    def close(self) -> None:
        """Finish the files."""
        if self._files is not None:
            self._files.close()


def run(options: argparse.Namespace, ros_arguments: Sequence[str]) -> int:
    """
    Run until the source ends, the time is up, or a signal comes.

    :return: the exit code: 0, or 1 if the source or the output broke off
    :raises ClassroomFerError: if it cannot be run
    """
    given = {'source': options.source, 'profile': options.profile}
    # Files hold every picture: nothing is passed over, whatever the machine's speed.
    settings = {'camera.is_paced': 'false'} if options.out else {}
    texts = {name: text for name, text in given.items() if text}
    make_room_for_pictures()
    try:
        rclpy.init(
            args=['run', *node_arguments(options.config, texts, settings), *ros_arguments],
            signal_handler_options=SignalHandlerOptions.NO,
        )
        node = PipelineNode(namespace=options.namespace)
    except (InvalidNamespaceException, RuntimeError) as error:
        # rclpy tells of arguments that ROS does not understand by a RuntimeError.
        raise ClassroomFerError(str(error)) from error
    try:
        return _run(node, options)
    finally:
        node.destroy_node()


def _run(node: PipelineNode, options: argparse.Namespace) -> int:
    session, interruption = Session(), Interruption()
    output = Output(node, session, options.out)
    node.add_listener(output.on_result, wants_overlay=options.out is not None)
    node.add_records(output)
    node.on_end = session.end
    with spinning(node):
        try:
            _do(node, node.trigger_configure)
            with _recording(node, options) as recording:
                _do(node, node.trigger_activate)
                _watch(node, session, interruption, options.seconds, recording)
                performance = node.performance
                if options.record is not None and node.config.camera.is_paced:
                    node.close_camera()  # so that the recording has all that was analysed
        finally:
            node.trigger_shutdown()
            output.close()
    dropped = performance.dropped if performance else 0
    Console().print(closing_view(session.summary, dropped, session.fps))
    if options.out is not None:
        names = sorted(path.name for path in options.out.iterdir())
        print(f'written to {options.out}: ' + ', '.join(names))
    if recording is not None:
        print(recording.summary)
    failures = [str(output.failure or ''), recording.failure if recording else '']
    for failure in filter(None, failures):
        print(f'run: {failure}', file=sys.stderr)
    return 1 if session.end_reason or any(failures) else 0


@contextmanager
def _recording(node: PipelineNode, options: argparse.Namespace) -> Iterator[Recording | None]:
    """What the node publishes from now on, if it is to be recorded."""
    if options.record is None:
        yield None
        return
    record_options = options_of(options, options.record, not node.config.camera.is_paced)
    with record(options.namespace, node.pipeline.profile, record_options) as recording:
        recording.wait_for_speakers(lambda: node.publishers_are_wanted(*recording.names))
        yield recording


def _do(node: PipelineNode, transition: Callable[[], TransitionCallbackReturn]) -> None:
    if transition() is not TransitionCallbackReturn.SUCCESS:
        raise ClassroomFerError(node.problem or 'the node could not be started')


def _watch(
    node: PipelineNode,
    session: Session,
    interruption: Interruption,
    seconds: float,
    recording: Recording | None,
) -> None:
    """Show what goes on until it is over."""
    end_s = time.monotonic() + seconds
    with Screen() as screen:
        while (left_s := end_s - time.monotonic()) > 0:
            if session.wait(min(1 / REFRESH_HZ, left_s), interruption):
                break
            if recording is not None and recording.failure:
                break
            if session.newest is not None:
                screen.show([View(session.newest, _title(node), node.problem)])


def _title(node: PipelineNode) -> str:
    performance, source = node.performance, node.source
    if performance is None or source is None:
        return 'the camera is closed'
    return (
        f'{source.description}: {performance.fps:.1f} pictures a second, '
        f'{performance.analysis_ms:.0f} ms each, {performance.dropped} passed over'
    )
