"""Turns: spread over the pictures, as often as asked for at any picture rate."""

from __future__ import annotations

import math
from collections import Counter

import pytest

from classroom_fer_ros.core.turns import GROUP, is_due, next_turns

START_S = 1.7e9  # as live stamps are


def play(
    faces: int, fps: float, seconds: float, interval_s: float = 0.3
) -> tuple[list[int], Counter[int]]:
    """Sizes of the batches of every picture, and how often each face had a turn."""
    due_s, turns, batches = [-math.inf] * faces, Counter(), []
    for number in range(round(seconds * fps)):
        stamp_s = START_S + number / fps
        due = [face for face in range(faces) if is_due(due_s[face], stamp_s)]
        following = next_turns([due_s[face] for face in due], interval_s, stamp_s)
        for face, next_s in zip(due, following, strict=True):
            assert next_s > stamp_s
            due_s[face] = next_s
        turns.update(due)
        batches.append(len(due))
    return batches, turns


@pytest.mark.parametrize('fps', [15.0, 17.9, 25.0, 30.0])
@pytest.mark.parametrize('faces', [1, 8, 30])
def test_each_face_has_its_turns_and_no_picture_all_of_them(faces: int, fps: float) -> None:
    batches, turns = play(faces, fps, 30.0)
    assert batches[0] == faces  # who is new is looked at at once
    assert all(99 <= count <= 102 for count in turns.values()), turns
    # Where pictures come slowly, several groups fall into one.
    groups = math.ceil(math.ceil(faces / GROUP) / (0.3 * fps))
    assert max(batches[1:]) <= min(faces, (groups + 1) * GROUP)


def test_an_interval_of_nothing_is_every_picture() -> None:
    assert next_turns([-math.inf, 4.0], 0.0, 5.0) == [5.0, 5.0]
    assert is_due(5.0, 5.04)


def test_after_a_gap_everybody_keeps_the_beat() -> None:
    assert next_turns([1.0, 1.1], 0.3, 100.05) == pytest.approx([100.3, 100.1])


def test_nobody_is_no_trouble() -> None:
    assert next_turns([], 0.3, 1.0) == []
