"""README and parameter file say what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

pytest.importorskip('rclpy', reason='no ROS 2: run `make setup`')

from classroom_fer_ros.core.pipeline import ANALYSES
from classroom_fer_ros.core.results import AlertKind
from classroom_fer_ros.nodes import topics
from classroom_fer_ros.nodes.result_publishers import TOPICS
from classroom_fer_ros.parameter_reference import markdown_lines, yaml_lines

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
        topics.ENROLL_PERSON,
        topics.FORGET_PERSON,
        topics.LIST_PEOPLE,
        *(topics.ENABLE.format(analysis=analysis) for analysis in ANALYSES),
    ],
)
def test_the_readme_lists_every_service(name: str) -> None:
    assert f'`{name}`' in README


@pytest.mark.parametrize('kind', AlertKind)
def test_the_readme_lists_every_alert(kind: AlertKind) -> None:
    assert kind.value in README


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
