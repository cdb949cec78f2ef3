"""What alerts say to a teacher, one catalogue a language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from classroom_fer_ros.core.errors import ConfigError
from classroom_fer_ros.core.results import AlertKind


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertCatalogue:
    """
    Sentences of one language.

    :param kinds: sentence by kind, with places for ``who``, ``reason`` and ``percent``
    :param somebody: who an unknown student is, with a place for ``seat``
    :param nobody: who an unknown student without a seat is
    :param reason: how a reason follows a sentence, with a place for ``reason``
    """

    kinds: Mapping[AlertKind, str]
    somebody: str
    nobody: str
    reason: str


ENGLISH = AlertCatalogue(
    kinds={
        AlertKind.TIRED: '{who} looks tired{reason}',
        AlertKind.ASLEEP: '{who} seems to be asleep{reason}',
        AlertKind.LOOKING_AWAY: '{who} has been looking away for a while',
        AlertKind.LEFT_RIGHT: '{who} looks left and right',
        AlertKind.CLASS_ATTENTION: 'Attention of the class is low: {percent} % are attentive',
        AlertKind.CLASS_TIRED: 'The class looks tired: {percent} % of those judged',
    },
    somebody='The student at the {seat}',
    nobody='A student',
    reason=' ({reason})',
)
CATALOGUES: dict[str, AlertCatalogue] = {'en': ENGLISH}


class AlertTexts:
    """Puts alerts into words of one language."""

    def __init__(self, language: str = 'en') -> None:
        """:raises ConfigError: if there is no catalogue of the language"""
        if language not in CATALOGUES:
            known = ', '.join(sorted(CATALOGUES))
            raise ConfigError('language', language, f'must be one of {known}')
        self._catalogue = CATALOGUES[language]

    def subject(self, person_name: str, seat: str) -> str:
        """Who a student is: their name, or their seat in words."""
        if person_name:
            return person_name
        return self._catalogue.somebody.format(seat=seat) if seat else self._catalogue.nobody

    def about_student(self, kind: AlertKind, subject: str, reason: str = '') -> str:
        """Sentence about one student; the reason may be empty."""
        words = self._catalogue.reason.format(reason=reason) if reason else ''
        return self._catalogue.kinds[kind].format(who=subject, reason=words)

    def about_class(self, kind: AlertKind, share: float) -> str:
        """Sentence about the class, with a share in [0, 1]."""
        return self._catalogue.kinds[kind].format(percent=round(100 * share))
