"""From measures to the fatigue index, its state and the reasons for it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from classroom_fer_ros.core.fatigue_config import FatigueConfig
from classroom_fer_ros.core.results import FatigueState

PERCLOS_WINDOW_S = 60.0
DROWSY_LEVEL = 0.3
TIRED_LEVEL = 0.6
#: PERCLOS is drowsy from this share of the limit of tired on. Blinks alone close the eyes of
#: people who are wide awake for up to 5 % of the time.
DROWSY_SHARE = 2.0 / 3.0
#: A state is left only when the level has fallen this far below its bound.
STATE_MARGIN = 0.05
#: What further causes add to the strongest one: together they count, but do not simply add up.
FURTHER_SHARE = 0.25
#: Every blink closes the eyes: the usual share of closed time is no reason worth naming.
REASON_LEVEL = 0.3


#: The level moves by no more than this a second: what falls out of a window makes it no jump.
MAX_CHANGE_PER_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FatigueMeasures:
    """
    What the level follows from.

    :param perclos: share in [0, 1], 0 while unknown
    :param judged_s: seconds behind it; below a full window they are named in the reason
    :param closed_s: how long the eyes have been closed without a break
    """

    perclos: float = 0.0
    judged_s: float = PERCLOS_WINDOW_S
    microsleeps: int = 0
    yawns: int = 0
    closed_s: float = 0.0
    blink_count: int = 0


def judge(measures: FatigueMeasures, config: FatigueConfig) -> tuple[float, tuple[str, ...]]:
    """
    Fatigue index, monotone in every measure, and the phrases that explain it, weightiest first.

    Each cause alone reaches the level of tired at its own limit.
    """
    causes = sorted(_causes(measures, config), key=lambda cause: -cause[0])
    parts = [part for part, _ in causes]
    strongest = parts[0]
    level = min(1.0, strongest + FURTHER_SHARE * (sum(parts) - strongest))
    return level, tuple(phrase for part, phrase in causes if part >= REASON_LEVEL)


def _causes(measures: FatigueMeasures, config: FatigueConfig) -> list[tuple[float, str]]:
    asleep = (_asleep_part(measures, config), f'eyes closed for {measures.closed_s:.0f} s')
    if config.rule == 'blink_count':
        return [
            (
                _part(measures.blink_count, config.blink_count_limit),
                f'{measures.blink_count} blinks',
            ),
            asleep,
        ]
    return [
        (
            _perclos_part(measures.perclos / config.tired_perclos),
            f'PERCLOS {100 * measures.perclos:.0f} % {_window(measures.judged_s)}',
        ),
        (
            _part(measures.microsleeps, config.tired_microsleeps),
            _counted(measures.microsleeps, 'microsleep', 'in the last minute'),
        ),
        (
            _part(measures.yawns, config.tired_yawns),
            _counted(measures.yawns, 'yawn', 'in 5 minutes'),
        ),
        asleep,
    ]


def _part(amount: float, limit: float) -> float:
    return min(1.0, TIRED_LEVEL * amount / limit)


def _perclos_part(share_of_limit: float) -> float:
    """Rises through drowsy at `DROWSY_SHARE` of the limit and tired at the limit."""
    if share_of_limit <= DROWSY_SHARE:
        return DROWSY_LEVEL * share_of_limit / DROWSY_SHARE
    slope = (TIRED_LEVEL - DROWSY_LEVEL) / (1.0 - DROWSY_SHARE)
    return min(1.0, DROWSY_LEVEL + slope * (share_of_limit - DROWSY_SHARE))


def _asleep_part(measures: FatigueMeasures, config: FatigueConfig) -> float:
    """Nothing up to a second, the time of blinks; then rising, steeper, to 1 for asleep."""
    share = (measures.closed_s - 1.0) / (config.asleep_s - 1.0)
    return float(min(max(share, 0.0), 1.0) ** 2)


def approach(level: float, target: float, elapsed_s: float) -> float:
    """
    Level some time after it was `level`, on its way to `target`.

    :param level: NaN while there was none: it is then the target
    """
    if math.isnan(level):
        return target
    reach = MAX_CHANGE_PER_S * elapsed_s
    return min(max(target, level - reach), level + reach)


def _window(judged_s: float) -> str:
    """Over what time a PERCLOS was judged: shorter than a minute until that has been seen."""
    is_full = judged_s >= PERCLOS_WINDOW_S - 1.0
    return 'in the last minute' if is_full else f'in {judged_s:.0f} s seen so far'


def _counted(count: int, noun: str, where: str) -> str:
    return f'{count} {noun}{"" if count == 1 else "s"} {where}'


def next_state(
    state: FatigueState, level: float, closed_s: float, config: FatigueConfig
) -> FatigueState:
    """State that follows from the level, with hysteresis against the state before."""
    if closed_s >= config.asleep_s - 1e-6:
        return FatigueState.ASLEEP
    bounds = ((FatigueState.DROWSY, DROWSY_LEVEL), (FatigueState.TIRED, TIRED_LEVEL))
    found = FatigueState.AWAKE
    for candidate, bound in bounds:
        margin = STATE_MARGIN if state.value >= candidate.value else 0.0
        if level >= bound - margin - 1e-9:
            found = candidate
    return found
