"""Cameras and addresses: the newest picture only, and back again after a loss."""

from __future__ import annotations

import contextlib
import itertools
import os
import queue
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import cv2
import numpy as np
import pytest

from classroom_fer_ros.core.errors import SourceError
from classroom_fer_ros.core.sources import SourceConfig, open_source
from classroom_fer_ros.core.sources.device import open_device
from classroom_fer_ros.core.sources.live import BackOff, LiveSource
from classroom_fer_ros.core.sources.url import UrlSource

QUICK = SourceConfig(
    source='/dev/video0', reconnect_min_s=0.01, reconnect_max_s=0.05, timeout_s=2.0
)


def wait_until(is_true: Callable[[], bool], timeout_s: float = 10.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not is_true():
        assert time.monotonic() < deadline, 'waited in vain'
        time.sleep(0.005)


class FakeCamera:
    """Gives the pictures that the test puts in; None is the cable pulled."""

    def __init__(self) -> None:
        self.levels: queue.Queue[int | None] = queue.Queue()
        self.is_released = False
        self._level = 0

    def grab(self) -> bool:
        level = self.levels.get()
        self._level = level or 0
        return level is not None

    def retrieve(self) -> tuple[bool, np.ndarray]:
        return True, np.full((48, 64, 3), self._level, np.uint8)

    def get(self, _: int, /) -> float:
        return 30.0

    def release(self) -> None:
        self.is_released = True


class Clock:
    """Counts nanoseconds, and may be told to go back."""

    def __init__(self, *times: int) -> None:
        self._times = itertools.chain(times, itertools.repeat(times[-1]))

    def __call__(self) -> int:
        return next(self._times)


def camera_source(camera: FakeCamera, clock: Clock | None = None) -> LiveSource:
    return LiveSource(
        lambda: camera,
        'camera /dev/video0',
        QUICK,
        is_first_open_final=True,
        clock_ns=clock or Clock(1),
    )


def feed(source: LiveSource, camera: FakeCamera, levels: list[int]) -> None:
    """Put pictures in and wait until the source has taken them all."""
    end = source._index + len(levels)
    for level in levels:
        camera.levels.put(level)
    wait_until(lambda: source._index == end)


@pytest.fixture
def camera() -> Iterator[FakeCamera]:
    camera = FakeCamera()
    yield camera
    camera.levels.put(None)


def test_only_the_newest_picture_is_handed_out(camera: FakeCamera) -> None:
    source = camera_source(camera, Clock(100, 200, 300, 250, 400))
    feed(source, camera, [10])
    first = source.read()
    feed(source, camera, [20, 30, 40])
    second = source.read()
    assert first is not None
    assert second is not None
    assert (first.index, first.stamp_ns) == (0, 100)
    assert (second.index, second.image_bgr[0, 0, 0]) == (3, 40)
    assert second.stamp_ns == 300, 'a clock set back must not turn stamps back'
    assert source.dropped == 2
    assert (source.size_wh, source.fps, source.is_connected) == ((64, 48), 30.0, True)
    camera.levels.put(None)
    source.close()
    assert source.read() is None


def test_read_waits_for_a_new_picture(camera: FakeCamera) -> None:
    source = camera_source(camera)
    threading.Timer(0.1, camera.levels.put, (50,)).start()
    start = time.monotonic()
    frame = source.read()
    assert frame is not None
    assert frame.image_bgr[0, 0, 0] == 50
    assert time.monotonic() - start > 0.05


def test_a_camera_that_was_unplugged_comes_back() -> None:
    cameras = [FakeCamera(), FakeCamera()]
    is_plugged_in = threading.Event()
    is_plugged_in.set()
    opened: list[LiveSource] = []
    problems: list[str] = []  # at each attempt to open it again

    def plug() -> FakeCamera:
        if not opened:
            return cameras[0]
        problems.append(opened[0].problem)
        if not is_plugged_in.is_set():
            raise SourceError('camera /dev/video0 does not exist')
        return cameras[1]

    source = LiveSource(plug, 'camera /dev/video0', QUICK, is_first_open_final=True)
    opened.append(source)
    feed(source, cameras[0], [10])
    assert source.read() is not None
    is_plugged_in.clear()
    cameras[0].levels.put(None)
    wait_until(lambda: len(problems) >= 4)
    pauses = ['0.01 s', '0.02 s', '0.04 s', '0.05 s']
    assert [problem.rpartition(' every ')[2] for problem in problems[:4]] == pauses
    assert problems[0].startswith('camera /dev/video0 delivers no pictures any more')
    assert cameras[0].is_released
    assert not source.is_connected
    assert source.problem.startswith('camera /dev/video0 does not exist; trying again')
    is_plugged_in.set()
    cameras[1].levels.put(77)
    frame = source.read()
    assert frame is not None
    assert (frame.index, frame.image_bgr[0, 0, 0]) == (1, 77)
    assert (source.is_connected, source.problem) == (True, '')
    is_plugged_in.clear()
    problems.clear()
    cameras[1].levels.put(None)
    wait_until(lambda: len(problems) >= 1)
    assert problems[0].endswith('every 0.01 s'), 'begins again with the shortest pause'
    source.close()
    assert cameras[1].is_released


def test_a_camera_that_cannot_be_opened_at_first() -> None:
    def refuse() -> FakeCamera:
        raise SourceError('camera /dev/video0 is gone')

    with pytest.raises(SourceError, match='gone'):
        LiveSource(refuse, 'camera', QUICK, is_first_open_final=True)
    source = LiveSource(refuse, 'address', QUICK, is_first_open_final=False)
    wait_until(lambda: 'gone' in source.problem)
    source.close()
    assert source.read() is None


def test_pauses_double_up_to_the_longest() -> None:
    back_off = BackOff(0.5, 3.0)
    assert [back_off.next_s() for _ in range(5)] == [0.5, 1.0, 2.0, 3.0, 3.0]
    back_off.reset()
    assert back_off.next_s() == 0.5


def test_no_permission_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / 'video0'
    path.touch()
    monkeypatch.setattr(os, 'access', lambda *_: False)  # root may read everything
    with pytest.raises(SourceError, match=r'video0.*usermod -aG video'):
        open_device(path, QUICK)


class StreamServer:
    """Serves an endless MJPEG stream, or a film, on the loopback; can be stopped and started."""

    def __init__(self, film: bytes | None = None) -> None:
        self.film = film
        self.is_up = threading.Event()
        self.is_up.set()
        self.is_stalled = threading.Event()
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if not owner.is_up.is_set():
                    self.send_error(503)
                    return
                self.send_response(200)
                with contextlib.suppress(OSError):  # the client may go
                    owner.serve(self)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        self.url = f'http://127.0.0.1:{self._server.server_port}/video'
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def serve(self, handler: BaseHTTPRequestHandler) -> None:
        if self.film is not None:
            handler.send_header('Content-Type', 'video/x-msvideo')
            handler.send_header('Content-Length', str(len(self.film)))
            handler.end_headers()
            handler.wfile.write(self.film)
            return
        handler.send_header('Content-Type', 'multipart/x-mixed-replace; boundary=frame')
        handler.end_headers()
        jpeg = cv2.imencode('.jpg', np.full((120, 160, 3), 99, np.uint8))[1].tobytes()
        part = b'--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n' % len(jpeg)
        while self.is_up.is_set():
            if self.is_stalled.is_set():
                time.sleep(0.02)
                continue
            handler.wfile.write(part + jpeg + b'\r\n')
            time.sleep(0.02)

    def close(self) -> None:
        self.is_up.clear()
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def server() -> Iterator[StreamServer]:
    server = StreamServer()
    yield server
    server.close()


def url_config(url: str) -> SourceConfig:
    return SourceConfig(source=url, reconnect_min_s=0.05, reconnect_max_s=0.2, timeout_s=2.0)


def test_an_address_that_stops_is_tried_until_it_comes_back(server: StreamServer) -> None:
    with open_source(url_config(server.url)) as source:
        before = source.read()
        server.is_up.clear()
        wait_until(lambda: 'does not answer' in source.problem)
        assert not source.is_connected
        server.is_up.set()
        wait_until(lambda: source.is_connected)
        source.read()  # may be left from before the stop
        after = source.read()
    assert before is not None
    assert after is not None
    assert after.index > before.index
    assert after.stamp_ns > before.stamp_ns
    assert abs(after.image_bgr.astype(int) - 99).max() <= 2
    assert source.size_wh == (160, 120)
    assert abs(after.stamp_ns - time.time_ns()) < 5e9


def test_an_address_may_come_up_later(server: StreamServer) -> None:
    server.is_up.clear()
    with open_source(url_config(server.url)) as source:
        wait_until(lambda: bool(source.problem))
        server.is_up.set()
        frame = source.read()
    assert frame is not None


def test_a_film_on_a_web_server_plays_in_its_own_time(tmp_path: Path) -> None:
    path = tmp_path / 'film.avi'
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*'MJPG'), 50.0, (64, 48))
    for index in range(50):
        writer.write(np.full((48, 64, 3), 4 * index, np.uint8))
    writer.release()
    server = StreamServer(path.read_bytes())
    with UrlSource(url_config(server.url)) as source:
        source.read()
        start = time.monotonic()
        last = None
        while last is None or last.index < 40:
            last = source.read()
            assert last is not None
        assert 0.6 < time.monotonic() - start < 5.0
    server.close()


def test_a_stream_that_stalls_counts_as_lost(server: StreamServer) -> None:
    config = SourceConfig(source=server.url, timeout_s=0.5)
    with open_source(config) as source:
        assert source.read() is not None
        server.is_stalled.set()
        start = time.monotonic()
        wait_until(lambda: not source.is_connected)
        assert time.monotonic() - start < 3.0


def test_a_silent_address_is_left_within_its_timeout() -> None:
    server = StreamServer()
    server.serve = lambda handler: time.sleep(20)  # type: ignore[method-assign]
    config = SourceConfig(source=server.url, timeout_s=0.5)
    with open_source(config) as source:
        start = time.monotonic()
        wait_until(lambda: bool(source.problem))
        assert time.monotonic() - start < 4.0
    server.close()
