"""Results of a namespace put together again by who only listens."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus

from classroom_fer_ros.core import results
from classroom_fer_ros.nodes import convert, topics
from classroom_fer_ros.nodes.analysis_thread import Performance
from classroom_fer_ros.nodes.camera import ENDED, STATE_KEY, SourceState
from classroom_fer_ros.nodes.diagnostics import to_diagnostics
from classroom_fer_ros.result_watch import ResultWatch
from distributed import Ear, ear, spinning
from harness import NAMESPACE, wait_until

CAMERA = f'{NAMESPACE}/camera_node'.lstrip('/')
pytestmark = pytest.mark.usefixtures('ros')


@pytest.fixture
def watch() -> Iterator[ResultWatch]:
    node = ResultWatch(NAMESPACE)
    node.begin()
    with spinning(node):
        yield node


def seen(stamp_ns: int, size_wh: tuple[int, int] = (640, 480)) -> results.FrameResult:
    face = results.Face(
        face_id='001', box_xyxy=(0.0, 0.0, 9.0, 9.0), score=0.9, keypoints_xy=np.zeros((5, 2))
    )
    expression = results.Expression(
        face_id='001',
        status=results.Judgement.JUDGED,
        label='happy',
        confidence=0.9,
        probabilities=np.full(7, 1 / 7),
    )
    return results.FrameResult(
        stamp_ns=stamp_ns, index=0, size_wh=size_wh, faces=(face,), expressions=(expression,)
    )


def say(speaker: Ear, result: results.FrameResult) -> None:
    header = convert.to_header(result.stamp_ns, 'camera')
    speaker.say(topics.EXPRESSIONS, convert.to_expression_array(result, header))
    speaker.say(topics.FACES, convert.to_face_array(result, header))


def test_results_by_picture(watch: ResultWatch) -> None:
    """Without fatigue and head poses, which nobody publishes; another run; a closed camera."""
    with ear() as speaker:
        for name in (topics.FACES, topics.EXPRESSIONS):
            speaker.wait_for_listeners(name)
        wait_until(lambda: watch.count_publishers(topics.EXPRESSIONS))
        for number, stamp_ns in enumerate((5 * 10**9, 6 * 10**9, 10**9), start=1):
            say(speaker, seen(stamp_ns))
            wait_until(lambda number=number: watch.session.summary.pictures == number)
            assert watch.session.newest.stamp_ns == stamp_ns
        assert watch.session.newest.faces[0].face_id == '001'
        assert watch.session.newest.expressions[0].label == 'happy'
        assert watch.session.newest.fatigue[0].state is results.FatigueState.UNKNOWN
        say(speaker, results.FrameResult(stamp_ns=0, index=0, size_wh=(0, 0)))
        wait_until(lambda: watch.session.newest.faces == ())
        assert watch.session.summary.pictures == 3


def diagnostics(
    state: SourceState,
    problem: str = '',
    name: str = CAMERA,
    performance: Performance | None = None,
) -> DiagnosticArray:
    header = convert.to_header(0, '')
    return to_diagnostics(name, header, 'film', problem, performance, {STATE_KEY: state.value})


@pytest.mark.parametrize(
    ('state', 'problem', 'is_over', 'reason'),
    [
        (SourceState.OPEN, '', False, ''),
        (SourceState.CLOSED, '', False, ''),
        (SourceState.ENDED, ENDED, True, ''),
        (SourceState.BROKEN_OFF, 'the disk is gone', True, 'the disk is gone'),
    ],
)
def test_the_end_of_the_source(
    watch: ResultWatch, state: SourceState, problem: str, is_over: bool, reason: str
) -> None:
    elsewhere = diagnostics(SourceState.ENDED, name='elsewhere/camera_node')
    elsewhere.status[0].level = DiagnosticStatus.ERROR
    watch._on_diagnostics(elsewhere)
    assert not watch.is_over
    assert watch.problem == ''
    watch._on_diagnostics(diagnostics(state, problem))
    assert watch.is_over is is_over
    assert watch.session.end_reason == reason


def test_what_was_passed_over_is_known_after_the_end(watch: ResultWatch) -> None:
    performance = Performance(
        pictures=9, dropped=7, fps=20.0, analysis_ms=1.0, idle_s=0.0, stage_ms={}
    )
    watch._on_diagnostics(diagnostics(SourceState.OPEN, performance=performance))
    watch._on_diagnostics(diagnostics(SourceState.ENDED, ENDED))
    assert watch.dropped == 7
    watch.forget('camera_node')
    assert watch.dropped == 0
