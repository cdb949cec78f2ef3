"""Closures: their kinds, on any rate, and what interrupts them."""

import numpy as np
import pytest
from behaviour import Event, amount, stamps

from classroom_fer_ros.core.eye_closures import ClosureKind, EyeClosures

BOUNDS_S = (0.05, 0.5, 1.0)


def closures_of(events: list[Event], fps: float, jitter: float = 0.0) -> list[tuple[str, float]]:
    closures = EyeClosures(0.3, BOUNDS_S)
    found = []
    for stamp_s in stamps(fps, 10.0, jitter):
        closure = closures.update(1.0 - amount(events, stamp_s), stamp_s)
        if closure is not None:
            found.append((closure.kind.name, closure.duration_s))
    return found


@pytest.mark.parametrize('jitter', [0.0, 0.4])
@pytest.mark.parametrize('fps', [20.0, 30.0, 60.0])
@pytest.mark.parametrize(
    ('duration_s', 'kind'),
    [(0.12, 'BLINK'), (0.3, 'BLINK'), (0.42, 'BLINK'), (0.6, 'LONG_CLOSURE'), (1.1, 'MICROSLEEP')],
)
def test_kinds_at_every_rate(duration_s: float, kind: str, fps: float, jitter: float) -> None:
    ((found, length_s),) = closures_of([Event(3.01, duration_s)], fps, jitter)
    assert found == kind
    assert length_s == pytest.approx(duration_s, abs=0.04)


@pytest.mark.parametrize('fps', [5.0, 10.0])
@pytest.mark.parametrize('start_s', np.linspace(3.0, 3.2, 5))
def test_microsleeps_at_low_rates(fps: float, start_s: float) -> None:
    ((kind, length_s),) = closures_of([Event(start_s, 1.5)], fps)
    assert kind == 'MICROSLEEP'
    assert length_s == pytest.approx(1.5, abs=1.0 / fps)


def test_exact_bounds_belong_to_the_longer_kind() -> None:
    closures = EyeClosures(0.3, BOUNDS_S)
    found = []
    for index in range(60):
        is_closed = 10 <= index < 20
        found.append(closures.update(0.0 if is_closed else 1.0, index / 20))
    (closure,) = [one for one in found if one is not None]
    assert closure.duration_s == pytest.approx(0.5)
    assert closure.kind is ClosureKind.LONG_CLOSURE


def test_half_closed_lids_are_no_closure() -> None:
    closures = EyeClosures(0.3, BOUNDS_S)
    assert all(closures.update(0.4, index / 30) is None for index in range(90))
    assert closures.current_s(3.0) == 0.0


def test_drooping_lids_are_no_part_of_a_blink() -> None:
    closures = EyeClosures(0.3, BOUNDS_S)
    values = [1.0] * 10 + [0.4] * 60 + [0.0] * 6 + [0.4] * 60 + [1.0] * 5
    found = [closures.update(value, index / 30) for index, value in enumerate(values)]
    (closure,) = [one for one in found if one is not None]
    assert closure.kind is ClosureKind.BLINK
    assert closure.duration_s == pytest.approx(0.2, abs=0.04)


def test_closures_with_drooping_lids_in_between_are_two() -> None:
    closures = EyeClosures(0.3, BOUNDS_S)
    values = [1.0] * 5 + [0.0] * 6 + [0.4] * 40 + [0.0] * 6 + [1.0] * 5
    found = [closures.update(value, index / 30) for index, value in enumerate(values)]
    kinds = [closure.kind for closure in found if closure is not None]
    assert kinds == [ClosureKind.BLINK, ClosureKind.BLINK]


def test_noise_at_the_line_does_not_cut_a_closure() -> None:
    closures = EyeClosures(0.3, BOUNDS_S)
    values = [1.0] * 5 + [0.25, 0.35] * 20 + [1.0] * 5
    found = [closures.update(value, index / 30) for index, value in enumerate(values)]
    (closure,) = [one for one in found if one is not None]
    assert closure.kind is ClosureKind.MICROSLEEP


def test_a_closure_of_which_the_beginning_was_not_seen_has_no_kind() -> None:
    closures = EyeClosures(0.3, BOUNDS_S)
    found = [closures.update(0.0 if i < 10 else 1.0, i / 30) for i in range(20)]
    assert [one.kind for one in found if one is not None] == [ClosureKind.FLICKER]


def test_an_interrupted_closure_is_forgotten() -> None:
    closures = EyeClosures(0.3, BOUNDS_S)
    for index in range(20):
        closures.update(0.0 if index > 5 else 1.0, index / 30)
    assert closures.current_s(19 / 30) > 0.4
    closures.interrupt()
    assert closures.current_s(19 / 30) == 0.0
    assert closures.update(1.0, 1.0) is None
