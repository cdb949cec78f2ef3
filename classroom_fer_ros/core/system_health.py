"""Whether every part of the software lives, and whether the analysis keeps up."""

from __future__ import annotations

import math
from dataclasses import dataclass

from classroom_fer_ros.core.alert_config import SystemRule
from classroom_fer_ros.core.texts import Texts, load_texts


@dataclass(slots=True, kw_only=True)
class _Part:
    heard_s: float
    rate: float = math.inf
    dropped: int = 0
    is_slow: bool = False


class SystemHealth:
    """
    Remembers what the nodes tell of themselves. Holds no clock.

    A camera that is slow itself is no problem: only pictures that are passed over are.
    """

    def __init__(self, texts: Texts | None = None) -> None:
        """:param texts: words of the problems, English without"""
        self._texts = texts or load_texts()
        self._parts: dict[str, _Part] = {}

    def hear(
        self, name: str, stamp_s: float, rule: SystemRule, rate: float = math.inf, dropped: int = 0
    ) -> None:
        """
        Take in what a node tells of itself.

        :param rate: pictures that it analyses a second
        :param dropped: pictures that it has passed over since it began
        """
        known = self._parts.get(name)
        is_slow = known is not None and dropped > known.dropped and rate < rule.min_rate
        self._parts[name] = _Part(heard_s=stamp_s, rate=rate, dropped=dropped, is_slow=is_slow)

    def problem(self, stamp_s: float, rule: SystemRule, period_s: float = 0.0) -> str:
        """
        What is wrong, in words; empty while all is well.

        :param period_s: nodes tell of themselves this often
        """
        limit_s = max(rule.silent_after_s, 3.0 * period_s)
        silent = [name for name, part in self._parts.items() if stamp_s - part.heard_s > limit_s]
        if silent:
            return self._texts('problem.silent', nodes=', '.join(sorted(silent)))
        rates = [part.rate for part in self._parts.values() if part.is_slow]
        return self._texts('problem.slow', rate=f'{min(rates):.1f}') if rates else ''
