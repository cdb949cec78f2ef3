"""The memory of one cause: since when it holds, since when it is over, what it has raised."""

from __future__ import annotations

import math
from dataclasses import dataclass

from classroom_fer_ros.core.alert_config import AlertRule
from classroom_fer_ros.core.alert_rules import Condition
from classroom_fer_ros.core.results import NAN, Alert

#: A cause that could not be judged for longer has to hold anew for its whole time.
MAX_UNKNOWN_S = 5.0


@dataclass(slots=True, kw_only=True)
class Watch:
    """
    Memory of one cause of one person, seat, class or machine. Holds no clock.

    :param told_s: when the alert was last raised or told with other words
    """

    since_s: float = NAN
    over_since_s: float = NAN
    known_s: float = -math.inf
    raised_s: float = -math.inf
    told_s: float = -math.inf
    face_id: str = ''
    alert: Alert | None = None

    def follow(
        self, condition: Condition, stamp_s: float, max_unknown_s: float = MAX_UNKNOWN_S
    ) -> None:
        """Remember how long the cause has held, or has been over."""
        if condition.holds is None:
            return
        if stamp_s - self.known_s > max_unknown_s:
            self.since_s = self.over_since_s = NAN
        self.known_s = stamp_s
        if condition.holds:
            self.over_since_s = NAN
            if math.isnan(self.since_s):
                began_s = condition.began_s
                self.since_s = stamp_s if math.isnan(began_s) else began_s
        else:
            self.since_s = NAN
            if math.isnan(self.over_since_s):
                self.over_since_s = stamp_s

    def is_due(self, rule: AlertRule, stamp_s: float, quiet_until_s: float = -math.inf) -> bool:
        """
        Whether the cause holds now, has done so for long enough, and was not reported lately.

        :param quiet_until_s: what held before does not count
        """
        return (
            rule.is_on
            and self.alert is None
            and self.known_s == stamp_s
            and stamp_s - max(self.since_s, quiet_until_s) >= rule.after_s - 1e-6
            and stamp_s - self.raised_s >= rule.repeat_after_s - 1e-6
        )

    def is_over(self, rule: AlertRule, stamp_s: float) -> bool:
        """Whether the cause has been over for long enough."""
        return stamp_s - self.over_since_s >= rule.clear_after_s - 1e-6
