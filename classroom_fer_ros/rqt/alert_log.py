"""The alerts as a list: newest first, each once. No Qt."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import replace

from classroom_fer_ros.core.results import Alert, AlertStatus

#: So many are kept, so that an hour of running does not grow the window's memory.
MAX_ALERTS = 300


class AlertLog:
    """
    Joins what `alerts` tells as it happens with `active_alerts`, which tells what stands.

    :ivar active: those that stand, oldest first
    """

    def __init__(self) -> None:
        self.active: tuple[Alert, ...] = ()
        self._alerts: dict[int, Alert] = {}
        self._numbers = itertools.count()
        self._number_of: dict[str, int] = {}
        self._earlier: set[str] = set()

    @property
    def newest_first(self) -> list[Alert]:
        """Everything that is known."""
        return list(reversed(self._alerts.values()))

    def change(self, alerts: Iterable[Alert]) -> list[Alert]:
        """Take changes in; those that are new and stand are given back."""
        return [alert for alert in alerts if self._take(alert)]

    def stand(self, alerts: Iterable[Alert]) -> list[Alert]:
        """
        Take in all that stand; others that were thought to stand have been cleared.

        :return: those that are new
        """
        self.active = tuple(alerts)
        standing = {alert.alert_id for alert in self.active}
        for number, alert in self._alerts.items():
            if alert.alert_id not in standing and alert.status is not AlertStatus.CLEARED:
                self._alerts[number] = replace(alert, status=AlertStatus.CLEARED)
        return [alert for alert in self.active if self._take(alert)]

    def begin_anew(self) -> None:
        """The camera was closed: nothing stands, and ids are given once more from the first."""
        self.stand(())
        self._earlier = set(self._number_of)

    def _take(self, alert: Alert) -> bool:
        alert_id, is_raised = alert.alert_id, alert.status is AlertStatus.RAISED
        is_again = is_raised and alert_id in self._earlier
        is_new = is_again or alert_id not in self._number_of
        if is_new:
            self._earlier.discard(alert_id)
            self._number_of[alert_id] = next(self._numbers)
        self._alerts[self._number_of[alert_id]] = alert
        while len(self._alerts) > MAX_ALERTS:
            oldest = next(iter(self._alerts))
            gone = self._alerts.pop(oldest).alert_id
            if self._number_of.get(gone) == oldest:
                del self._number_of[gone]
        return is_new and is_raised
