"""Every language says everything."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

from classroom_fer_ros.core.errors import ConfigError
from classroom_fer_ros.rqt.texts import CATALOGUES, NAMES, Texts, language_of_environment

ENGLISH = CATALOGUES['en']
WINDOW = Path(__file__).resolve().parents[2] / 'classroom_fer_ros' / 'rqt'


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize('language', CATALOGUES)
def test_the_same_texts_with_the_same_places(language: str) -> None:
    catalogue = CATALOGUES[language]
    assert set(catalogue) == set(ENGLISH)
    for key, text in catalogue.items():
        assert places(text) == places(ENGLISH[key]), key
        assert ('&' in text) == ('&' in ENGLISH[key]), key
    assert language in NAMES


def test_every_text_that_is_asked_for_is_there() -> None:
    for module in WINDOW.glob('*.py'):
        asked = re.findall(r"texts\('([a-z_]+)'", module.read_text(encoding='utf-8'))
        assert set(asked) <= set(ENGLISH), module.name


def test_another_language_is_refused() -> None:
    with pytest.raises(ConfigError, match='fr'):
        Texts('fr')


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
