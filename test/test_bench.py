"""What `make bench` writes, compares and draws, and the film that it plays."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks import compare, plan, report
from benchmarks.accuracy import TruthScore
from classroom_fer_ros.core.results import Face, FrameResult, HeadPose
from classroom_fer_ros.core.simulation import SimulationConfig, render_film
from classroom_fer_ros.core.simulation.truth import read_truth, truth_path

pytest.importorskip('rclpy', reason='no ROS 2: run `make setup`')

from benchmarks.film_nodes import FilmAtRate
from benchmarks.live_run import TOUCHY
from classroom_fer_ros.core.settings import settings_of
from classroom_fer_ros.nodes.node_config import NodeConfig

ONE = report.BenchRun(
    mode=plan.FUSED,
    source=plan.SIMULATED,
    faces=1,
    width=1280,
    height=720,
    fps=40.0,
    latency_ms={'p50': 10.0, 'p95': 20.0, 'p99': 30.0},
    cpu_ms_per_frame=12.0,
    cpu_ms_per_face=12.0,
    rss_mb_start=200.0,
    rss_mb_end=201.0,
    dropped=0,
    offered_fps=25.0,
    seconds=10.0,
    alert_latency_ms={'p50': 11.0, 'p95': 21.0, 'p99': 31.0},
    rate_hz={'landmarks': 25.0, 'expression': 3.2, 'identity': 0.5},
    stage_cpu_ms={'mesh': 2.0, 'detection': 9.0},
    accuracy={'followed': 0.987, 'yaw_error_deg': 2.5},
)
THIRTY = replace(
    ONE, faces=30, width=1920, height=1080, fps=16.0, cpu_ms_per_frame=99.0, stage_cpu_ms={}
)
KEYS = (
    *('mode', 'source', 'faces', 'width', 'height', 'fps', 'latency_ms', 'cpu_ms_per_frame'),
    *('cpu_ms_per_face', 'rss_mb_start', 'rss_mb_end', 'dropped'),
)


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of results in place of the real one."""
    monkeypatch.setattr(report, 'RESULTS', tmp_path)
    return tmp_path


def test_results_are_written_and_read(results: Path) -> None:
    path = report.write([ONE, THIRTY], commit='abc')
    assert re.fullmatch(r'\d{8}T\d{6}\.json', path.name)
    assert path.read_text() == (results / 'latest.json').read_text()
    first = json.loads(path.read_text())['runs'][0]
    assert all(key in first for key in KEYS)
    assert set(first['latency_ms']) == {'p50', 'p95', 'p99'}
    assert report.read(path) == [ONE, THIRTY]


def test_the_table_says_what_was_measured(results: Path) -> None:
    text = report.write([ONE, THIRTY]).with_suffix('.md').read_text()
    row = '| fused | 1 simulated | 1280x720 | 40.0 | 10.0 ms | 20.0 ms | 30.0 ms | 21.0 ms |'
    assert row in text
    assert '| fused | 1 simulated | 1280x720 | 98.7 % | 2.5 deg |' in text
    assert '| 30 faces, 1920x1080: 15 pictures a second | 16.0 |' in text
    assert '| one face more: 3.5 ms of CPU a picture | 3.0 ms |' in text


def test_ratios_are_b_over_a() -> None:
    faster = replace(ONE, fps=60.0, latency_ms={'p50': 5.0, 'p95': 20.0, 'p99': 30.0})
    found = compare.ratios([ONE], [faster, THIRTY])
    assert list(found) == ['fused, 1 simulated, 1280x720']
    measures = found['fused, 1 simulated, 1280x720']
    assert measures['fps'] == pytest.approx(1.5)
    assert measures['p50'] == pytest.approx(0.5)
    assert measures['rss_mb_end'] == pytest.approx(1.0)


def test_plots_are_drawn(tmp_path: Path) -> None:
    pytest.importorskip('matplotlib', reason='drawn where matplotlib is: `make bench`')
    from benchmarks import plots

    small = [ONE, replace(ONE, faces=8, stage_cpu_ms={'mesh': 16.0, 'align': 1.0})]
    drawn = plots.draw([*small, THIRTY], tmp_path / 'now')
    names = {path.name for path in drawn}
    assert {'now_stages_720p.png', 'latest_stages_720p.png', 'now_rates.png'} <= names
    assert all(cv2.imread(str(path)) is not None for path in drawn)


def test_the_full_plan_is_what_was_asked_for() -> None:
    full = plan.full_plan()
    assert {mode for mode, _ in full.runs} == set(plan.MODES)
    asked = {(n, size) for n in (1, 2, 4, 8, 16, 30, 40) for size in (plan.HD, plan.FULL_HD)}
    assert {(scene.students, scene.size_wh) for _, scene in full.runs if scene.students} == asked
    assert {scene.source for _, scene in full.runs} == {plan.SIMULATED, plan.PUPILS, plan.STREET}
    only = plan.narrowed(full, (plan.FUSED,), (8,))
    assert [(mode, scene.students) for mode, scene in only.runs] == [(plan.FUSED, 8)] * 2


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """Four pictures, each brighter than the one before."""
    path = tmp_path / 'film.mp4'
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*'mp4v'), 25.0, (64, 48))
    for level in (20, 80, 140, 200):
        writer.write(np.full((48, 64, 3), level, np.uint8))
    writer.release()
    return path


@pytest.mark.parametrize('fps', [0.0, 200.0], ids=['as fast as read', 'paced'])
def test_a_film_at_any_rate_shows_every_picture(film: Path, fps: float) -> None:
    with FilmAtRate(film, fps) as source:
        frames = [source.read() for _ in range(6)]
    levels = [round(float(frame.image_bgr.mean()) / 60) for frame in frames]
    assert levels == [0, 1, 2, 3, 0, 1]
    stamps = [frame.stamp_ns for frame in frames]
    assert stamps == sorted(stamps)
    assert [frame.index for frame in frames] == list(range(6))


def test_what_a_reader_is_too_late_for_is_counted(film: Path) -> None:
    with FilmAtRate(film, 100.0) as source:
        first = source.read()
        source._sleep_until_closed(0.2)
        second = source.read()
        assert source.dropped >= 10
    # Whole periods later, and the next picture of the film all the same.
    assert (second.stamp_ns - first.stamp_ns) % 10**7 == 0
    assert float(second.image_bgr.mean()) == pytest.approx(80, abs=8)


def test_the_parameters_that_are_measured_with_exist() -> None:
    known = {setting.name: setting for setting in settings_of(NodeConfig)}
    for name, text in TOUCHY.items():
        low, high = known[name].range
        assert low <= float(text) <= high


def test_accuracy_is_that_of_the_truth(tmp_path: Path) -> None:
    film = tmp_path / 'class.mp4'
    pictures = []
    config = SimulationConfig(students=2, width=640, height=360, fps=25.0)
    for _ in render_film(config, film, 0.08):
        pass
    truths = list(read_truth(truth_path(film)))
    for number in range(2):
        seen = [truth for index, truth in truths if index == number][number:]
        faces = tuple(
            Face(face_id=t.student, box_xyxy=t.box_xyxy, score=1.0, keypoints_xy=np.zeros((5, 2)))
            for t in seen
        )
        poses = tuple(HeadPose(face_id=t.student, yaw_rad=t.yaw_rad + 0.1) for t in seen)
        pictures.append(
            FrameResult(
                stamp_ns=number, index=number, size_wh=(640, 360), faces=faces, head_poses=poses
            )
        )
    score = TruthScore(film)
    for number, result in enumerate(pictures):
        score.add(number, result)
    figures = score.figures()
    assert figures['followed'] == pytest.approx(3 / 4)
    assert figures['yaw_error_deg'] == pytest.approx(np.degrees(0.1))
    assert TruthScore(tmp_path / 'real.mp4').figures() == {}
