"""Catalogues of texts: complete in every language, and broken ones named."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from classroom_fer_ros.core.class_state import Trend
from classroom_fer_ros.core.errors import ConfigError, DataError
from classroom_fer_ros.core.fatigue import FatigueConfig
from classroom_fer_ros.core.fatigue_level import FatigueMeasures, judge
from classroom_fer_ros.core.labels import EXPRESSION_LABELS
from classroom_fer_ros.core.results import (
    AlertKind,
    AlertStatus,
    Direction,
    FatigueState,
    Motion,
    Severity,
)
from classroom_fer_ros.core.seats import COLUMNS, ROWS
from classroom_fer_ros.core.texts import (
    differences,
    languages,
    load_texts,
    places,
    read_catalogue,
)

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / 'config' / 'texts').glob('*.yaml'))
ENGLISH = read_catalogue(ROOT / 'config' / 'texts' / 'en.yaml')


def test_there_is_english_and_chinese() -> None:
    assert {'en', 'zh'} <= set(languages())
    assert [path.stem for path in FILES] == list(languages())


@pytest.mark.parametrize('path', FILES, ids=lambda path: path.stem)
def test_every_language_has_every_key_and_the_same_places(path: Path) -> None:
    words = read_catalogue(path)
    assert list(differences(words, ENGLISH)) == []
    assert all(words.values())


def test_chinese_is_not_english() -> None:
    chinese = load_texts('zh')
    same = {key for key, text in ENGLISH.items() if chinese(key, **dict.fromkeys(places(text), 1))
            == text.format(**dict.fromkeys(places(text), 1))}  # fmt: skip
    assert same == {'alert.system'}  # a mere place


@pytest.mark.parametrize('language', languages())
def test_there_are_words_for_everything(language: str) -> None:
    keys = load_texts(language).keys
    names = {
        'kind': [kind.value for kind in AlertKind],
        'alert': [kind.value for kind in AlertKind],
        'severity': [one.name.lower() for one in Severity],
        'status': [one.name.lower() for one in AlertStatus],
        'expression': [*EXPRESSION_LABELS, 'uncertain'],
        'fatigue': [one.name.lower() for one in FatigueState],
        'direction': [one.name.lower() for one in Direction],
        'motion': [one.name.lower() for one in Motion],
        'trend': [one.name.lower() for one in Trend],
        'seat': [*ROWS, *COLUMNS, 'place', 'numbered'],
    }
    for group, members in names.items():
        assert {key for key in keys if key.startswith(f'{group}.')} == {
            f'{group}.{member}' for member in members
        }


def reasons() -> list[str]:
    """Every phrase that the fatigue judgement gives."""
    many = FatigueMeasures(perclos=0.5, microsleeps=3, yawns=5, closed_s=6.0, blink_count=90)
    one = FatigueMeasures(perclos=0.5, judged_s=42.0, microsleeps=1, yawns=1, closed_s=4.0)
    rules = (FatigueConfig(tired_yawns=1), FatigueConfig(rule='blink_count'))
    return [phrase for rule in rules for m in (many, one) for phrase in judge(m, rule)[1]]


@pytest.mark.parametrize('phrase', sorted(set(reasons())))
def test_reasons_are_recognised_by_their_english_words(phrase: str) -> None:
    assert load_texts('en').reason(phrase) == phrase
    chinese = load_texts('zh').reason(phrase)
    assert re.search('[\u4e00-\u9fff]', chinese)
    assert re.findall(r'\d+', chinese.replace('5 分钟', '')) == re.findall(
        r'\d+', phrase.replace('5 minutes', '')
    )


def test_unknown_reasons_stay() -> None:
    assert load_texts('zh').reason('the moon is full') == 'the moon is full'


@pytest.mark.parametrize(
    ('seat', 'english', 'chinese'),
    [
        ('front left', 'front left', '前排左侧'),
        ('back centre (2)', 'back centre (2)', '后排中间（2）'),
        ('window', 'window', 'window'),
    ],
)
def test_seats(seat: str, english: str, chinese: str) -> None:
    assert (load_texts('en').seat(seat), load_texts('zh').seat(seat)) == (english, chinese)


def test_an_unknown_language_is_named() -> None:
    with pytest.raises(ConfigError, match=r"language = 'tlh'.*en, zh"):
        load_texts('tlh')


@pytest.mark.parametrize(
    ('content', 'problem'),
    [
        ('[1, 2', 'no catalogue'),
        ('a: {b: 3}', r'a\.b is no text but 3'),
        ('- a', 'the whole is no text'),
        ('a: "{who"', 'a: '),
    ],
)
def test_broken_catalogues_are_named(tmp_path: Path, content: str, problem: str) -> None:
    path = tmp_path / 'xx.yaml'
    path.write_text(content)
    with pytest.raises(DataError, match=problem):
        read_catalogue(path)


def test_what_a_catalogue_lacks_is_named() -> None:
    english = {'a': '{who} x', 'b': 'y'}
    assert list(differences({'a': 'x', 'c': ''}, english)) == [
        'a must have the places {who}',
        'b is missing',
        'c is in no English text',
    ]


def test_a_window_can_use_it() -> None:
    """Neither models' runtimes nor ROS come with it."""
    code = (
        'import sys; from classroom_fer_ros.core.texts import load_texts;'
        "load_texts('zh');"
        "print([m for m in ('onnxruntime', 'ai_edge_litert', 'rclpy', 'cv2') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.strip() == '[]', done.stderr
