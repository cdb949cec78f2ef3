"""The words of the window, one catalogue a language."""

from __future__ import annotations

import os
from collections.abc import Mapping

from classroom_fer_ros.core.errors import ConfigError
from classroom_fer_ros.rqt.texts_en import ENGLISH
from classroom_fer_ros.rqt.texts_zh import CHINESE

CATALOGUES: dict[str, Mapping[str, str]] = {'en': ENGLISH, 'zh': CHINESE}
NAMES = {'en': 'English', 'zh': '中文'}
VARIABLES = ('LC_ALL', 'LC_MESSAGES', 'LANG')


class Texts:
    """Looks words up by key; `language` may be changed, widgets are then asked to say all anew."""

    def __init__(self, language: str = 'en') -> None:
        """:raises ConfigError: if there is no catalogue of the language"""
        self.language = language

    @property
    def language(self) -> str:
        """A key of `CATALOGUES`."""
        return self._language

    @language.setter
    def language(self, language: str) -> None:
        if language not in CATALOGUES:
            raise ConfigError('language', language, f'must be one of {", ".join(CATALOGUES)}')
        self._language = language

    def __call__(self, key: str, **fields: object) -> str:
        """Text of a key, with its places filled in."""
        return CATALOGUES[self._language][key].format(**fields)

    def has(self, key: str) -> bool:
        """Whether there is a text of this key."""
        return key in CATALOGUES[self._language]


def language_of_environment() -> str:
    """The desktop's language, if there is a catalogue of it, else English."""
    set_ones = (os.environ[name] for name in VARIABLES if os.environ.get(name))
    language = next(set_ones, 'en').split('_')[0].lower()
    return language if language in CATALOGUES else 'en'
