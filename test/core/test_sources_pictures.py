"""Photographs from folders and patterns, of every depth; the simulated classroom as a source."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from classroom_fer_ros.core.errors import SourceError
from classroom_fer_ros.core.frame import Frame
from classroom_fer_ros.core.sources import Source, SourceConfig, open_source
from classroom_fer_ros.core.sources.pictures import PicturesSource
from classroom_fer_ros.core.sources.simulated import SimulatedSource
from clocks import FakeClock


def read_all(source: Source) -> list[Frame]:
    return list(iter(source.read, None))


def write(path: Path, image: np.ndarray) -> None:
    assert cv2.imwrite(str(path), image)


def test_a_real_folder(data_dir: Path) -> None:
    folder = data_dir / 'groups'
    with open_source(SourceConfig(source=str(folder), is_paced=False)) as source:
        frames = read_all(source)
    names = sorted(path.name for path in folder.glob('*.jpg'))
    assert len(frames) == len(names) == 10
    for frame, name in zip(frames, names, strict=True):
        np.testing.assert_array_equal(frame.image_bgr, cv2.imread(str(folder / name)))
    assert all(frame.is_still for frame in frames)
    assert [frame.index for frame in frames] == list(range(10))
    assert [frame.stamp_s for frame in frames] == pytest.approx([2.0 * i for i in range(10)])


def test_a_pattern_and_a_single_picture(tmp_path: Path) -> None:
    for name, level in (('b2.png', 20), ('b1.png', 10), ('a.png', 0)):
        write(tmp_path / name, np.full((8, 9, 3), level, np.uint8))
    for pattern, levels in (('b*.png', [10, 20]), ('a.png', [0]), ('', [0, 10, 20])):
        config = SourceConfig(source=f'{tmp_path}/{pattern}', is_paced=False)
        with open_source(config) as source:
            assert [int(frame.image_bgr[0, 0, 0]) for frame in read_all(source)] == levels


@pytest.mark.parametrize(
    ('suffix', 'pixel', 'expected'),
    [
        pytest.param('.png', np.array([10, 20, 30], np.uint8), (10, 20, 30), id='colour'),
        pytest.param('.png', np.array([10, 20, 30, 128], np.uint8), (10, 20, 30), id='alpha'),
        pytest.param('.png', np.array(77, np.uint8), (77, 77, 77), id='gray'),
        pytest.param('.png', np.array(77 * 256, np.uint16), (77, 77, 77), id='gray 16 bits'),
        pytest.param(
            '.png',
            np.array([10 * 256, 20 * 256, 30 * 256], np.uint16),
            (10, 20, 30),
            id='colour 16 bits',
        ),
        pytest.param(
            '.tif',
            np.array([10 * 256, 20 * 256, 30 * 256], np.uint16),
            (10, 20, 30),
            id='tiff 16 bits',
        ),
    ],
)
def test_every_depth_becomes_bgr(
    tmp_path: Path, suffix: str, pixel: np.ndarray, expected: tuple[int, int, int]
) -> None:
    path = tmp_path / f'picture{suffix}'
    write(path, np.tile(pixel, (6, 5) + (1,) * pixel.ndim))
    with open_source(SourceConfig(source=str(path), is_paced=False)) as source:
        frame = source.read()
        assert source.size_wh == (5, 6)
    assert frame is not None
    assert frame.image_bgr.dtype == np.uint8
    assert frame.image_bgr.shape == (6, 5, 3)
    assert (frame.image_bgr == expected).all()


def test_unreadable_pictures_are_skipped_and_reported(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ('a.png', 'c.png'):
        write(tmp_path / name, np.zeros((8, 8, 3), np.uint8))
    (tmp_path / 'b.jpg').write_bytes(b'no picture')
    (tmp_path / 'd.png').touch()
    config = SourceConfig(source=str(tmp_path), is_paced=False, is_looped=True)
    source = PicturesSource(config)
    with caplog.at_level(logging.WARNING):
        frames = [source.read() for _ in range(5)]
    assert [frame.index for frame in frames if frame] == list(range(5))
    assert len(source.problems) == 2
    assert 'b.jpg' in source.problems[0]
    assert 'd.png' in source.problems[1]
    assert [record.getMessage() for record in caplog.records] == source.problems


def test_only_unreadable_pictures(tmp_path: Path) -> None:
    (tmp_path / 'b.jpg').write_bytes(b'no picture')
    with pytest.raises(SourceError, match=r'b\.jpg'):
        open_source(SourceConfig(source=str(tmp_path)))


def test_a_looped_folder_that_was_emptied_ends(tmp_path: Path) -> None:
    write(tmp_path / 'a.png', np.zeros((8, 8, 3), np.uint8))
    config = SourceConfig(source=str(tmp_path), is_paced=False, is_looped=True)
    source = open_source(config)
    assert source.read() is not None
    (tmp_path / 'a.png').unlink()
    assert source.read() is None


def test_each_picture_stands_its_time_and_none_is_passed_over(tmp_path: Path) -> None:
    for name in 'abcd':
        write(tmp_path / f'{name}.png', np.zeros((8, 8, 3), np.uint8))
    clock = FakeClock()
    config = SourceConfig(source=str(tmp_path), picture_interval_s=1.5)
    source = open_source(config, clock_ns=clock, sleep=clock.sleep)
    source.read()
    source.read()
    assert clock.slept_s == pytest.approx([1.5])
    clock.advance(10.0)
    third, fourth = source.read(), source.read()
    assert third is not None
    assert fourth is not None
    assert (third.index, fourth.index, source.dropped) == (2, 3, 0)
    assert third.stamp_s == pytest.approx(11.5)
    assert fourth.stamp_s - third.stamp_s == pytest.approx(1.5)
    assert clock.slept_s == pytest.approx([1.5, 1.5])


class GrayClassroom:
    """Stands for the renderer: gray, and the time as the truth."""

    def render(self, stamp_s: float) -> tuple[np.ndarray, list[Any]]:
        return np.full((72, 128, 3), 90, np.uint8), [stamp_s]


def test_the_simulation_is_stamped_by_its_rate() -> None:
    config = SourceConfig(width=128, height=72, fps=10.0, is_paced=False)
    source = SimulatedSource(GrayClassroom(), config, start_ns=3)
    frames = [source.read() for _ in range(3)]
    assert [frame.stamp_ns for frame in frames if frame] == [3, 100_000_003, 200_000_003]
    assert source.truth == (0.2,)
    assert source.size_wh == (128, 72)
    source.close()
    assert source.read() is None


def test_the_simulation_leaves_out_what_nobody_waited_for() -> None:
    clock = FakeClock()
    config = SourceConfig(fps=10.0)
    source = SimulatedSource(GrayClassroom(), config, clock_ns=clock, sleep=clock.sleep)
    source.read()
    clock.advance(0.45)
    frame = source.read()
    assert frame is not None
    assert (frame.index, source.dropped, source.truth) == (4, 3, (0.4,))


def test_the_simulated_classroom_itself() -> None:
    pytest.importorskip('classroom_fer_ros.core.simulation')
    config = SourceConfig(width=320, height=180, students=2, is_paced=False)
    with open_source(config) as source:
        frame = source.read()
    assert frame is not None
    assert frame.size_wh == (320, 180)
    assert isinstance(source, SimulatedSource)
    assert len(source.truth) == 2
