"""Every language says everything that the window asks for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from classroom_fer_ros.core.errors import ConfigError
from classroom_fer_ros.core.texts import languages, load_texts
from classroom_fer_ros.rqt.control_panel import SWITCHES, threshold_key
from classroom_fer_ros.rqt.facts import THRESHOLDS
from classroom_fer_ros.rqt.texts import GROUP, WindowTexts, language_names, language_of_environment

WINDOW = Path(__file__).resolve().parents[2] / 'classroom_fer_ros' / 'rqt'


@pytest.mark.parametrize('language', languages())
def test_the_same_keys_to_press(language: str) -> None:
    """None twice among the controls, in any language."""
    texts, english = load_texts(language), load_texts('en')
    window = [key for key in english.keys if key.startswith(f'{GROUP}.')]
    with_key = [key for key in window if '&' in english.template(key)]
    assert [key for key in window if '&' in texts.template(key)] == with_key
    letters = [texts.template(key).split('&')[1][0].lower() for key in with_key]
    twice = {one for one in letters if letters.count(one) > 1}
    assert twice <= {'f', 'r'}  # of the dialog of people, which is a window of its own


def test_every_text_that_is_asked_for_is_there() -> None:
    keys = load_texts('en').keys
    for module in WINDOW.glob('*.py'):
        asked = re.findall(r"texts\('([a-z_.]+)'", module.read_text(encoding='utf-8'))
        assert {key if '.' in key else f'{GROUP}.{key}' for key in asked} <= keys, module.name
    others = (*SWITCHES, *map(threshold_key, THRESHOLDS))
    assert {f'{GROUP}.{key}' for key in others} <= keys


def test_another_language_is_refused() -> None:
    with pytest.raises(ConfigError, match='fr'):
        WindowTexts('fr')


def test_languages_call_themselves() -> None:
    assert language_names()['zh'] == '中文'


@pytest.mark.parametrize(
    ('value', 'language'), [('zh_CN.UTF-8', 'zh'), ('de_DE.UTF-8', 'en'), ('C', 'en'), ('', 'en')]
)
def test_the_language_of_the_desktop(
    value: str, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ('LC_ALL', 'LC_MESSAGES'):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv('LANG', value)
    assert language_of_environment() == language
