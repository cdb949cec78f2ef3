"""Films: every picture or real time, over the end and over damage; the pacing behind them."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from classroom_fer_ros.core.errors import SourceError
from classroom_fer_ros.core.frame import Frame
from classroom_fer_ros.core.sources import Source, SourceConfig, open_source
from classroom_fer_ros.core.sources.film import plausible_fps
from classroom_fer_ros.core.sources.pacing import Pacer
from clocks import FakeClock

PERIOD_NS = 40_000_000


@pytest.fixture(scope='module')
def short_film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten pictures at 25 Hz; picture i is gray 20 * i."""
    path = tmp_path_factory.mktemp('film') / 'short.avi'
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*'MJPG'), 25.0, (64, 48))
    for index in range(10):
        writer.write(np.full((48, 64, 3), 20 * index, np.uint8))
    writer.release()
    return path


def read_all(source: Source, limit: int = 1000) -> list[Frame]:
    frames: list[Frame] = []
    while len(frames) < limit and (frame := source.read()) is not None:
        frames.append(frame)
    return frames


def shade(frame: Frame) -> int:
    """Which picture of the short film it is."""
    return round(float(frame.image_bgr.mean()) / 20)


def test_a_real_film_is_read_whole(data_dir: Path) -> None:
    film = data_dir / 'video' / 'face_expressions_a.mp4'
    with open_source(SourceConfig(source=str(film), is_paced=False)) as source:
        assert source.size_wh == (512, 512)
        assert source.fps == 25.0
        assert film.name in source.description
        frames = read_all(source)
        assert source.read() is None
    assert [frame.index for frame in frames] == list(range(78))
    assert [frame.stamp_ns for frame in frames] == [i * PERIOD_NS for i in range(78)]
    assert {frame.size_wh for frame in frames} == {(512, 512)}
    assert not any(frame.is_still for frame in frames)
    assert (source.dropped, source.problem) == (0, '')
    capture = cv2.VideoCapture(str(film))
    np.testing.assert_array_equal(frames[0].image_bgr, capture.read()[1])
    np.testing.assert_array_equal(frames[1].image_bgr, capture.read()[1])


def test_loops_go_on_in_index_and_stamp(short_film: Path) -> None:
    config = SourceConfig(source=str(short_film), is_paced=False, is_looped=True)
    with open_source(config, start_ns=7) as source:
        frames = read_all(source, 25)
    assert [shade(frame) for frame in frames] == [i % 10 for i in range(25)]
    assert [frame.index for frame in frames] == list(range(25))
    assert [frame.stamp_ns for frame in frames] == [7 + i * PERIOD_NS for i in range(25)]


def test_real_time_waits_for_each_picture(short_film: Path) -> None:
    clock = FakeClock()
    config = SourceConfig(source=str(short_film))
    with open_source(config, start_ns=5, clock_ns=clock, sleep=clock.sleep) as source:
        frames = read_all(source)
    assert [shade(frame) for frame in frames] == list(range(10))
    assert clock.slept_s == pytest.approx([0.04] * 10)  # the last wait finds the end
    assert frames[3].stamp_ns == 5 + 3 * PERIOD_NS


def test_a_late_reader_gets_the_newest_picture(short_film: Path) -> None:
    clock = FakeClock()
    config = SourceConfig(source=str(short_film))
    with open_source(config, clock_ns=clock, sleep=clock.sleep) as source:
        first = source.read()
        clock.advance(0.13)  # pictures 1 and 2 are over, 3 stands
        second = source.read()
        assert source.dropped == 2
        third = source.read()
    assert first is not None
    assert second is not None
    assert third is not None
    assert [frame.index for frame in (first, second, third)] == [0, 3, 4]
    assert [shade(frame) for frame in (first, second, third)] == [0, 3, 4]
    assert second.stamp_ns == 3 * PERIOD_NS


def test_a_reader_that_paused_misses_nothing(short_film: Path) -> None:
    clock = FakeClock()
    config = SourceConfig(source=str(short_film))
    with open_source(config, clock_ns=clock, sleep=clock.sleep) as source:
        source.read()
        clock.advance(60.0)
        frame = source.read()
    assert frame is not None
    assert (frame.index, source.dropped) == (1, 0)
    assert frame.stamp_s == pytest.approx(60.0), 'stamps keep up with the clock'


@pytest.mark.parametrize('is_paced', [True, False])
def test_live_stamps_begin_when_reading_begins(short_film: Path, is_paced: bool) -> None:
    clock = FakeClock()
    config = SourceConfig(source=str(short_film), is_paced=is_paced)
    with open_source(config, start_ns=None, clock_ns=clock, sleep=clock.sleep) as source:
        clock.advance(9.0)  # models load
        start_ns = clock()
        stamps = [frame.stamp_ns - start_ns for frame in read_all(source, 3)]
    assert stamps == [0, PERIOD_NS, 2 * PERIOD_NS]
    if is_paced:
        assert clock() - start_ns == 2 * PERIOD_NS, 'nothing is older than it is late'


def test_lateness_goes_over_the_end_of_a_looped_film(short_film: Path) -> None:
    clock = FakeClock()
    config = SourceConfig(source=str(short_film), is_looped=True)
    with open_source(config, clock_ns=clock, sleep=clock.sleep) as source:
        source.read()
        clock.advance(0.041 * 12)
        frame = source.read()
    assert frame is not None
    assert (frame.index, shade(frame), source.dropped) == (12, 2, 11)


def test_a_truncated_film_ends_where_it_was_cut(data_dir: Path, tmp_path: Path) -> None:
    whole = (data_dir / 'video' / 'driver_yawning_1.avi').read_bytes()
    cut = tmp_path / 'cut.avi'
    cut.write_bytes(whole[: len(whole) // 4])
    with open_source(SourceConfig(source=str(cut), is_paced=False)) as source:
        frames = read_all(source)
    assert 50 < len(frames) < 200
    assert [frame.index for frame in frames] == list(range(len(frames)))
    assert 'truncated' in source.problem
    assert '429' in source.problem


def test_a_film_without_its_table_of_contents(data_dir: Path, tmp_path: Path) -> None:
    whole = (data_dir / 'video' / 'face_smile.mp4').read_bytes()
    cut = tmp_path / 'cut.mp4'
    cut.write_bytes(whole[: len(whole) // 4])
    with pytest.raises(SourceError, match=r'cut\.mp4 cannot be played.*truncated'):
        open_source(SourceConfig(source=str(cut)))


@pytest.mark.parametrize(
    ('content', 'words'),
    [(b'', 'empty file'), (b'no film at all' * 100, 'cannot be played')],
)
def test_what_is_no_film(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / 'film.mp4'
    path.write_bytes(content)
    with pytest.raises(SourceError, match=words):
        open_source(SourceConfig(source=str(path)))


def test_after_close_there_is_nothing(short_film: Path) -> None:
    source = open_source(SourceConfig(source=str(short_film), is_looped=True))
    source.close()
    source.close()
    assert source.read() is None


def test_close_wakes_a_waiting_reader(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / 'a.png'), np.zeros((8, 8, 3), np.uint8))
    config = SourceConfig(source=str(tmp_path), is_looped=True, picture_interval_s=60.0)
    source = open_source(config)
    source.read()
    reader = threading.Thread(target=source.read)
    reader.start()
    time.sleep(0.05)
    assert reader.is_alive()
    source.close()
    reader.join(5.0)
    assert not reader.is_alive()


def test_implausible_rates_are_replaced() -> None:
    assert plausible_fps(29.97, 25.0) == 29.97
    assert [plausible_fps(fps, 25.0) for fps in (0.0, 90000.0, float('nan'))] == [25.0] * 3


def test_a_reader_that_stood_still_finds_the_sequence_where_it_was() -> None:
    clock = FakeClock()
    pacer = Pacer(0.04, clock, clock.sleep)
    assert pacer.newest_due(0) == 0
    clock.advance(60.0)
    assert pacer.newest_due(1) == 1
    assert pacer.delay_ns == pytest.approx(59.96e9)
    assert pacer.newest_due(2) == 2
    assert clock.slept_s == pytest.approx([0.04])


def test_a_clock_set_back_costs_one_period() -> None:
    clock = FakeClock()
    pacer = Pacer(0.04, clock, clock.sleep)
    pacer.newest_due(0)
    clock.advance(-3600.0)
    assert pacer.newest_due(1) == 1
    assert pacer.newest_due(2) == 2
    assert clock.slept_s == pytest.approx([0.04, 0.04])
