"""Error of head poses: AFLW2000's files and conventions, and simulated films."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from scipy.io import savemat
from scipy.spatial.transform import Rotation

from classroom_fer_ros.core.errors import DataError
from classroom_fer_ros.core.evaluation.aflw import aflw_angles, aflw_rotation, read_aflw
from classroom_fer_ros.core.evaluation.head_pose import evaluate_head_pose, score_angles
from classroom_fer_ros.core.head_pose import HeadAngles, angles_of
from classroom_fer_ros.core.simulation import SimulatedClassroom, SimulationConfig, StudentTruth
from classroom_fer_ros.core.simulation.film import render_film
from classroom_fer_ros.core.simulation.turning import rotation_of
from classroom_fer_ros.evaluate import main

CLASS = SimulationConfig(students=1, width=640, height=480, seed=3)


def pose_para(truth: StudentTruth, *, yaw_off_deg: float = 0.0) -> np.ndarray:
    """
    Pose of a simulated face as AFLW2000 has it.

    Its matrices are those of right-handed axes with every angle the other way round: intrinsic
    turns about x, y and z, in axes x right, y up, z to the viewer.
    """
    yaw_rad = truth.yaw_rad + math.radians(yaw_off_deg)
    flip = np.diag([1.0, -1.0, -1.0])
    rotation = rotation_of(HeadAngles(yaw_rad, truth.pitch_rad, truth.roll_rad))
    angles = -Rotation.from_matrix(flip @ rotation @ flip).as_euler('XYZ')
    return np.concatenate([angles, [0.0, 0.0, 0.0, 1e-3]])[None]


def write_labelled(folder: Path, name: str, image: np.ndarray, truth: StudentTruth, **off: float):
    x_min, y_min, x_max, y_max = truth.box_xyxy
    corners = np.array([[x_min, x_max], [y_min, y_max], [0.0, 0.0]])
    folder.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(folder / f'{name}.png'), image)
    savemat(folder / f'{name}.mat', {'Pose_Para': pose_para(truth, **off), 'pt3d_68': corners})


@pytest.fixture(scope='module')
def moments() -> list[tuple[np.ndarray, StudentTruth]]:
    """Pictures of one student: as they come, and those turned farthest."""
    classroom = SimulatedClassroom(CLASS)
    times = np.arange(0.0, 40.0, 0.5)
    truths = {t: classroom.render(t)[1][0] for t in times[::8]}
    script = {t: abs(truth.yaw_rad) for t, truth in truths.items()}
    chosen = sorted(script, key=lambda t: -script[t])[:4] + list(times[1:9:2])
    return [(image, truth) for image, (truth,) in map(classroom.render, chosen)]


def test_the_convention() -> None:
    """Ours > 0 (to the person's left, down, to the right shoulder) are theirs < 0."""
    for angles, expected in (
        (HeadAngles(0.3, 0.0, 0.0), (0.0, -0.3, 0.0)),
        (HeadAngles(0.0, 0.2, 0.0), (-0.2, 0.0, 0.0)),
        (HeadAngles(0.0, 0.0, 0.1), (0.0, 0.0, -0.1)),
    ):
        assert aflw_angles(rotation_of(angles)) == pytest.approx(expected)
        back = angles_of(aflw_rotation(*expected))
        assert (back.yaw_rad, back.pitch_rad, back.roll_rad) == pytest.approx(
            (angles.yaw_rad, angles.pitch_rad, angles.roll_rad)
        )
    # Where the nose of a turned face is: yaw > 0 to the left of the picture, pitch > 0 up in it.
    nose = np.array([0.0, 0.0, -1.0])
    assert (aflw_rotation(0.0, 0.5, 0.0) @ nose)[0] < 0.0
    assert (aflw_rotation(0.5, 0.0, 0.0) @ nose)[1] < 0.0
    assert (aflw_rotation(0.0, 0.0, 0.5) @ np.array([1.0, 0.0, 0.0]))[1] > 0.0


@pytest.mark.parametrize('angles', [(0.3, -0.9, 0.5), (-0.7, 1.2, -1.0), (0.0, 0.0, 0.0)])
def test_angles_and_back(angles: tuple[float, float, float]) -> None:
    rotation = aflw_rotation(*angles)
    assert aflw_angles(rotation) == pytest.approx(angles)
    flip = np.diag([1.0, -1.0, -1.0])
    other = Rotation.from_euler('XYZ', -np.array(angles)).as_matrix()
    np.testing.assert_allclose(flip @ rotation @ flip, other, atol=1e-12)


def test_simulated_faces_of_known_pose(
    moments: list, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number, (image, truth) in enumerate(moments):
        write_labelled(tmp_path / f'part{number % 2}', f'image{number:05d}', image, truth)
    assert main(['head_pose', str(tmp_path), '--json']) == 0
    score = json.loads(capsys.readouterr().out)
    assert score['count'] == len(moments)
    assert (score['not_found'], score['left_out']) == (0, 0)
    assert max(score['yaw'], score['pitch'], score['roll']) < 5.0
    assert score['mean'] == pytest.approx((score['yaw'] + score['pitch'] + score['roll']) / 3)
    assert score['yaw_by_range']['to 99 deg'] == {'error': None, 'count': 0}
    assert main(['head_pose', str(tmp_path)]) == 0
    assert 'left out' in capsys.readouterr().out


def test_labels_that_are_off_by_some_degrees_are_scored_so(moments: list, tmp_path: Path) -> None:
    for number, (image, truth) in enumerate(moments[:4]):
        write_labelled(tmp_path, f'image{number}', image, truth, yaw_off_deg=20.0)
    assert 15.0 < evaluate_head_pose(tmp_path).yaw < 25.0


def test_large_angles_are_left_out_and_missing_faces_counted(
    moments: list, tmp_path: Path
) -> None:
    image, truth = moments[0]
    write_labelled(tmp_path, 'a', image, truth)
    savemat(tmp_path / 'b.mat', {'Pose_Para': np.radians([[0.0, 120.0, 0.0]])})
    cv2.imwrite(str(tmp_path / 'b.jpg'), image)
    write_labelled(tmp_path, 'c', np.zeros_like(image), truth)
    score = evaluate_head_pose(tmp_path)
    assert (score.count, score.left_out, score.not_found) == (1, 1, 1)


def test_a_simulated_film(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = SimulationConfig(students=2, width=640, height=360, fps=10.0)
    film = tmp_path / 'class.mp4'
    pictures = sum(1 for _ in render_film(config, film, 3.0))
    assert main(['head_pose', str(film), '--json']) == 0
    score = json.loads(capsys.readouterr().out)
    assert score['count'] + score['not_found'] == 2 * pictures
    assert score['not_found'] <= 6
    assert score['yaw'] < 5.0


def broken(folder: Path) -> Iterator[tuple[str, Path]]:
    (folder / 'empty').mkdir()
    yield 'holds no .mat', folder / 'empty'
    (folder / 'alone').mkdir()
    savemat(folder / 'alone' / 'a.mat', {'Pose_Para': np.zeros((1, 7))})
    yield 'no picture of that name', folder / 'alone'
    yield 'truth', folder / 'film.mp4'


def test_what_cannot_be_scored_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for problem, path in broken(tmp_path):
        assert main(['head_pose', str(path)]) == 2
        assert problem in capsys.readouterr().err


@pytest.mark.parametrize(
    ('content', 'problem'),
    [
        ({'other': np.zeros(3)}, 'has no Pose_Para'),
        ({'Pose_Para': np.zeros((1, 2))}, 'must begin with pitch'),
        ({'Pose_Para': np.full((1, 7), np.nan)}, 'must begin with pitch'),
        (None, r'no \.mat that can be read'),
    ],
)
def test_broken_labels_are_named(tmp_path: Path, content: dict | None, problem: str) -> None:
    path = tmp_path / 'a.mat'
    if content is None:
        path.write_bytes(b'not a mat file at all')
    else:
        savemat(path, content)
    with pytest.raises(DataError, match=problem):
        read_aflw(path)


def test_hidden_landmarks_are_not_in_the_box(tmp_path: Path) -> None:
    points = np.array([[10.0, -1.0, 30.0], [20.0, -1.0, 50.0]])
    savemat(tmp_path / 'a.mat', {'Pose_Para': np.zeros((1, 7)), 'pt2d': points})
    assert read_aflw(tmp_path / 'a.mat').box_xyxy == (10.0, 20.0, 30.0, 50.0)


def test_errors_go_the_short_way_round() -> None:
    score = score_angles([(0.0, 0.0, math.radians(179.0))], [(0.0, 0.0, math.radians(-179.0))])
    assert score.roll == pytest.approx(2.0)
    assert math.isnan(score_angles([], []).mean)
