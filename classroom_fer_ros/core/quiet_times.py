"""
Quiet times: when no alert about people or the class is raised, in breaks for one.

By the time of day that a picture's stamp means on this machine, or for a while from now. Stamps
of films that count from zero mean no time of day.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import datetime, tzinfo

from classroom_fer_ros.core.errors import ConfigError

DAYS = ('mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun')
ALL_DAYS = frozenset(range(7))
#: Stamps below count from the start of a film, not from 1970: nobody films the seventies.
FIRST_TIME_OF_DAY_S = 1e9
MINUTES_A_DAY = 24 * 60
_SPAN = re.compile(r'(?:(?P<days>[a-z+-]+)\s+)?(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})')
_EXAMPLE = "for example '10:15-10:35, mon-fri 12:00-13:00, sat+sun 00:00-24:00'"


@dataclass(frozen=True, slots=True)
class QuietSpan:
    """
    From one minute of a day to before another, on some days of the week.

    :param days: 0 is Monday; those on which it begins
    :param start_min: minutes after midnight
    :param end_min: the same; not after the start where it ends on the next day
    """

    days: frozenset[int]
    start_min: int
    end_min: int

    def covers(self, day: int, minute: float) -> bool:
        """Whether a moment lies in it."""
        if self.start_min < self.end_min:
            return day in self.days and self.start_min <= minute < self.end_min
        is_evening = day in self.days and minute >= self.start_min
        return is_evening or ((day - 1) % 7 in self.days and minute < self.end_min)


def parse_quiet_times(text: str) -> tuple[QuietSpan, ...]:
    """
    Read quiet times as a user writes them, separated by commas.

    :raises ConfigError: naming the one that cannot be read
    """
    return tuple(_parse_span(part.strip().lower()) for part in text.split(',') if part.strip())


def _parse_span(text: str) -> QuietSpan:
    found = _SPAN.fullmatch(text)
    if not found:
        raise ConfigError('times', text, f'is no span of time: {_EXAMPLE}')
    start_min, end_min = (60 * int(found[i]) + int(found[i + 1]) for i in (2, 4))
    is_clock = int(found[3]) < 60 and int(found[5]) < 60
    if not is_clock or start_min >= MINUTES_A_DAY or end_min > MINUTES_A_DAY:
        raise ConfigError('times', text, 'there is no such time of day')
    if start_min == end_min:
        raise ConfigError('times', text, 'begins when it ends')
    return QuietSpan(_parse_days(found['days'], text), start_min, end_min)


def _parse_days(text: str | None, span: str) -> frozenset[int]:
    """Days such as ``mon-fri`` or ``mon+wed``; all where none are named."""
    if text is None:
        return ALL_DAYS
    days: set[int] = set()
    for part in text.split('+'):
        names = part.split('-')
        if len(names) > 2 or not set(names) <= set(DAYS):
            raise ConfigError('times', span, f'days are {", ".join(DAYS)}: {_EXAMPLE}')
        first, last = DAYS.index(names[0]), DAYS.index(names[-1])
        days |= {(first + step) % 7 for step in range((last - first) % 7 + 1)}
    return frozenset(days)


class QuietTimes:
    """Whether it is quiet. Holds no clock."""

    def __init__(self, times: str = '', zone: tzinfo | None = None) -> None:
        """
        :param zone: None for that of this machine
        :raises ConfigError: if the times cannot be read
        """
        self._zone = zone
        self._until_s = -math.inf
        self._asked_s = 0.0
        self.reconfigure(times)

    def reconfigure(self, times: str) -> None:
        """
        Take over other times of day; what was begun goes on.

        :raises ConfigError: if they cannot be read
        """
        self._spans = parse_quiet_times(times)

    def begin(self, duration_s: float) -> None:
        """Be quiet for a while, from the next picture on."""
        self._asked_s, self._until_s = duration_s, -math.inf

    def end(self) -> None:
        """Be quiet no longer; the times of day stay."""
        self._asked_s, self._until_s = 0.0, -math.inf

    def is_quiet(self, stamp_s: float) -> bool:
        """Whether no alert is raised at a moment; ask for every picture in its turn."""
        if self._asked_s > 0.0:
            self._asked_s, self._until_s = 0.0, stamp_s + self._asked_s
        return stamp_s < self._until_s or self._is_quiet_time(stamp_s)

    def _is_quiet_time(self, stamp_s: float) -> bool:
        if not self._spans or stamp_s < FIRST_TIME_OF_DAY_S:
            return False
        now = datetime.fromtimestamp(stamp_s, self._zone)
        minute = 60 * now.hour + now.minute + now.second / 60
        return any(span.covers(now.weekday(), minute) for span in self._spans)
