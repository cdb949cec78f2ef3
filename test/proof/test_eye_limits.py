"""Ten simulated minutes of eyes at every size, rate and in every light: where judging ends."""

from __future__ import annotations

import os

import pytest

from classroom_fer_ros.core.evaluation.limits import FACE_SIZES_PX, Limit, measure_limits

SECONDS = float(os.environ.get('PROOF_SECONDS', 600.0 / len(FACE_SIZES_PX)))
pytestmark = [pytest.mark.proof, pytest.mark.timeout(4 * 3600)]


@pytest.fixture(scope='module')
def limits() -> list[Limit]:
    return list(measure_limits(SECONDS))


def test_blinks_of_faces_from_80_px_on(limits: list[Limit]) -> None:
    seen = [one for one in limits if one.face_px >= 80 and one.rate_fps >= 20]
    assert len(seen) == 24
    low = {(one.face_px, one.rate_fps, one.light): one.blinks for one in seen}
    assert all(blinks is not None and blinks.f1 >= 0.95 for blinks in low.values()), low


def test_perclos_of_faces_from_80_px_on(limits: list[Limit]) -> None:
    far = [one for one in limits if one.face_px >= 80 and not one.perclos.mean_error_points <= 2.0]
    assert not far


def test_what_a_rate_cannot_show_is_unknown(limits: list[Limit]) -> None:
    slow = [one for one in limits if one.rate_fps < 15]
    assert slow
    assert all(one.blinks is None for one in slow)


def test_eyes_that_are_too_small_are_not_judged(limits: list[Limit]) -> None:
    small = [one for one in limits if one.face_px == 40]
    assert small
    assert all(one.judged_share < 0.5 for one in small)
