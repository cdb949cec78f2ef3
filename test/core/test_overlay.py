"""The result picture: drawn on a copy, at the right places, whatever the input."""

import math
from dataclasses import replace

import numpy as np
import pytest

from classroom_fer_ros.core.overlay import EXPRESSION_BLUE, draw_overlay
from classroom_fer_ros.core.results import (
    Expression,
    Face,
    Fatigue,
    FatigueState,
    FrameResult,
    HeadPose,
    Judgement,
    Motion,
)


def result_with(box: tuple[float, float, float, float], name: str = '') -> FrameResult:
    return FrameResult(
        stamp_ns=0,
        index=0,
        size_wh=(1280, 720),
        faces=(
            Face(
                face_id='001',
                box_xyxy=box,
                score=0.9,
                keypoints_xy=np.zeros((5, 2)),
                person_name=name,
            ),
        ),
        expressions=(
            Expression(face_id='001', status=Judgement.JUDGED, label='happy', confidence=0.9),
        ),
        fatigue=(Fatigue(face_id='001', level=0.7, state=FatigueState.TIRED),),
        head_poses=(
            HeadPose(face_id='001', yaw_rad=math.radians(30), pitch_rad=0.0, roll_rad=0.0),
        ),
    )


def changed(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    return np.any(before != after, axis=2)


def test_the_picture_itself_stays() -> None:
    image = np.full((720, 1280, 3), 90, np.uint8)
    drawn = draw_overlay(image, result_with((600, 300, 700, 420)))
    assert (image == 90).all()
    assert drawn.shape == image.shape
    assert changed(image, drawn).any()


def test_nothing_found_nothing_drawn() -> None:
    image = np.full((480, 640, 3), 90, np.uint8)
    empty = FrameResult(stamp_ns=0, index=0, size_wh=(640, 480))
    np.testing.assert_array_equal(draw_overlay(image, empty), image)


def test_places() -> None:
    """Expression in blue at the box's top left, name above it, fatigue below, the face free."""
    image = np.full((720, 1280, 3), 90, np.uint8)
    drawn = draw_overlay(image, result_with((600, 300, 700, 420)))
    is_changed = changed(image, drawn)
    # Thin strokes are blended with the halo: nearly the colour, not just it. The box is blue too,
    # 86 away: a wider limit would take its frame for the text.
    is_blue = np.abs(drawn.astype(int) - EXPRESSION_BLUE).max(axis=2) < 60
    rows, columns = np.nonzero(is_blue)
    assert rows.min() > 280
    assert rows.max() < 300
    assert 600 <= columns.min() < 610
    assert is_changed[265:282, 600:630].any()
    assert not is_changed[303:418, 603:698].any()
    assert is_changed[422:445, 600:700].any()
    assert not is_changed[:255].any()
    assert not is_changed[460:].any()


@pytest.mark.parametrize(
    'box',
    [
        pytest.param((-50, -50, 60, 60), id='beyond the corner'),
        pytest.param((1250, 700, 1400, 900), id='beyond the other'),
        pytest.param((10, 10, 11, 11), id='a dot'),
    ],
)
def test_boxes_at_the_border(box: tuple[float, float, float, float]) -> None:
    draw_overlay(np.zeros((720, 1280, 3), np.uint8), result_with(box))


@pytest.mark.parametrize('name', ['Zoë', '小明', 'x' * 200])
def test_any_name_can_be_drawn(name: str) -> None:
    image = np.zeros((720, 1280, 3), np.uint8)
    assert draw_overlay(image, result_with((600, 300, 700, 420), name)).any()


def test_motion_is_a_word_and_direction_an_arrow() -> None:
    image = np.full((720, 1280, 3), 90, np.uint8)
    box = (600.0, 300.0, 700.0, 420.0)
    arrow = draw_overlay(image, result_with(box))
    shaking = HeadPose(face_id='001', yaw_rad=0.5, pitch_rad=0.0, motion=Motion.SHAKE)
    word = draw_overlay(image, replace(result_with(box), head_poses=(shaking,)))
    unknown = draw_overlay(image, replace(result_with(box), head_poses=(HeadPose(face_id='001'),)))
    assert changed(unknown, arrow)[:300, 630:].any()
    assert changed(unknown, word)[:300, 625:].any()
    assert changed(arrow, word).any()


def test_labels_shrink_with_the_box() -> None:
    image = np.full((720, 1280, 3), 90, np.uint8)
    wide = changed(image, draw_overlay(image, result_with((600, 300, 700, 420))))[286:300]
    narrow = changed(image, draw_overlay(image, result_with((600, 300, 640, 350))))[286:300]
    assert np.nonzero(narrow)[1].max() < np.nonzero(wide)[1].max() - 15
