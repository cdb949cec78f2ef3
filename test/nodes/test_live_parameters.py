"""Parameters that change while the node runs, and those that are given and do not exist."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from rcl_interfaces.srv import SetParametersAtomically
from rclpy.parameter import Parameter

from classroom_fer_ros.core.settings import settings_of
from classroom_fer_ros.nodes import parameters
from classroom_fer_ros.nodes.node_config import NodeConfig
from classroom_fer_ros.nodes.pipeline_node import PipelineNode
from harness import NAMESPACE, Client, pipeline_node, wait_until

pytestmark = pytest.mark.usefixtures('ros')
SIMULATED = {'camera__width': 640, 'camera__height': 360, 'camera__students': 1}


def set_all(node: PipelineNode, **values: object) -> list[str]:
    """Reasons of those refused. Dots in names are written as two underscores."""
    changes = [Parameter(name.replace('__', '.'), value=value) for name, value in values.items()]
    return [r.reason for r in node.set_parameters(changes) if not r.successful]


def start(node: PipelineNode) -> None:
    node.trigger_configure()
    node.trigger_activate()


def test_live_values_reach_the_analysis_and_nothing_is_lost() -> None:
    with pipeline_node(**SIMULATED) as node:
        results: list = []
        node.add_listener(lambda frame, result, overlay: results.append(result))
        start(node)
        wait_until(lambda: results and results[-1].faces)
        face_id = results[-1].faces[0].face_id
        assert not set_all(node, min_expression_px=900.0, smoothing__min_confidence=0.9)
        assert not set_all(node, alerts__looking_away__after_s=7.0, detection__min_score=0.5)
        config = node.pipeline.config
        assert config.expression_visibility.min_expression_px == 900.0
        assert config.smoothing.min_confidence == 0.9
        assert config.alerts.looking_away.after_s == 7.0
        assert config.detection.min_score == 0.5
        count = len(results)
        wait_until(lambda: len(results) > count + 3)
        assert results[-1].faces[0].face_id == face_id, 'tracks go on'


def test_what_is_called_live_is_and_the_rest_is_not() -> None:
    node = PipelineNode(namespace=NAMESPACE)
    try:
        for setting in settings_of(NodeConfig):
            if setting.name.startswith(('room.', 'picture_transport')):  # of other nodes alone
                assert not node.has_parameter(setting.name)
                continue
            (done,) = node.set_parameters([Parameter(setting.name, value=setting.default)])
            assert done.successful is setting.is_live, setting.name
    finally:
        node.destroy_node()


REFUSED = (
    ('alerts.tired.clear_after_s', -1.0, 'alerts.tired.clear_after_s'),
    ('alerts.tired.clear_after_s', float('nan'), 'alerts.tired.clear_after_s'),
    ('alerts.tired.clear_after_s', 'soon', 'type'),
    ('language', 'zh', 'read-only'),
    ('source', '/no/such/film.mp4', '/no/such/film.mp4'),
)


def test_what_cannot_be_is_refused_with_a_reason() -> None:
    """Out of range, not a number, of the wrong type, not live, no such source."""
    with pipeline_node(**SIMULATED) as node:
        start(node)
        for name, value, words in REFUSED:
            before = node.get_parameter(name).value
            (refused,) = node.set_parameters([Parameter(name, value=value)])
            assert not refused.successful, (name, value)
            assert words in refused.reason
            assert node.get_parameter(name).value == before
            assert node.is_camera_open


def test_several_are_taken_together_or_not_at_all() -> None:
    """Through the service that `ros2 param load` and windows call."""
    with pipeline_node(**SIMULATED) as node:
        start(node)
        changes = [
            Parameter('expression_interval_s', value=1.0),
            Parameter('source', value='/no/such/film.mp4'),
        ]
        answer = Client(node.executor_of_test).call(
            SetParametersAtomically,
            f'{node.get_fully_qualified_name()}/set_parameters_atomically',
            parameters=[change.to_parameter_msg() for change in changes],
        )
        assert not answer.result.successful
        assert '/no/such/film.mp4' in answer.result.reason
        assert node.get_parameter('expression_interval_s').value == 0.3
        assert node.pipeline.config.expression_interval_s == 0.3


def test_the_source_is_switched(data_dir: Path) -> None:
    """Open or closed; what a service opened is what the parameter says."""
    film, other = (
        str(data_dir / 'video' / f'{name}.mp4') for name in ('face_smile', 'classroom_pupils_720p')
    )
    with pipeline_node(**SIMULATED) as node:
        start(node)
        assert not set_all(node, source=film)
        assert 'face_smile' in node.source.description
        node.open_camera(other)
        assert node.get_parameter('source').value == other
        node.close_camera()
        assert not set_all(node, source=film)
        assert not node.is_camera_open
        node.open_camera()
        assert 'face_smile' in node.source.description


def test_before_it_is_configured() -> None:
    with pipeline_node(**SIMULATED) as node:
        assert not set_all(node, expression_interval_s=0.7)
        start(node)
        assert node.pipeline.config.expression_interval_s == 0.7


def test_unknown_names_are_guessed() -> None:
    with pipeline_node(
        detection__min_scor=0.5, lost_hold_s=2.0, zzz=1, use_sim_time=False
    ) as node:
        unknown = parameters.unknown_names(node, NodeConfig)
        assert unknown == [
            "there is no parameter 'detection.min_scor': did you mean 'detection.min_score'?",
            "there is no parameter 'lost_hold_s': did you mean 'tracking.lost_hold_s'?",
            "there is no parameter 'zzz'",
        ]


def test_a_typo_in_a_parameter_file_is_warned_of(tmp_path: Path) -> None:
    file = tmp_path / 'typo.yaml'
    file.write_text('/**:\n  ros__parameters:\n    detection:\n      min_scoer: 0.5\n')
    done = subprocess.run(
        [sys.executable, '-m', 'classroom_fer_ros.run', '--config', str(file), '--seconds', '1'],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=os.environ,
    )
    assert done.returncode == 0, done.stderr
    assert "'detection.min_scoer': did you mean 'detection.min_score'?" in done.stderr
