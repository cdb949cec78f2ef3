"""Quiet times: read as people write them, and kept to."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from classroom_fer_ros.core.errors import ConfigError
from classroom_fer_ros.core.quiet_times import QuietTimes, parse_quiet_times

ZONE = ZoneInfo('Asia/Shanghai')


def stamp(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE).timestamp()


@pytest.mark.parametrize(
    ('times', 'moment', 'is_quiet'),
    [
        ('', '2026-11-25T10:20', False),
        ('10:15-10:35', '2026-11-25T10:14:59', False),
        ('10:15-10:35', '2026-11-25T10:15', True),
        ('10:15-10:35', '2026-11-25T10:35', False),
        ('8:00-8:05, 10:15 - 10:35', '2026-11-29T10:20', True),
        ('Mon-Fri 10:15-10:35', '2026-11-25T10:20', True),  # a Wednesday
        ('mon-fri 10:15-10:35', '2026-11-28T10:20', False),
        ('sat+sun 00:00-24:00', '2026-11-28T23:59', True),
        ('sat-mon 00:00-24:00', '2026-11-30T12:00', True),
        ('fri 22:00-06:00', '2026-11-27T23:00', True),
        ('fri 22:00-06:00', '2026-11-28T05:59', True),
        ('fri 22:00-06:00', '2026-11-27T05:59', False),
    ],
)
def test_times_of_day(times: str, moment: str, is_quiet: bool) -> None:
    assert QuietTimes(times, ZONE).is_quiet(stamp(moment)) is is_quiet


def test_a_film_has_no_time_of_day() -> None:
    assert not QuietTimes('00:00-24:00', ZONE).is_quiet(3600.0)


@pytest.mark.parametrize(
    'times',
    ['noon', '10:15', '10:15-10:15', '25:00-26:00', '10:70-11:00', 'mo 10:00-11:00', '10:00-24:30',
     'mon-tue-wed 10:00-11:00'],
)  # fmt: skip
def test_what_cannot_be_read_is_named(times: str) -> None:
    with pytest.raises(ConfigError, match=rf"times = '{times}'"):
        parse_quiet_times(f'8:00-9:00, {times}')


def test_a_while_from_now() -> None:
    quiet = QuietTimes()
    assert not quiet.is_quiet(100.0)
    quiet.begin(60.0)
    assert [quiet.is_quiet(t) for t in (101.0, 160.9, 161.0, 200.0)] == [True, True, False, False]
    quiet.begin(60.0)
    assert quiet.is_quiet(300.0)
    quiet.reconfigure('')
    assert quiet.is_quiet(301.0)
    quiet.end()
    assert not quiet.is_quiet(302.0)
