"""Scores of head motions against scripts: made shows, and what the monitor tells of scripts."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from classroom_fer_ros.core.evaluation.motions import (
    MOTIONS,
    Conditions,
    TrueMotion,
    match,
    seen_under,
    true_motions,
)
from classroom_fer_ros.core.head_motion import HeadMotionMonitor
from classroom_fer_ros.core.results import Motion
from classroom_fer_ros.core.simulation.script import StudentKind, StudentScript
from classroom_fer_ros.evaluate import main


def test_found_in_time_late_twice_and_never() -> None:
    true = [
        TrueMotion(motion='shake', start_s=10.0, due_s=10.7),
        TrueMotion(motion='shake', start_s=20.0, due_s=20.7),
        TrueMotion(motion='nod', start_s=30.0, due_s=30.7),
    ]
    shown = [('shake', 11.0), ('shake', 11.5), ('shake', 22.0), ('turn', 30.5)]
    score = match(shown, true, 'shake')
    assert (score.labelled, score.found, score.matched) == (2, 3, 1)
    assert match(shown, true, 'nod').recall == 0.0
    assert match(shown, true, 'turn').precision == 0.0
    assert match([], [], 'nod').labelled == 0


def test_what_may_be_called_so_or_not_counts_neither_way() -> None:
    true = [TrueMotion(motion='turn', start_s=1.0, due_s=1.9, is_sure=False)]
    for shown in ([], [('turn', 2.0)]):
        score = match(shown, true, 'turn')
        assert (score.labelled, score.found, score.matched) == (0, 0, 0)


@pytest.mark.parametrize('fps', [5.0, 10.0, 20.0, 30.0])
@pytest.mark.parametrize('kind', StudentKind, ids=lambda kind: kind.value)
def test_the_monitor_tells_the_script(kind: StudentKind, fps: float) -> None:
    """Angles of two minutes with noise; F1 of what is shown within a second."""
    seconds = 120.0
    script, monitor = StudentScript(7, 0, kind), HeadMotionMonitor()
    noise = np.random.default_rng(1)
    shown: list[tuple[str, float]] = []
    before = Motion.NONE
    for index in range(round(seconds * fps)):
        t = index / fps
        state = script(t)
        yaw, pitch = np.array([state.yaw_rad, state.pitch_rad]) + np.radians(
            noise.normal(0, 0.7, 2)
        )
        motion = monitor.update('a', yaw, pitch, state.roll_rad, t).motion
        if motion is not before and motion is not Motion.NONE:
            shown.append((motion.name.lower(), t))
        before = motion
    true = true_motions(script, seconds)
    assert len(true) >= (0 if kind is StudentKind.TIRED else 10)
    for name in MOTIONS:
        score = match(shown, true, name)
        assert math.isnan(score.f1) or score.f1 >= 0.9, name


def test_pictures_under_worse_conditions() -> None:
    picture = np.full((40, 60, 3), 100, np.uint8)
    picture[:, 30:] = 200
    noise = np.random.default_rng(0)
    assert seen_under(picture, Conditions(), noise) is picture
    dim = seen_under(picture, Conditions(brightness=0.25), noise)
    assert (dim[0, 0] == 25).all()
    noisy = seen_under(picture, Conditions(noise=5.0), noise)
    assert noisy[:, :30].std() == pytest.approx(5.0, abs=0.5)
    blurred = seen_under(picture, Conditions(blur_px=3.0), noise)
    assert 120 < blurred[20, 29, 0] < 180


def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    small = ['--students', '1', '--height', '300', '--minutes', '0.05', '--fps', '5']
    assert main(['motions', *small, '--json']) == 0
    score = json.loads(capsys.readouterr().out)
    assert set(score['motions']) == set(MOTIONS)
    assert score['found_share'] > 0.9
    assert score['yaw_error_deg'] < 5.0
    assert score['alerts'] == []
    assert main(['motions', '--students', '0']) == 2
