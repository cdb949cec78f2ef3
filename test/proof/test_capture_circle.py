"""The whole circle: capture what a model gets wrong, label, train further, install, go back."""

from __future__ import annotations

from pathlib import Path

import pytest

from capture_circle import capture, from_above, label
from classroom_fer_ros import models
from classroom_fer_ros.core.evaluation.photographs import list_photographs
from classroom_fer_ros.core.model_files import models_dir
from classroom_fer_ros.core.model_registry import card_in_use
from classroom_fer_ros.training import retrain_expression
from classroom_fer_ros.training.comparison import MAX_LOSS
from classroom_fer_ros.training.retrain_expression import RetrainConfig

#: What it must gain on faces of that camera that it has not learned from.
MIN_GAIN = 0.03


@pytest.mark.proof
@pytest.mark.timeout(7200)
def test_a_camera_that_the_model_gets_wrong(
    data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Photographs as a badly focused camera below the ceiling sees them, a window at one side."""
    monkeypatch.setenv('CLASSROOM_FER_HOME', str(tmp_path / 'home'))
    photographs = [path for path, _ in list_photographs(data_dir / 'expression_photos')]
    seen = capture(photographs, from_above, tmp_path / 'captures')
    queue = label(tmp_path / 'captures', seen, tmp_path / 'set')
    labelled, wrong = queue.progress.labelled, len(queue.disagreements)
    print(f'{labelled} faces of {len(photographs)} photographs captured, {wrong} taken wrongly')
    assert labelled > len(photographs) / 2
    shipped = models_dir() / 'expression.json'
    assert card_in_use('expression.json') == shipped
    card, comparison = retrain_expression.retrain(
        tmp_path / 'set', data_dir, tmp_path / 'work', RetrainConfig()
    )
    comparison.show()
    assert comparison.captured['captured_accuracy'].gain >= MIN_GAIN
    assert all(one.gain >= -MAX_LOSS for one in comparison.base.values())
    monkeypatch.setattr(retrain_expression, 'retrain', lambda *_: (card, comparison))
    assert retrain_expression.main([str(tmp_path / 'set')]) == 0
    assert card_in_use('expression.json') != shipped
    assert models.main(['--roll-back', 'expression']) == 0
    assert card_in_use('expression.json') == shipped
