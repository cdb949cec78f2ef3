"""Recording one camera's topics in the background of a command."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from classroom_fer_ros import launch_plan
from classroom_fer_ros.bags.bag_writer import MAX_FILE_BYTES, BagConfig, BagWriter
from classroom_fer_ros.core.capture_config import BYTES_A_MEGABYTE
from classroom_fer_ros.core.profiles import Profile
from classroom_fer_ros.nodes.recorder import Recorder
from classroom_fer_ros.nodes.result_publishers import TOPICS
from classroom_fer_ros.nodes.serving import spinning

#: At the end, messages are waited for until none has come for so long.
QUIET_S, LONGEST_END_S = 0.3, 2.0
#: At the beginning, the nodes to be recorded are waited for no longer.
LONGEST_WAIT_S = 10.0
PERIOD_S = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordOptions:
    """
    What is recorded and how.

    :param folder: of the bag
    :param has_pictures: record pictures, also where the profile does not by itself
    :param is_lossless: pictures as they came instead of as JPEG, packed without loss
    :param is_by_stamp: log messages at their stamps, not at the time when they came
    """

    folder: Path
    has_pictures: bool = False
    is_lossless: bool = False
    is_by_stamp: bool = False
    max_file_bytes: int = MAX_FILE_BYTES


def options_of(
    options: argparse.Namespace, folder: Path, is_by_stamp: bool = False
) -> RecordOptions:
    """What the command `run` was asked to record into a folder."""
    return RecordOptions(
        folder=folder,
        has_pictures=options.record_pictures,
        is_lossless=options.lossless,
        is_by_stamp=is_by_stamp,
        max_file_bytes=options.split_mb * BYTES_A_MEGABYTE,
    )


class Recording:
    """A bag that is being written by a thread of its own."""

    def __init__(self, recorder: Recorder, options: RecordOptions) -> None:
        self.recorder, self.options = recorder, options

    @property
    def names(self) -> tuple[str, ...]:
        """Recorded topics of the camera, relative to the namespace."""
        return tuple(name for name in self.recorder.names if name in TOPICS)

    @property
    def failure(self) -> str:
        """Why it has broken off; empty while all is well."""
        return str(self.recorder.failure or '')

    @property
    def summary(self) -> str:
        """What was written, in words."""
        lost = sum(self.recorder.lost.values())
        lack = f', {lost} were published and did not come' if lost else ''
        return f'{self.recorder.num_recorded} messages recorded in {self.options.folder}{lack}'

    def wait_for_speakers(self, is_heard: Callable[[], bool]) -> None:
        """Wait until everything that is published would come, so that nothing is missed."""
        _wait_until(is_heard, LONGEST_WAIT_S)

    def finish(self) -> None:
        """Let the last messages come in."""
        _wait_until(lambda: time.monotonic() - self.recorder.last_s > QUIET_S, LONGEST_END_S)


@contextmanager
def record(namespace: str, profile: Profile, options: RecordOptions) -> Iterator[Recording]:
    """
    Record while the context lasts.

    :raises ProfileError: if the profile forbids pictures that are asked for
    :raises BagError: if the folder cannot be written to
    """
    wanted = launch_plan.RECORD_PICTURES if options.has_pictures else 'true'
    names = launch_plan.recorded_topics(profile, wanted, options.is_lossless)
    writer = BagWriter(
        options.folder,
        BagConfig(max_file_bytes=options.max_file_bytes, is_compressed=options.is_lossless),
        {'profile': profile.name, 'namespace': namespace},
    )
    with ExitStack() as stack:
        stack.callback(writer.close)
        recorder = Recorder(namespace, names, writer, options.is_by_stamp)
        stack.callback(recorder.destroy_node)
        stack.enter_context(spinning(recorder))
        recording = Recording(recorder, options)
        yield recording
        recording.finish()


def _wait_until(condition: Callable[[], bool], timeout_s: float) -> None:
    """Wait for something, but not for ever."""
    end_s = time.monotonic() + timeout_s
    while not condition() and time.monotonic() < end_s:
        time.sleep(PERIOD_S)
