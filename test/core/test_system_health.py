"""Silent nodes and an analysis that falls behind."""

from classroom_fer_ros.core.alert_config import SystemRule
from classroom_fer_ros.core.system_health import SystemHealth
from classroom_fer_ros.core.texts import load_texts

RULE = SystemRule(min_rate=5.0, silent_after_s=4.0)


def test_nobody_no_problem() -> None:
    assert SystemHealth().problem(100.0, RULE) == ''


def test_a_silent_node_is_named_until_it_is_heard_again() -> None:
    health = SystemHealth()
    for second in range(10):
        health.hear('face_node', second, RULE)
        if second < 3:
            health.hear('fatigue_node', second, RULE)
    assert health.problem(6.0, RULE) == ''
    assert health.problem(9.0, RULE) == 'No sign of life from fatigue_node'
    assert health.problem(9.0, RULE, period_s=60.0) == '', 'they tell of themselves that seldom'
    health.hear('fatigue_node', 9.5, RULE)
    assert health.problem(10.0, RULE) == ''


def test_an_analysis_that_passes_pictures_over_and_is_slow() -> None:
    health = SystemHealth(load_texts('zh'))
    health.hear('pipeline_node', 0.0, RULE, rate=3.0, dropped=10)
    assert health.problem(0.0, RULE) == '', 'nothing was passed over meanwhile'
    health.hear('pipeline_node', 1.0, RULE, rate=3.04, dropped=30)
    assert health.problem(1.0, RULE) == '分析每秒只能处理 3.0 幅画面'
    health.hear('pipeline_node', 2.0, RULE, rate=12.0, dropped=40)
    assert health.problem(2.0, RULE) == '', 'passing over is no problem as such'
    health.hear('pipeline_node', 3.0, RULE, rate=2.0, dropped=40)
    assert health.problem(3.0, RULE) == '', 'a slow camera is none either'
