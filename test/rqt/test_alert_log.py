"""The list of alerts of the window."""

from __future__ import annotations

from classroom_fer_ros.core.results import Alert, AlertKind, AlertStatus, Severity
from classroom_fer_ros.rqt.alert_log import MAX_ALERTS, AlertLog


def alert(alert_id: str, status: AlertStatus = AlertStatus.RAISED) -> Alert:
    return Alert(
        alert_id=alert_id,
        kind=AlertKind.TIRED,
        severity=Severity.WARNING,
        status=status,
        since_s=0.0,
        text='looks tired',
    )


def test_newest_first_and_each_once() -> None:
    log = AlertLog()
    assert log.newest_first == []
    assert log.change([alert('1'), alert('2')]) == [alert('1'), alert('2')]
    assert log.stand([alert('1'), alert('2')]) == []
    assert [one.alert_id for one in log.newest_first] == ['2', '1']


def test_what_stood_before_the_window_was_opened_is_new() -> None:
    assert AlertLog().stand([alert('1')]) == [alert('1')]


def test_what_no_longer_stands_is_over() -> None:
    """Also where the change itself did not arrive."""
    log = AlertLog()
    log.stand([alert('1'), alert('2')])
    log.stand([alert('2')])
    assert [one.status for one in log.newest_first] == [AlertStatus.RAISED, AlertStatus.CLEARED]
    assert [one.alert_id for one in log.active] == ['2']


def test_one_that_is_acknowledged_or_over_is_not_new() -> None:
    log = AlertLog()
    assert log.change([alert('1', AlertStatus.CLEARED)]) == []
    assert log.change([alert('2', AlertStatus.ACKNOWLEDGED)]) == []


def test_an_hour_of_alerts_does_not_grow() -> None:
    log = AlertLog()
    for number in range(MAX_ALERTS + 50):
        log.change([alert(str(number))])
    assert len(log.newest_first) == MAX_ALERTS
    assert log.newest_first[0].alert_id == str(MAX_ALERTS + 49)


def test_ids_are_given_again_after_the_camera_was_closed() -> None:
    """The first alert of the next lesson is another one; what was said late of the last is not."""
    log = AlertLog()
    log.stand([alert('1'), alert('2')])
    log.begin_anew()
    assert log.active == ()
    assert log.change([alert('1', AlertStatus.CLEARED)]) == []
    assert log.stand([alert('1')]) == [alert('1')]
    assert log.change([alert('1')]) == []
    told = [(one.alert_id, one.status is AlertStatus.RAISED) for one in log.newest_first]
    assert told == [('1', True), ('2', False), ('1', False)]
    log.stand([])
    assert all(one.status is AlertStatus.CLEARED for one in log.newest_first)
