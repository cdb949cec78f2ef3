"""The words of the window, in a language that may change while it is open."""

from __future__ import annotations

import os

from classroom_fer_ros.core.texts import ENGLISH, languages, load_texts

#: Those of the window alone; dotted keys are of the whole catalogue.
GROUP = 'window'
VARIABLES = ('LC_ALL', 'LC_MESSAGES', 'LANG')


class WindowTexts:
    """Looks words up; widgets are asked to say all anew when `language` was changed."""

    def __init__(self, language: str = ENGLISH) -> None:
        """:raises ConfigError: if there is no catalogue of the language"""
        self._texts = load_texts(language)

    @property
    def language(self) -> str:
        """One of `core.texts.languages`."""
        return self._texts.language

    @language.setter
    def language(self, language: str) -> None:
        self._texts = load_texts(language)

    def __call__(self, key: str, **fields: object) -> str:
        """Text of a key, of the window where it has no dot, with its places filled in."""
        return self._texts(key if '.' in key else f'{GROUP}.{key}', **fields)

    def reason(self, english: str) -> str:
        """A reason for tiredness, which the analysis gives in English."""
        return self._texts.reason(english)


def language_names() -> dict[str, str]:
    """What each language calls itself, by its code."""
    return {code: load_texts(code)('language') for code in languages()}


def language_of_environment() -> str:
    """The desktop's language, if there is a catalogue of it, else English."""
    set_ones = (os.environ[name] for name in VARIABLES if os.environ.get(name))
    language = next(set_ones, ENGLISH).split('_')[0].lower()
    return language if language in languages() else ENGLISH
