"""Relief of a machine that is too slow: when it comes, in which order, and when it goes."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest

from classroom_fer_ros.core.frame import Frame
from classroom_fer_ros.core.pipeline import ClassroomPipeline, PipelineConfig
from classroom_fer_ros.core.relief import HOLD_S, MAX_LEVEL, Relief, ReliefConfig, relieved
from classroom_fer_ros.core.simulation import SimulatedClassroom, SimulationConfig
from classroom_fer_ros.core.tracking import TrackingConfig


def levels(
    relief: Relief, spent_ms: Callable[[float], float], from_s: float, to_s: float
) -> list[tuple[float, int]]:
    """Every change of the level with its time, at ten pictures a second."""
    changes = []
    for number in range(round(from_s * 10), round(to_s * 10)):
        if relief.update(spent_ms(number / 10), number / 10):
            changes.append((number / 10, relief.level))
    return changes


def test_levels_come_one_by_one_and_go_later() -> None:
    relief = Relief(ReliefConfig(max_analysis_ms=50.0))
    assert levels(relief, lambda s: 40.0, 0, 20) == []
    up = levels(relief, lambda s: 90.0, 20, 60)
    assert [level for _, level in up] == [1, 2, 3, 4]
    times = [when for when, _ in up]
    assert all(b - a >= HOLD_S for a, b in itertools.pairwise(times))
    assert 'expressions' in relief.words
    down = levels(relief, lambda s: 20.0, 60, 160)
    assert [level for _, level in down] == [3, 2, 1, 0]
    assert down[0][0] >= 75
    assert relief.words == ''


def test_what_helps_is_kept() -> None:
    """Each level saves 15 ms: the second one is enough, and too dear to be given back."""
    relief = Relief(ReliefConfig(max_analysis_ms=60.0))
    levels(relief, lambda s: 80.0 - 15.0 * relief.level, 0, 100)
    assert relief.level == 2


def test_one_slow_picture_changes_nothing() -> None:
    relief = Relief(ReliefConfig(max_analysis_ms=60.0))
    assert levels(relief, lambda s: 600.0 if s == 30.0 else 30.0, 0, 60) == []


@pytest.mark.parametrize('stamp_s', [0.0, 5000.0], ids=['back', 'much later'])
def test_a_gap_in_time_is_no_slowness(stamp_s: float) -> None:
    relief = Relief(ReliefConfig(max_analysis_ms=60.0))
    levels(relief, lambda s: 100.0, 100, 103.5)
    assert not relief.update(100.0, stamp_s)
    assert not relief.update(100.0, stamp_s + 0.1)


def test_a_limit_of_zero_never_lowers_anything() -> None:
    relief = Relief(ReliefConfig(max_analysis_ms=50.0))
    levels(relief, lambda s: 90.0, 0, 10)
    assert relief.level > 0
    relief.reconfigure(ReliefConfig(max_analysis_ms=0.0))
    assert relief.update(90.0, 10.0)
    assert relief.level == 0
    assert levels(relief, lambda s: 900.0, 10, 40) == []


def test_the_order_is_detection_identity_expression() -> None:
    config = PipelineConfig(tracking=TrackingConfig(regions_per_picture=3))
    rates = [
        (c.tracking.regions_per_picture, c.identity_interval_s, c.expression_interval_s)
        for c in (relieved(config, level) for level in range(MAX_LEVEL + 1))
    ]
    assert rates == [(3, 2.0, 0.3), (1, 2.0, 0.3), (1, 8.0, 0.3), (1, 8.0, 0.6), (1, 8.0, 1.2)]


def test_the_analysis_does_less_and_everything_again() -> None:
    classroom = SimulatedClassroom(SimulationConfig(students=1, width=640, height=360))
    pipeline = ClassroomPipeline()
    regions: list[int] = []
    detect = pipeline._faces._finder._tracker._detector.detect
    pipeline._faces._finder._tracker._detector.detect = lambda image, some: (
        regions.append(len(some)) or detect(image, some)
    )
    for number, level in enumerate((0, 0, 1, 1, MAX_LEVEL, 0, 0)):
        pipeline.relieve(level)
        result = pipeline.process(Frame(classroom.render(number / 10)[0], number * 10**8, number))
        assert len(result.faces) == 1
    assert regions[1:] == [2, 1, 1, 1, 2, 2]
    pipeline.close()
