"""What the window says is wrong."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from classroom_fer_ros.core.texts import languages
from classroom_fer_ros.rqt.facts import Graph, Status
from classroom_fer_ros.rqt.health import Heard, troubles
from classroom_fer_ros.rqt.texts import WindowTexts

NOW_S = 100.0


def status(
    age_s: float = 0.5, level: int = 0, state: str = 'open', rate: str = '25.0', message: str = ''
) -> Status:
    values = {'source state': state, 'rate (Hz)': rate}
    return Status(level, message, values, NOW_S - age_s)


FINE = Heard(
    namespace='/classroom/front',
    graph=Graph(nodes=frozenset({'pipeline_node'})),
    statuses={'pipeline_node': status()},
    now_s=NOW_S,
    age_s=60.0,
    picture_idle_s=0.1,
    result_idle_s=0.1,
    refused={},
)
CAMERA = {'camera_node': status(), 'face_node': status()}


@dataclass(frozen=True)
class Case:
    name: str
    says: tuple[str, ...]
    changes: dict[str, object] = field(default_factory=dict)


CASES = [
    Case('all is well', ()),
    Case('just opened', ('looking',), {'statuses': {}, 'graph': Graph(), 'age_s': 1.0}),
    Case('nothing runs', ('nobody',), {'statuses': {}, 'graph': Graph()}),
    Case('not activated', ('not_active',), {'statuses': {}}),
    Case('the node died', ('gone',), {'statuses': {'pipeline_node': status(age_s=20.0)}}),
    Case(
        'one of several died',
        ('gone',),
        {'statuses': {**CAMERA, 'fatigue_node': status(age_s=20.0)}},
    ),
    Case('closed', ('closed',), {'statuses': {'pipeline_node': status(state='closed')}}),
    Case('the film is over', ('ended',), {'statuses': {'pipeline_node': status(state='ended')}}),
    Case(
        'the camera is lost',
        ('camera_trouble',),
        {'statuses': {'pipeline_node': status(level=2, message='unplugged')}},
    ),
    Case(
        'the machine is too slow',
        ('strained', 'slow'),
        {'statuses': {'pipeline_node': status(level=1, rate='9.0', message='9.0 a second; slow')}},
    ),
    Case(
        'silent',
        ('camera_trouble',),
        {
            'statuses': {'pipeline_node': status(level=1, message='no picture for 3 s')},
            'result_idle_s': 3.0,
        },
    ),
    Case('no previews', ('no_pictures',), {'picture_idle_s': 7.0}),
    Case('never a preview', ('no_pictures',), {'picture_idle_s': float('inf')}),
    Case('previews only', ('no_results',), {'result_idle_s': 7.0, 'statuses': CAMERA}),
    Case('slow', ('slow',), {'statuses': {'pipeline_node': status(rate='10.0')}}),
    Case('very slow', ('very_slow',), {'statuses': {'pipeline_node': status(rate='3.0')}}),
    Case('another QoS', ('qos',), {'refused': {'faces': 'reliability'}}),
]


@pytest.mark.parametrize('case', CASES, ids=lambda case: case.name)
@pytest.mark.parametrize('language', languages())
def test_what_is_said(case: Case, language: str) -> None:
    found = list(troubles(replace(FINE, **case.changes)))
    assert tuple(trouble.key for trouble in found) == case.says
    texts = WindowTexts(language)
    for trouble in found:
        assert texts(trouble.key, **trouble.fields)
        assert '{' not in texts(trouble.key, **trouble.fields) + texts(f'{trouble.key}_do')
