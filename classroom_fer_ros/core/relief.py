"""
Relief on a machine that is too slow or too busy: what is done less often, and in which order.

What teachers would miss least goes first. Landmarks are never done without: heads, eyes and ids
hang on them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

from classroom_fer_ros.core.pipeline_config import PipelineConfig
from classroom_fer_ros.core.settings import check

#: By how much times between two looks grow.
IDENTITY_FACTOR, EXPRESSION_FACTOR, LAST_FACTOR = 4.0, 2.0, 4.0
#: What each level says, each on top of the ones before.
WORDS = (
    '',
    'new faces are looked for in one region a picture',
    f'people are looked up {IDENTITY_FACTOR:g} times as rarely',
    f'expressions come {EXPRESSION_FACTOR:g} times as rarely',
    f'expressions come {LAST_FACTOR:g} times as rarely',
)
MAX_LEVEL = len(WORDS) - 1
#: Times are averaged over about so long; a level is kept at least as long as shows what it brings.
TIME_CONSTANT_S, HOLD_S = 2.0, 4.0
#: A level is taken back once pictures have taken less than this share of the limit for so long.
EASY, EASY_S = 0.6, 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReliefConfig:
    """When rates are lowered."""

    max_analysis_ms: float = field(
        default=65.0,
        metadata={
            'description': 'pictures that take longer on average have rates lowered, as blinks '
            'want 15 pictures a second; 0 never lowers them',
            'unit': 'ms',
            'range': (0.0, 10000.0),
            'is_live': True,
        },
    )

    def __post_init__(self) -> None:
        check(self)


class Relief:
    """
    Decides how much is to be done less often. Holds no clock.

    :ivar level: 0 (everything as configured) to `MAX_LEVEL`
    """

    def __init__(self, config: ReliefConfig | None = None) -> None:
        self.level = 0
        self._config = config or ReliefConfig()
        self._mean_ms = 0.0
        self._stamp_s = self._changed_s = self._busy_s = -math.inf

    def reconfigure(self, config: ReliefConfig) -> None:
        """Go on with another limit."""
        self._config = config

    @property
    def words(self) -> str:
        """What is done less often, for people; empty while nothing is."""
        return f'level {self.level} of {MAX_LEVEL}: {WORDS[self.level]}' if self.level else ''

    def update(self, spent_ms: float, stamp_s: float) -> bool:
        """
        Note what a picture has taken.

        :param spent_ms: wall time of its analysis
        :param stamp_s: when it was taken; if it goes back, averaging begins anew
        :return: whether the level has changed
        """
        before = self.level
        if self._config.max_analysis_ms == 0.0:
            self.level = 0
            return before != 0
        elapsed_s = stamp_s - self._stamp_s
        if not 0.0 <= elapsed_s < HOLD_S:
            self._changed_s = self._busy_s = stamp_s
            self._mean_ms, elapsed_s = spent_ms, 0.0
        self._stamp_s = stamp_s
        self._mean_ms += (1.0 - math.exp(-elapsed_s / TIME_CONSTANT_S)) * (
            spent_ms - self._mean_ms
        )
        self._judge(stamp_s)
        return self.level != before

    def _judge(self, stamp_s: float) -> None:
        limit_ms = self._config.max_analysis_ms
        if self._mean_ms > EASY * limit_ms:
            self._busy_s = stamp_s
        if stamp_s - self._changed_s < HOLD_S:
            return
        if self._mean_ms > limit_ms and self.level < MAX_LEVEL:
            self.level += 1
        elif stamp_s - self._busy_s >= EASY_S and self.level > 0:
            self.level -= 1
            self._busy_s = stamp_s
        else:
            return
        self._changed_s = stamp_s


def relieved(config: PipelineConfig, level: int) -> PipelineConfig:
    """
    Settings of a level of relief.

    :param config: those of level 0
    :param level: 0 to `MAX_LEVEL`
    """
    if level >= 1:
        config = replace(config, tracking=replace(config.tracking, regions_per_picture=1))
    if level >= 2:
        interval_s = _longer(config.identity_interval_s, IDENTITY_FACTOR)
        config = replace(config, identity_interval_s=interval_s)
    if level >= 3:
        factor = EXPRESSION_FACTOR if level == 3 else LAST_FACTOR
        interval_s = _longer(config.expression_interval_s, factor)
        config = replace(config, expression_interval_s=interval_s)
    return config


def _longer(interval_s: float, factor: float) -> float:
    """An interval of 0 means every picture: at least a few a second are left."""
    return max(interval_s, 0.1) * factor
