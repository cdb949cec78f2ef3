"""Whole simulated lessons: who is followed, what comes back, who is warned about."""

from __future__ import annotations

import pytest

from classroom_fer_ros.core.results import AlertKind, FatigueState
from classroom_fer_ros.core.simulation import SimulationConfig
from simulated_lesson import FPS, watch

pytestmark = [pytest.mark.proof, pytest.mark.timeout(900)]
SECONDS = 60


@pytest.mark.parametrize('seed', [2, 3, 4])
def test_a_minute_of_each_class(seed: int) -> None:
    lesson = watch(SimulationConfig(seed=seed), SECONDS)
    assert len(lesson) == 6
    for name, student in lesson.items():
        assert len(student.ids) == 1, name
        assert len(student.truth) >= 0.95 * SECONDS * FPS, name
        assert student.yaw_error_deg <= 5.0, name
    tired = {name for name, s in lesson.items() if FatigueState.TIRED in s.states}
    restless = {name for name, s in lesson.items() if AlertKind.LEFT_RIGHT in s.alerts}
    assert len(tired) == 1
    assert len(restless) <= 1
    assert all(AlertKind.TIRED in lesson[name].alerts for name in tired)
    awake = [student for name, student in lesson.items() if name not in tired]
    true = sum(student.true_closures for student in awake)
    assert 0.8 * true <= sum(student.blink_count for student in awake) <= 1.05 * true
