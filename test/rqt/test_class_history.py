"""The curves of the class."""

from __future__ import annotations

import numpy as np
import pytest

from classroom_fer_ros.core.results import ClassState
from classroom_fer_ros.rqt.class_history import CURVES, SPAN_S, ClassHistory


def state(stamp_s: float, attentive: float = 0.5) -> ClassState:
    return ClassState(stamp_s=stamp_s, attentive_share=attentive)


def test_empty() -> None:
    ago_s, curves = ClassHistory().curves()
    assert len(ago_s) == 0
    assert set(curves) == set(CURVES)


def test_one_after_another() -> None:
    history = ClassHistory()
    for second in range(3):
        history.add(state(100.0 + second, second / 10))
    ago_s, curves = history.curves()
    assert ago_s == pytest.approx([-2, -1, 0])
    assert curves['attentive'] == pytest.approx([0, 10, 20])
    assert np.isnan(curves['happy']).all()


def test_a_hole_is_a_hole() -> None:
    history = ClassHistory()
    history.add(state(0.0))
    history.add(state(60.0))
    _, curves = history.curves()
    assert np.isnan(curves['attentive']).tolist() == [False, True, False]


def test_old_ones_go_and_a_stamp_that_goes_back_begins_anew() -> None:
    history = ClassHistory()
    for second in range(int(SPAN_S) + 100):
        history.add(state(float(second)))
    assert len(history.curves()[0]) == SPAN_S + 1
    history.add(state(3.0))
    assert len(history.curves()[0]) == 1
