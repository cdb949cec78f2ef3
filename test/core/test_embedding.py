"""Preprocessing for the face embedder, and cards that it refuses."""

from pathlib import Path

import numpy as np
import pytest

from classroom_fer_ros.core.alignment import CROP_SIZE, TEMPLATE_XY
from classroom_fer_ros.core.embedding import (
    INPUT_SIZE,
    WINDOW_LEFT,
    WINDOW_TOP,
    FaceEmbedder,
    network_input,
)
from classroom_fer_ros.core.errors import ModelError
from classroom_fer_ros.core.model_card import ModelCard


def test_the_input_is_the_inner_part_as_rgb() -> None:
    crops = np.zeros((2, CROP_SIZE, CROP_SIZE, 3), np.uint8)
    crops[1, WINDOW_TOP, WINDOW_LEFT] = (0, 128, 255)
    found = network_input(crops)
    assert found.shape == (2, 3, INPUT_SIZE, INPUT_SIZE)
    assert found.dtype == np.float32
    assert found.flags.c_contiguous
    np.testing.assert_allclose(found[1, :, 0, 0], [1.0, 128 / 127.5 - 1, -1.0], atol=1e-6)
    assert (found[0] == -1.0).all()


def test_no_crops_no_input() -> None:
    assert network_input(np.empty((0, 112, 112, 3), np.uint8)).shape == (0, 3, 88, 88)


def test_the_window_holds_the_face() -> None:
    window = TEMPLATE_XY - [WINDOW_LEFT, WINDOW_TOP]
    assert window.min() > 0.2 * INPUT_SIZE
    assert window.max() < 0.9 * INPUT_SIZE


def test_a_model_for_another_task_is_refused(tmp_path: Path) -> None:
    card = ModelCard(
        name='faces to moods',
        task='expression',
        file='x.onnx',
        sha256='0' * 64,
        input_size=(48, 48),
        preprocessing='',
    )
    card.write(tmp_path / 'card.json')
    with pytest.raises(ModelError, match="'expression', must be for identification"):
        FaceEmbedder(tmp_path / 'card.json')
    with pytest.raises(ModelError, match=r'missing\.json'):
        FaceEmbedder(tmp_path / 'missing.json')
