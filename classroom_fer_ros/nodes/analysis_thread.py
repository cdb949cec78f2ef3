"""The thread that reads pictures and analyses them, while the executor serves ROS."""

from __future__ import annotations

import statistics
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from classroom_fer_ros.core.errors import ClassroomFerError, StampError
from classroom_fer_ros.core.frame import Frame
from classroom_fer_ros.core.pipeline import ClassroomPipeline
from classroom_fer_ros.core.results import FrameResult
from classroom_fer_ros.core.sources import Source

OnResult = Callable[[Frame, FrameResult], None]
OnEnd = Callable[[str], None]
OnTrouble = Callable[[str], None]
#: A picture that comes late by less is passed over; by more, the source has started again.
LATE_S = 1.0
#: Pictures over which rate and time are measured.
WINDOW = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Performance:
    """
    How the analysis keeps up.

    :param fps: pictures analysed a second
    :param analysis_ms: median time from a picture read to its results published
    :param idle_s: seconds since the last picture
    """

    pictures: int
    dropped: int
    fps: float
    analysis_ms: float
    idle_s: float
    stage_ms: dict[str, float]


class AnalysisThread:
    """
    Analyses one source from its opening to its end.

    :ivar lock: hold it to touch the pipeline from another thread
    """

    def __init__(
        self,
        source: Source,
        pipeline: ClassroomPipeline,
        on_result: OnResult,
        on_end: OnEnd,
        on_trouble: OnTrouble,
    ) -> None:
        """
        :param on_result: called in this thread with every picture and its result
        :param on_end: called in this thread with the reason, empty at a source's natural end; not
            called after `stop`
        :param on_trouble: called in this thread with what went wrong and was overcome
        """
        self.source = source
        self.lock = threading.RLock()
        self._pipeline = pipeline
        self._on_result, self._on_end, self._on_trouble = on_result, on_end, on_trouble
        self._is_stopping = threading.Event()
        self._pictures = 0
        self._finished_s: deque[float] = deque(maxlen=WINDOW)
        self._spent_ms: deque[float] = deque(maxlen=WINDOW)
        self._stage_ms: dict[str, float] = {}
        self._alive_s = time.monotonic()
        self._thread = threading.Thread(target=self._run, name='analysis', daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    @property
    def is_running(self) -> bool:
        """False once the source has ended."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """Close the source and wait for the picture that is being analysed."""
        self._is_stopping.set()
        self.source.close()
        if self._thread.is_alive() and threading.current_thread() is not self._thread:
            self._thread.join()

    def performance(self) -> Performance:
        """Measured over the last pictures."""
        finished, spent = list(self._finished_s), list(self._spent_ms)
        span_s = finished[-1] - finished[0] if len(finished) > 1 else 0.0
        return Performance(
            pictures=self._pictures,
            dropped=self.source.dropped,
            fps=(len(finished) - 1) / span_s if span_s > 0 else 0.0,
            analysis_ms=statistics.median(spent) if spent else 0.0,
            idle_s=time.monotonic() - self._alive_s,
            stage_ms=self._stage_ms,
        )

    def _run(self) -> None:
        reason = ''
        try:
            while not self._is_stopping.is_set():
                frame = self.source.read()
                if frame is None:
                    break
                self._analyse(frame)
        except ClassroomFerError as error:
            reason = str(error)
        except Exception as error:  # a thread that dies silently would look like an idle camera
            reason = f'{type(error).__name__}: {error}'
            raise
        finally:
            self.source.close()
            if not self._is_stopping.is_set():
                self._on_end(reason)

    def _analyse(self, frame: Frame) -> None:
        start_s = time.monotonic()
        with self.lock:
            try:
                result = self._pipeline.process(frame)
            except StampError as error:
                if error.previous_s - error.stamp_s < LATE_S:
                    self.source.dropped += 1
                    self._on_trouble(f'a picture came late and is passed over: {error}')
                    return
                self._pipeline.reset()
                self._on_trouble(f'{error}; tracks and alerts begin anew')
                result = self._pipeline.process(frame)
            self._on_result(frame, result)
        self._pictures += 1
        self._alive_s = time.monotonic()
        self._finished_s.append(self._alive_s)
        self._spent_ms.append((self._alive_s - start_s) * 1e3)
        self._stage_ms = result.stage_ms
