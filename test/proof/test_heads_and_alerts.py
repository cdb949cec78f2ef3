"""
Ten simulated minutes at every rate: yaw, shakes, nods and turns, and whom alerts are about.

`CLASSROOM_FER_PROOF_MINUTES` shortens the lessons.
"""

from __future__ import annotations

import os

import pytest

from classroom_fer_ros.core.evaluation.motions import Conditions, LessonScore, score_lesson
from classroom_fer_ros.core.simulation import SimulationConfig

pytestmark = [pytest.mark.proof, pytest.mark.timeout(7200)]
MINUTES = float(os.environ.get('CLASSROOM_FER_PROOF_MINUTES', '10'))
#: A tired student has to be judged for a while first; a restless one shakes the head soon.
TIRED_WITHIN_S, RESTLESS_WITHIN_S = 180.0, 60.0
PLAIN = SimulationConfig(seed=1)
WORSE = {
    'dim': (PLAIN, Conditions(brightness=0.25, noise=2.5)),
    'noisy': (PLAIN, Conditions(noise=8.0)),
    'blurred': (PLAIN, Conditions(blur_px=1.5)),
    'small': (SimulationConfig(seed=1, width=800, height=450), Conditions()),
}


def lesson(config: SimulationConfig, fps: float, conditions: Conditions) -> LessonScore:
    values = {name: getattr(config, name) for name in ('students', 'width', 'height', 'seed')}
    return score_lesson(SimulationConfig(**values, fps=fps), 60.0 * MINUTES, conditions)


def check_heads(score: LessonScore) -> None:
    print(score.to_json())
    assert score.found_share >= 0.95
    assert score.yaw_error_deg <= 5.0
    for name, motion in score.motions.items():
        assert motion.labelled == 0 or motion.f1 >= 0.90, name


@pytest.mark.parametrize('fps', [5.0, 10.0, 20.0, 30.0])
def test_heads_and_alerts_at_every_rate(fps: float) -> None:
    score = lesson(PLAIN, fps, Conditions())
    check_heads(score)
    first_s = {(behaves, kind): stamp_s for stamp_s, _, behaves, kind in score.alerts}
    wrong = [alert for alert in score.alerts if alert[2] not in ('tired', 'restless')]
    assert wrong == [], 'about the class, or somebody lively'
    assert first_s[('restless', 'left_right')] <= RESTLESS_WITHIN_S
    assert first_s[('tired', 'tired')] <= TIRED_WITHIN_S


@pytest.mark.parametrize('name', WORSE)
def test_heads_under_worse_conditions(name: str) -> None:
    config, conditions = WORSE[name]
    check_heads(lesson(config, 20.0, conditions))
