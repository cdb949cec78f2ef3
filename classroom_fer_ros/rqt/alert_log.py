"""The alerts of a session as a list: newest first, each once. No Qt."""

from __future__ import annotations

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
        self._alerts: dict[str, Alert] = {}

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
        for alert_id, alert in self._alerts.items():
            if alert_id not in standing and alert.status is not AlertStatus.CLEARED:
                self._alerts[alert_id] = replace(alert, status=AlertStatus.CLEARED)
        return [alert for alert in self.active if self._take(alert)]

    def clear(self) -> None:
        """Forget everything."""
        self.active, self._alerts = (), {}

    def _take(self, alert: Alert) -> bool:
        is_new = alert.alert_id not in self._alerts
        self._alerts[alert.alert_id] = alert
        while len(self._alerts) > MAX_ALERTS:
            del self._alerts[next(iter(self._alerts))]
        return is_new and alert.status is AlertStatus.RAISED
