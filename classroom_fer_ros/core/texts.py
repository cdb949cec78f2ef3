"""
Words for people, one catalogue a language: ``config/texts/<language>.yaml``.

English is the measure: every other catalogue has its keys and its places. Reads files only when
a catalogue is loaded; imports neither models nor ROS, so that windows can use it as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property, lru_cache
from pathlib import Path
from string import Formatter
from typing import Any

import yaml

from classroom_fer_ros.core.errors import ConfigError, DataError
from classroom_fer_ros.core.model_files import shared_folders

ENGLISH = 'en'
FOLDER = 'config/texts'


class Texts:
    """
    The words of one language, by dotted keys: ``texts('trend.rising')``.

    :ivar language: its code, ``'en'``
    """

    def __init__(
        self, language: str, words: Mapping[str, str], english: Mapping[str, str]
    ) -> None:
        """
        :param words: texts by key
        :param english: the same keys in English, by whose words reasons are recognised
        """
        self.language = language
        self._words, self._english = words, english

    def __call__(self, key: str, /, **values: object) -> str:
        """
        The words for a key.

        :param values: for the places of the text
        :raises KeyError: if there is no such key, or a place got no value
        """
        return self._words[key].format(**values)

    def template(self, key: str) -> str:
        """
        The text of a key with its places.

        :raises KeyError: if there is no such key
        """
        return self._words[key]

    @property
    def keys(self) -> frozenset[str]:
        """Every key of the catalogue."""
        return frozenset(self._words)

    def seat(self, seat: str) -> str:
        """A seat as `core.seats` names it, ``'front left (2)'`` for one, in words."""
        found = re.fullmatch(r'(\w+) (\w+)(?: \((\d+)\))?', seat)
        if not found or not {f'seat.{found[1]}', f'seat.{found[2]}'} <= self.keys:
            return seat
        row, column = self(f'seat.{found[1]}'), self(f'seat.{found[2]}')
        place = self('seat.place', row=row, column=column)
        return self('seat.numbered', place=place, number=found[3]) if found[3] else place

    def reason(self, english: str) -> str:
        """A reason for tiredness, which the analysis gives in English; as it is where unknown."""
        for key, pattern in self._reasons.items():
            found = pattern.fullmatch(english)
            if found:
                return self(key, **found.groupdict())
        return english

    @cached_property
    def _reasons(self) -> dict[str, re.Pattern[str]]:
        return {
            key: _pattern(text)
            for key, text in self._english.items()
            if key.startswith('reason.') and key != 'reason.added'
        }


def _pattern(template: str) -> re.Pattern[str]:
    """What a filled-in template looks like; the values are its groups."""
    parts = [
        re.escape(literal) + (f'(?P<{place}>.+?)' if place else '')
        for literal, place, _, _ in Formatter().parse(template)
    ]
    return re.compile(''.join(parts))


def languages() -> tuple[str, ...]:
    """Codes of the languages that there are catalogues of, sorted."""
    return tuple(sorted(path.stem for path in _folder().glob('*.yaml')))


@lru_cache(maxsize=8)
def load_texts(language: str = ENGLISH) -> Texts:
    """
    Load the catalogue of a language.

    :raises ConfigError: if there is none of the language
    :raises DataError: if a catalogue is broken, naming the file and the key
    """
    known = languages()
    if language not in known:
        raise ConfigError('language', language, f'must be one of {", ".join(known)}')
    english = read_catalogue(_folder() / f'{ENGLISH}.yaml')
    if language == ENGLISH:
        return Texts(language, english, english)
    path = _folder() / f'{language}.yaml'
    words = read_catalogue(path)
    problems = list(differences(words, english))
    if problems:
        raise DataError(f'{path}: {"; ".join(problems)}')
    return Texts(language, words, english)


def read_catalogue(path: Path) -> dict[str, str]:
    """
    Read a file of texts: groups of keys, each with a text.

    :raises DataError: if it cannot be read, or something in it is no text
    """
    try:
        content = yaml.safe_load(path.read_text(encoding='utf-8'))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise DataError(f'{path}: no catalogue of texts ({error})') from error
    words = dict(_flat(content, ''))
    for key, text in words.items():
        if not isinstance(text, str):
            raise DataError(f'{path}: {key or "the whole"} is no text but {text!r}')
        try:
            places(text)
        except ValueError as error:
            raise DataError(f'{path}: {key}: {error}') from error
    return words


def differences(words: Mapping[str, str], english: Mapping[str, str]) -> Iterator[str]:
    """What a catalogue lacks or has too much of against the English one, in words."""
    for key in english:
        if key not in words:
            yield f'{key} is missing'
        elif places(words[key]) != places(english[key]):
            wanted = ', '.join(f'{{{place}}}' for place in sorted(places(english[key])))
            yield f'{key} must have the places {wanted or "none"}'
    yield from (f'{key} is in no English text' for key in words if key not in english)


def places(text: str) -> frozenset[str]:
    """
    Names of the places of a text.

    :raises ValueError: if its braces do not match
    """
    return frozenset(place for _, place, _, _ in Formatter().parse(text) if place is not None)


def _flat(content: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    if not isinstance(content, dict):
        yield prefix, content
        return
    for key, value in content.items():
        yield from _flat(value, f'{prefix}.{key}' if prefix else str(key))


def _folder() -> Path:
    candidates = shared_folders(FOLDER)
    for folder in candidates:
        if (folder / f'{ENGLISH}.yaml').is_file():
            return folder
    raise DataError(
        f'no catalogues of texts in {", ".join(map(str, candidates))}: build the package again'
    )
