"""
The nodes that open a source, fed with a film: ``python -m benchmarks.film_nodes NODE``.

Everything else about them is as it is in use. Its rate comes by the topic `bench_rate`.
"""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

import cv2
import numpy as np
from std_msgs.msg import Float64

from classroom_fer_ros.core.errors import SourceError
from classroom_fer_ros.core.frame import Frame
from classroom_fer_ros.core.sources import Source
from classroom_fer_ros.core.sources.pacing import Timeline
from classroom_fer_ros.nodes import topics
from classroom_fer_ros.nodes.camera_node import CameraNode
from classroom_fer_ros.nodes.pipeline_node import PipelineNode
from classroom_fer_ros.nodes.serving import run_node

RATE_TOPIC = 'bench_rate'


class FilmAtRate(Source):
    """
    The next picture of a film, over and over, whenever one is due at some rate.

    Stamps are the times at which pictures are due. What the reader is too late for is counted, but
    the film does not go on meanwhile: the same pictures come at every rate.
    """

    def __init__(self, path: Path, fps: float) -> None:
        """:raises SourceError: if the file is no film"""
        super().__init__(f'film {path}', fps)
        self._path = path
        self._lock = threading.Lock()
        self._capture = self._open()
        self._size_wh = (0, 0)
        self._read_pictures = self._index = 0
        self.set_rate(fps)

    def set_rate(self, fps: float) -> None:
        """Offer so many pictures a second from now on; 0: as many as are read."""
        timeline = Timeline(1.0 / fps if fps else 0.0, None, time.time_ns)
        if fps:
            timeline.pace(self._sleep_until_closed)
        with self._lock:
            self.fps, self._timeline, self._index = fps, timeline, 0

    @property
    def size_wh(self) -> tuple[int, int]:
        return self._size_wh

    def read(self) -> Frame | None:
        timeline, index = self._timeline, self._index
        newest = timeline.newest_due(index)
        stamp_ns = timeline.stamp_ns(newest) if self.fps else time.time_ns()
        with self._lock:
            if self._is_closing.is_set():
                return None
            if timeline is self._timeline:
                self._index = newest + 1
                self.dropped += newest - index
            image = self._next_picture()
        height, width = image.shape[:2]
        self._size_wh = (width, height)
        self._read_pictures += 1
        return Frame(image, stamp_ns, self._read_pictures - 1)

    def close(self) -> None:
        self._is_closing.set()
        with self._lock:
            self._capture.release()

    def _next_picture(self) -> np.ndarray:
        is_read, image = self._capture.read()
        if not is_read:
            self._capture.release()
            self._capture = self._open()
            is_read, image = self._capture.read()
        if not is_read:
            raise SourceError(f'{self._path} holds no picture')
        return image

    def _open(self) -> cv2.VideoCapture:
        capture = cv2.VideoCapture(str(self._path), cv2.CAP_FFMPEG)
        if not capture.isOpened():
            raise SourceError(f'{self._path} cannot be played')
        return capture


class _AtRate:
    """What the two nodes have in common: the film, and the ear for its rate."""

    def begin(self) -> None:
        super().begin()
        self.subscribe(Float64, RATE_TOPIC, self._on_rate, topics.LATCHED_QOS)

    def _on_rate(self, message: Float64) -> None:
        if self.source is not None:
            self.source.set_rate(message.data)

    def _open_source(self, text: str) -> FilmAtRate:
        return FilmAtRate(Path(text), self.config.camera.fps)


class FilmPipelineNode(_AtRate, PipelineNode):
    """The fused node."""


class FilmCameraNode(_AtRate, CameraNode):
    """The camera of the distributed mode."""


KINDS = {kind.NAME: kind for kind in (FilmPipelineNode, FilmCameraNode)}

if __name__ == '__main__':
    run_node(KINDS[sys.argv.pop(1)])
