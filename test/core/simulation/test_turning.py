"""Rotations, reliefs and interpolation of the simulation."""

import math

import numpy as np
import pytest

from classroom_fer_ros.core.head_pose import HeadAngles, angles_of
from classroom_fer_ros.core.simulation.interpolation import interpolate_on_grid
from classroom_fer_ros.core.simulation.turning import HeadShape, Relief, rotation_of, turned

ANGLES = [(0.0, 0.0, 0.0), (0.5, 0.0, 0.0), (0.0, -0.5, 0.0), (0.0, 0.0, 0.3), (-0.4, 0.3, 0.2)]


@pytest.mark.parametrize('angles', ANGLES)
def test_rotations_undo_the_reading_of_angles(angles: tuple[float, float, float]) -> None:
    read = angles_of(rotation_of(HeadAngles(*angles)))
    assert (read.yaw_rad, read.pitch_rad, read.roll_rad) == pytest.approx(angles, abs=1e-9)


def relief() -> tuple[Relief, np.ndarray]:
    """An egg-shaped face of height 1."""
    x, y = np.meshgrid(np.linspace(-0.45, 0.45, 19), np.linspace(-0.5, 0.5, 21))
    inside = (x / 0.45) ** 2 + (y / 0.5) ** 2 <= 1.0
    x, y = x[inside], y[inside]
    points = np.column_stack([x, y, 0.6 * (x**2 + y**2) - 0.05])
    turn = np.linspace(0.0, 2 * math.pi, 36, endpoint=False)
    oval = np.column_stack([0.45 * np.cos(turn), 0.5 * np.sin(turn), np.full(36, 0.07)])
    return Relief(points, oval, (-1.05, -1.15), (1.05, 0.95)), points


@pytest.mark.parametrize('angles', ANGLES)
def test_each_pixel_comes_from_the_point_that_was_turned_there(
    angles: tuple[float, float, float],
) -> None:
    model, points = relief()
    points = points[np.hypot(points[:, 0], points[:, 1]) < 0.35]
    shape = HeadShape(width=1.05, height=0.97, jaw=1.08)
    rotation = rotation_of(HeadAngles(*angles))
    places = turned(shape.to_student(points), rotation)[:, :2]
    origins = model.origins(rotation, shape, places[None])[0]
    assert np.abs(origins - points[:, :2]).max() < 0.02


def test_shapes_go_there_and_back() -> None:
    points = np.random.default_rng(1).uniform(-0.5, 0.5, (50, 3))
    shape = HeadShape(width=0.95, height=1.04, jaw=0.9)
    moved = shape.to_student(points)
    x, y = shape.to_portrait(moved[:, 0], moved[:, 1])
    assert np.column_stack([x, y]) == pytest.approx(points[:, :2])


def test_interpolation_is_exact_on_planes_and_knows_nothing_outside() -> None:
    random = np.random.default_rng(2)
    corners = np.array([[3.0, 2.0], [40.0, 2.0], [3.0, 28.0], [40.0, 28.0]])
    points = np.concatenate([corners, random.uniform((3.0, 2.0), (40.0, 28.0), (300, 2))])
    plane = np.array([[2.0, -1.0], [0.5, 3.0]])
    grid = interpolate_on_grid(points, points @ plane, (32, 48))
    x, y = np.meshgrid(np.arange(48), np.arange(32))
    expected = np.stack([x, y], axis=-1) @ plane
    inside = (slice(3, 28), slice(4, 40))
    assert grid[inside] == pytest.approx(expected[inside])
    assert np.isnan(grid[:1]).all()
    assert np.isnan(grid[:, 45:]).all()
