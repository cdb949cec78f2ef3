"""README and parameter file say what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

pytest.importorskip('rclpy', reason='no ROS 2: run `make setup`')

from classroom_fer_ros import launch_plan
from classroom_fer_ros.core.alert_config import AlertConfig
from classroom_fer_ros.core.alerts import ATTENTION_KINDS
from classroom_fer_ros.core.pipeline import ANALYSES
from classroom_fer_ros.core.results import AlertKind
from classroom_fer_ros.core.settings import settings_of
from classroom_fer_ros.nodes import topics
from classroom_fer_ros.nodes.diagnostics import SILENT_AFTER_S
from classroom_fer_ros.nodes.node_config import NodeConfig
from classroom_fer_ros.nodes.result_publishers import TOPICS
from classroom_fer_ros.parameter_reference import alert_lines, markdown_lines, yaml_lines

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / 'README.md').read_text(encoding='utf-8')
PARAMETER_ROWS = list(markdown_lines())
PARAMETERS = ROOT / 'config' / 'classroom.yaml'


def test_the_parameter_file_is_the_code_s() -> None:
    assert PARAMETERS.read_text(encoding='utf-8').splitlines() == list(yaml_lines())


def test_the_parameter_file_is_yaml() -> None:
    values = yaml.safe_load(PARAMETERS.read_text(encoding='utf-8'))['/**']['ros__parameters']
    assert values['tracking']['lost_hold_s'] == 3.0
    assert values['source'] == 'simulated'


@pytest.mark.parametrize('row', PARAMETER_ROWS, ids=lambda row: row.split('|')[1].strip())
def test_the_readme_lists_every_parameter(row: str) -> None:
    assert row in README


@pytest.mark.parametrize('name', TOPICS)
def test_the_readme_lists_every_topic(name: str) -> None:
    kind = TOPICS[name][0].__name__
    assert re.search(rf'^\| `{re.escape(name)}` \| `[a-z_]*/?{kind}` \|', README, re.MULTILINE)


@pytest.mark.parametrize(
    'name',
    [
        topics.OPEN_CAMERA,
        topics.SET_SOURCE,
        topics.ACKNOWLEDGE_ALERT,
        topics.QUIET_ALERTS,
        topics.ENROLL_PERSON,
        topics.FORGET_PERSON,
        topics.LIST_PEOPLE,
        topics.CAPTURE_FACE,
        *(topics.ENABLE.format(analysis=analysis) for analysis in ANALYSES),
    ],
)
def test_the_readme_lists_every_service(name: str) -> None:
    assert f'`{name}`' in README


def rows_below(header: str) -> list[list[str]]:
    """Cells of the README's table with this header."""
    table = README.split(f'\n| {header} |')[1].split('\n\n')[0]
    return [[cell.strip() for cell in row.split('|')[1:-1]] for row in table.splitlines()[2:]]


ALERT_ROWS = {row[0].strip('`'): row[1:] for row in rows_below('alert | severity')}


def test_the_readme_lists_every_alert_and_no_other() -> None:
    assert list(ALERT_ROWS) == [kind.value for kind in AlertKind]


@pytest.mark.parametrize('kind', AlertKind, ids=lambda kind: kind.value)
def test_alerts_are_raised_as_the_readme_says(kind: AlertKind) -> None:
    severity, _, raised = ALERT_ROWS[kind.value]
    assert severity == AlertConfig().rule(kind).severity
    names = set(re.findall(r'`([a-z_]+\.[a-z_.]+)`', raised))
    assert names <= {setting.name for setting in settings_of(NodeConfig)}
    assert {name.split('.')[1] for name in names if name.startswith('alerts.')} == {kind.value}
    assert f'alerts.{kind.value}.after_s' in names
    is_about_attention = kind in {*ATTENTION_KINDS, AlertKind.CLASS_ATTENTION}
    assert ('not under `eu_school`' in raised) == is_about_attention


def test_a_silent_camera_is_told_of_as_the_readme_says() -> None:
    assert f'for {SILENT_AFTER_S:g} s' in ALERT_ROWS['camera'][2]


def test_the_file_of_alert_rules_is_the_code_s() -> None:
    text = (ROOT / 'config' / 'alerts.yaml').read_text(encoding='utf-8')
    assert text.splitlines() == list(alert_lines())
    rules = yaml.safe_load(text)['/**']['ros__parameters']['alerts']
    everything = yaml.safe_load(PARAMETERS.read_text(encoding='utf-8'))
    assert rules == everything['/**']['ros__parameters']['alerts']


def test_the_readme_lists_no_topic_that_there_is_not() -> None:
    listed = [row[0].strip('`') for row in rows_below('topic | type')]
    assert sorted(listed) == sorted([*TOPICS, topics.DIAGNOSTICS])


def test_the_readme_lists_no_parameter_that_there_is_not() -> None:
    assert len(rows_below('parameter | default')) == len(PARAMETER_ROWS) - 2


def test_the_readme_lists_no_argument_that_there_is_not() -> None:
    listed = [row[0].strip('`') for row in rows_below('argument | of')]
    assert listed == list(launch_plan.ARGUMENTS)


def test_the_readme_lists_every_node_that_is_installed() -> None:
    build = (ROOT / 'setup.py').read_text(encoding='utf-8')
    installed = re.findall(r"^    '(\w+_node)',$", build, re.MULTILINE)
    started = [
        *(launch_plan.PIPELINE_NODE, launch_plan.CAMERA_NODE, launch_plan.ROOM_NODE),
        *launch_plan.ANALYSIS_NODES,
    ]
    assert sorted(installed) == sorted(started)
    listed = [row[0].strip('`') for row in rows_below('node | takes')]
    assert sorted([*listed, launch_plan.PIPELINE_NODE]) == sorted(installed)
    modules = {path.stem for path in (ROOT / 'classroom_fer_ros' / 'nodes').glob('*_node.py')}
    assert set(installed) == modules - {'analysis_node', 'source_node', 'stage_node'}


def test_what_the_readme_types_can_be_typed() -> None:
    targets = re.findall(r'^([a-z-]+):', (ROOT / 'Makefile').read_text(), re.MULTILINE)
    typed = set(re.findall(r'(?:`|^    )make ([a-z-]+)', README, re.MULTILINE))
    assert typed <= set(targets)
    assert {'run', 'test'} <= typed


@pytest.mark.parametrize('message', sorted((ROOT / 'classroom_fer_msgs').rglob('*.[ms][sr][gv]')))
def test_every_field_of_a_message_is_commented(message: Path) -> None:
    """A comment stands above each field or above its group of fields."""
    lines = message.read_text(encoding='utf-8').splitlines()
    assert lines[0].startswith('#')
    is_explained = False
    for line in lines:
        if not line.strip():
            is_explained = False
        elif line.startswith('#'):
            is_explained = True
        elif line == '---':
            is_explained = False
        else:
            assert is_explained, line
