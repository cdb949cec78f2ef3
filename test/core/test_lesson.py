"""Ten minutes of a made class: lively pupils raise no alert, a tired and a restless one do."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from behaviour import Event, amount, every, observation, stamps

from classroom_fer_ros.core.alerts import AlertEngine, StudentState
from classroom_fer_ros.core.class_state import ClassStateMonitor
from classroom_fer_ros.core.fatigue import FatigueMonitor
from classroom_fer_ros.core.head_motion import HeadMotionMonitor
from classroom_fer_ros.core.results import Alert, AlertKind, AlertStatus

FPS = 6.0
LESSON_S = 600.0


class Pupil:
    """Somebody who blinks, talks, looks about, writes, yawns now and then, and is awake."""

    def __init__(self, number: int) -> None:
        self.name = f'{number:03d}'
        self.generator = np.random.default_rng(number)
        self.usual_deg = self.generator.uniform(-25, 25)
        self.blinks = self.spread(2.0, 6.0, 0.1, 0.3)
        self.mouth = [*self.spread(3.0, 20.0, 0.2, 0.8), Event(200 + 9 * number, 3.0)]
        self.looks = self.spread(9.0, 30.0, 1.0, 6.0)
        self.sides = self.generator.uniform(-40, 40, len(self.looks))
        self.writing = self.spread(40.0, 90.0, 5.0, 20.0)
        self.nods = self.spread(30.0, 60.0, 1.0, 2.0)
        self.fatigue, self.head = FatigueMonitor(), HeadMotionMonitor()

    def spread(self, low_s: float, high_s: float, short_s: float, long_s: float) -> list[Event]:
        events, t = [], 3.0
        while t < LESSON_S:
            t += self.generator.uniform(low_s, high_s)
            events.append(Event(t, self.generator.uniform(short_s, long_s)))
            t += events[-1].duration_s
        return events

    def yaw_deg(self, t: float) -> float:
        looks = zip(self.looks, self.sides, strict=True)
        aside = sum(side * amount([look], t, 0.6) for look, side in looks if near(look, t))
        return self.usual_deg + aside

    def pitch_deg(self, t: float) -> float:
        nod = 8 * math.sin(2 * math.pi * 1.2 * t) * amount(self.around(self.nods, t), t)
        return 25 * amount(self.around(self.writing, t), t, 0.8) + nod

    def around(self, events: list[Event], t: float) -> list[Event]:
        return [event for event in events if near(event, t)]

    def see(self, t: float) -> StudentState:
        closed = amount(self.around(self.blinks, t), t)
        wide = amount(self.around(self.mouth, t), t, 0.3)
        yaw, pitch, roll = self.generator.normal(0, 0.7, 3)
        return StudentState(
            face_id=self.name,
            seat=f'seat {self.name}',
            fatigue=self.fatigue.update(self.name, observation(closed, wide), t),
            head_pose=self.head.update(
                self.name,
                math.radians(self.yaw_deg(t) + yaw),
                math.radians(self.pitch_deg(t) + pitch),
                math.radians(roll),
                t,
            ),
        )


def near(event: Event, t: float) -> bool:
    return event.start_s - 1 < t < event.start_s + event.duration_s + 1


def tired(pupil: Pupil) -> None:
    pupil.blinks = every(3.0, 0.6, LESSON_S, first_s=60.0)


def restless(pupil: Pupil) -> None:
    usual = pupil.yaw_deg
    pupil.yaw_deg = lambda t: usual(t) + 18 * math.sin(2 * math.pi * 0.8 * t) * (200 < t < 210)


def asleep(pupil: Pupil) -> None:
    pupil.blinks = [Event(300, 30)]


def away(pupil: Pupil) -> None:
    pupil.looks, pupil.sides = [Event(300, 60)], np.array([60.0])


Change = Callable[[Pupil], None]


def teach(changes: dict[int, Change], pupils: int, until_s: float = LESSON_S) -> list[Alert]:
    """Alerts raised in a lesson in which some pupils are not as usual."""
    everybody = [Pupil(number) for number in range(pupils)]
    for number, change in changes.items():
        change(everybody[number])
    engine, monitor = AlertEngine(), ClassStateMonitor()
    raised = []
    for t in stamps(FPS, until_s, jitter=0.3):
        students = [pupil.see(t) for pupil in everybody]
        update = engine.update(students, monitor.update(students, [], t), t)
        raised += [alert for alert in update.changes if alert.status is AlertStatus.RAISED]
    return raised


def test_a_lively_class_raises_no_alert() -> None:
    assert teach({}, pupils=7) == []


@pytest.mark.parametrize(
    ('change', 'kind', 'from_s', 'to_s'),
    [
        (tired, AlertKind.TIRED, 70, 140),
        (restless, AlertKind.LEFT_RIGHT, 200, 205),
        (asleep, AlertKind.ASLEEP, 304, 306),
        (away, AlertKind.LOOKING_AWAY, 300, 312),
    ],
    ids=['tired', 'restless', 'asleep', 'away'],
)
def test_who_is_not_as_usual_is_found(
    change: Change, kind: AlertKind, from_s: float, to_s: float
) -> None:
    alerts = teach({1: change}, pupils=2, until_s=to_s + 30)
    (alert,) = [one for one in alerts if one.kind is kind][:1]
    assert {one.face_id for one in alerts} == {'001'}
    assert from_s < alert.since_s < to_s


def test_a_tired_class_is_reported_as_a_whole() -> None:
    kinds = {alert.kind for alert in teach(dict.fromkeys(range(4), tired), pupils=6, until_s=150)}
    assert kinds == {AlertKind.TIRED, AlertKind.CLASS_TIRED, AlertKind.CLASS_ATTENTION}
