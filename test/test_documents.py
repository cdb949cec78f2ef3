"""README, docs and parameter file say what the code does."""

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
PATHS = [ROOT / 'README.md', ROOT / 'CONTRIBUTING.md', *sorted((ROOT / 'docs').glob('*.md'))]
#: Text of each, by its path in the repository.
PAGES = {str(path.relative_to(ROOT)): path.read_text(encoding='utf-8') for path in PATHS}
README, TOPIC_PAGE = PAGES['README.md'], PAGES['docs/topics.md']
#: A figure with its unit, if that is per cent.
NUMBER = re.compile(r'\d[\d.]*\d(?: %)?|\d')
#: Between fences, or indented below an empty line.
CODE = re.compile(r'^```.*?^```$|(?<=\n\n)(?:    [^\n]*\n)+', re.MULTILINE | re.DOTALL)
PARAMETER_ROWS = list(markdown_lines())
PARAMETERS = ROOT / 'config' / 'classroom.yaml'


def test_the_parameter_file_is_the_code_s() -> None:
    assert PARAMETERS.read_text(encoding='utf-8').splitlines() == list(yaml_lines())


def test_the_parameter_file_is_yaml() -> None:
    values = yaml.safe_load(PARAMETERS.read_text(encoding='utf-8'))['/**']['ros__parameters']
    assert values['tracking']['lost_hold_s'] == 3.0
    assert values['source'] == 'simulated'


@pytest.mark.parametrize('row', PARAMETER_ROWS, ids=lambda row: row.split('|')[1].strip())
def test_every_parameter_is_documented(row: str) -> None:
    assert row in PAGES['docs/parameters.md']


@pytest.mark.parametrize('name', TOPICS)
def test_every_topic_is_documented(name: str) -> None:
    kind = TOPICS[name][0].__name__
    assert re.search(rf'^\| `{re.escape(name)}` \| `[a-z_]*/?{kind}` \|', TOPIC_PAGE, re.MULTILINE)


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
def test_every_service_is_documented(name: str) -> None:
    assert f'`{name}`' in TOPIC_PAGE.split('\n## Services\n')[1]


def rows_below(header: str, page: str) -> list[list[str]]:
    """Cells of the table of a page with this header."""
    table = PAGES[page].split(f'\n| {header} |')[1].split('\n\n')[0]
    return [[cell.strip() for cell in row.split('|')[1:-1]] for row in table.splitlines()[2:]]


ALERT_ROWS = {
    row[0].strip('`'): row[1:] for row in rows_below('alert | severity', 'docs/alerts.md')
}


def test_every_alert_is_documented_and_no_other() -> None:
    assert list(ALERT_ROWS) == [kind.value for kind in AlertKind]


@pytest.mark.parametrize('kind', AlertKind, ids=lambda kind: kind.value)
def test_alerts_are_raised_as_documented(kind: AlertKind) -> None:
    severity, _, raised = ALERT_ROWS[kind.value]
    assert severity == AlertConfig().rule(kind).severity
    names = set(re.findall(r'`([a-z_]+\.[a-z_.]+)`', raised))
    assert names <= {setting.name for setting in settings_of(NodeConfig)}
    assert {name.split('.')[1] for name in names if name.startswith('alerts.')} == {kind.value}
    assert f'alerts.{kind.value}.after_s' in names
    is_about_attention = kind in {*ATTENTION_KINDS, AlertKind.CLASS_ATTENTION}
    assert ('not under `eu_school`' in raised) == is_about_attention


def test_a_silent_camera_is_told_of_as_documented() -> None:
    assert f'for {SILENT_AFTER_S:g} s' in ALERT_ROWS['camera'][2]


def test_the_file_of_alert_rules_is_the_code_s() -> None:
    text = (ROOT / 'config' / 'alerts.yaml').read_text(encoding='utf-8')
    assert text.splitlines() == list(alert_lines())
    rules = yaml.safe_load(text)['/**']['ros__parameters']['alerts']
    everything = yaml.safe_load(PARAMETERS.read_text(encoding='utf-8'))
    assert rules == everything['/**']['ros__parameters']['alerts']


def test_no_topic_is_documented_that_there_is_not() -> None:
    listed = [row[0].strip('`') for row in rows_below('topic | type', 'docs/topics.md')]
    assert sorted(listed) == sorted([*TOPICS, topics.DIAGNOSTICS])


def test_the_readme_shows_some_of_the_topics() -> None:
    shown = rows_below('topic | type', 'README.md')
    assert len(shown) > 5
    assert all(row in rows_below('topic | type', 'docs/topics.md') for row in shown)


def test_the_readme_shows_the_models() -> None:
    shown = rows_below('card | what', 'README.md')
    whole = rows_below('card | what', 'docs/figures.md')
    assert shown == [[card.replace('../', ''), what] for card, what, _ in whole]
    cards = {path.name for path in (ROOT / 'models').glob('*.json')}
    assert {re.findall(r'models/(\w+\.json)', row[0])[0] for row in shown} == cards


def test_figures_of_the_readme_are_those_of_the_page_of_figures() -> None:
    whole = set(re.findall(NUMBER, PAGES['docs/figures.md']))
    for what, figure, _ in rows_below('what | figure', 'README.md'):
        assert set(re.findall(NUMBER, re.sub(r'\(.*?\)', '', figure))) <= whole, what


def test_no_parameter_is_documented_that_there_is_not() -> None:
    listed = rows_below('parameter | default', 'docs/parameters.md')
    assert len(listed) == len(PARAMETER_ROWS) - 2


def test_no_argument_is_documented_that_there_is_not() -> None:
    listed = [row[0].strip('`') for row in rows_below('argument | of', 'docs/launching.md')]
    assert listed == list(launch_plan.ARGUMENTS)


def test_every_node_that_is_installed_is_documented() -> None:
    build = (ROOT / 'setup.py').read_text(encoding='utf-8')
    installed = re.findall(r"^    '(\w+_node)',$", build, re.MULTILINE)
    started = [
        *(launch_plan.PIPELINE_NODE, launch_plan.CAMERA_NODE, launch_plan.ROOM_NODE),
        *launch_plan.ANALYSIS_NODES,
    ]
    assert sorted(installed) == sorted(started)
    listed = [row[0].strip('`') for row in rows_below('node | takes', 'docs/topics.md')]
    assert sorted([*listed, launch_plan.PIPELINE_NODE]) == sorted(installed)
    modules = {path.stem for path in (ROOT / 'classroom_fer_ros' / 'nodes').glob('*_node.py')}
    assert set(installed) == modules - {'analysis_node', 'source_node', 'stage_node'}


@pytest.mark.parametrize('page', PAGES)
def test_what_is_documented_can_be_typed(page: str) -> None:
    targets = re.findall(r'^([a-z-]+):', (ROOT / 'Makefile').read_text(), re.MULTILINE)
    typed = set(re.findall(r'(?:`|^    )make ([a-z-]+)', PAGES[page], re.MULTILINE))
    assert typed <= set(targets)
    assert page != 'README.md' or {'run', 'test'} <= typed


def anchors(text: str) -> set[str]:
    """What a page may be jumped to by: its headings as GitHub writes them."""
    headings = re.findall(r'^#+ (.+)$', CODE.sub('', text), re.MULTILINE)
    return {re.sub(r'[^\w -]', '', heading).lower().replace(' ', '-') for heading in headings}


@pytest.mark.parametrize('page', PAGES)
def test_links_lead_somewhere(page: str) -> None:
    targets = re.findall(r'\]\(([^)\s]+)\)', CODE.sub('', PAGES[page]))
    for target in (one for one in targets if not one.startswith(('http:', 'https:'))):
        name, _, anchor = target.partition('#')
        path = (ROOT / page).parent / name if name else ROOT / page
        assert path.exists(), target
        assert not anchor or anchor in anchors(path.read_text(encoding='utf-8')), target


def test_the_readme_leads_to_every_page() -> None:
    for page in PAGES.keys() - {'README.md'}:
        assert f'({page})' in README, page


@pytest.mark.parametrize('page', PAGES)
def test_lines_are_no_longer_than_a_screen(page: str) -> None:
    lines = [line for line in CODE.sub('', PAGES[page]).splitlines() if not line.startswith('|')]
    assert [line for line in lines if len(line) > 120] == []


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
