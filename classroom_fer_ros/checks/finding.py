"""One line of what the doctor says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Level(str, Enum):
    """How bad something is."""

    OK = 'ok'
    WARNING = 'warning'
    PROBLEM = 'problem'


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """
    One thing that was looked at.

    :param advice: what to do; empty where all is well
    """

    level: Level
    subject: str
    text: str
    advice: str = ''

    def __str__(self) -> str:
        advice = f': {self.advice}' if self.advice else ''
        return f'{self.level.value:<8} {self.subject:<16} {self.text}{advice}'


def ok(subject: str, text: str) -> Finding:
    """All is well."""
    return Finding(level=Level.OK, subject=subject, text=text)


def warning(subject: str, text: str, advice: str) -> Finding:
    """Works, but not as it should or not all of it."""
    return Finding(level=Level.WARNING, subject=subject, text=text, advice=advice)


def problem(subject: str, text: str, advice: str) -> Finding:
    """Does not work."""
    return Finding(level=Level.PROBLEM, subject=subject, text=text, advice=advice)
