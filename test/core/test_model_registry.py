"""Models that were trained here: beside the shipped ones, switched, and rolled back."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from classroom_fer_ros import models
from classroom_fer_ros.core.errors import ModelError
from classroom_fer_ros.core.expression import ExpressionClassifier, ExpressionConfig
from classroom_fer_ros.core.model_card import load_card
from classroom_fer_ros.core.model_files import models_dir
from classroom_fer_ros.core.model_registry import IN_USE, SHIPPED, ModelRegistry, card_in_use
from tiny_models import LABELS, faces_showing, write_expression_model

SHIPPED_CARD = models_dir() / 'expression.json'


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModelRegistry:
    monkeypatch.setenv('CLASSROOM_FER_HOME', str(tmp_path / 'home'))
    return ModelRegistry()


def made(folder: Path, *, is_reversed: bool = False) -> Path:
    """A small model; two different ones."""
    folder.mkdir()
    if not is_reversed:
        return write_expression_model(folder)
    return write_expression_model(folder, heads={'a': LABELS, 'b': LABELS}, served_head='b')


def in_use(registry: ModelRegistry) -> str:
    (one,) = [one for one in registry.versions('expression') if one.is_in_use]
    return one.version


def test_the_shipped_model_at_first(registry: ModelRegistry) -> None:
    assert card_in_use('expression.json') == SHIPPED_CARD
    assert [one.version for one in registry.versions('expression')] == [SHIPPED]
    assert not registry.folder.exists()


def test_what_was_copied_by_half_is_no_version(registry: ModelRegistry, tmp_path: Path) -> None:
    installed = registry.install(made(tmp_path / 'a'), 'expression')
    folder = installed.card.parent
    shutil.copytree(folder, folder.with_name('0123456789.part'))
    known = [one.version for one in registry.versions('expression')]
    assert known == [SHIPPED, installed.version]


def test_install_switch_and_roll_back(registry: ModelRegistry, tmp_path: Path) -> None:
    shipped = {path: path.read_bytes() for path in models_dir().iterdir()}
    first = registry.install(made(tmp_path / 'a'), 'expression')
    second = registry.install(made(tmp_path / 'b', is_reversed=True), 'expression')
    assert first.version != second.version
    assert card_in_use('expression.json') == second.card
    assert registry.roll_back('expression') == first.version
    assert card_in_use('expression.json') == first.card
    assert registry.roll_back('expression') == SHIPPED
    assert card_in_use('expression.json') == SHIPPED_CARD
    with pytest.raises(ModelError, match=r'no other expression model'):
        registry.roll_back('expression')
    registry.use('expression', second.version)
    assert in_use(registry) == second.version
    assert len(registry.versions('expression')) == 3
    assert {path: path.read_bytes() for path in models_dir().iterdir()} == shipped


def test_what_is_installed_answers(registry: ModelRegistry, tmp_path: Path) -> None:
    """The source may be gone."""
    made(tmp_path / 'a')
    version = registry.install(tmp_path / 'a' / 'tiny.json', 'expression')
    (tmp_path / 'a' / 'tiny.onnx').unlink()
    classifier = ExpressionClassifier(card_in_use(ExpressionConfig().card))
    assert version.card.name == 'expression.json'
    assert load_card(version.card).path.is_file()
    answer = classifier.classify_gray(faces_showing(4))
    assert int(np.argmax(answer)) == 4


def test_quantized_weights_come_along(registry: ModelRegistry) -> None:
    installed = load_card(registry.install(SHIPPED_CARD, 'expression').card)
    installed.check_weights()
    assert len(installed.weights) == 2
    assert all(path.parent.parent == registry.folder / 'expression' for path in installed.weights)


def test_one_may_be_kept_without_being_used(registry: ModelRegistry, tmp_path: Path) -> None:
    registry.install(made(tmp_path / 'a'), 'expression', is_used=False)
    assert in_use(registry) == SHIPPED
    assert len(registry.versions('expression')) == 2


def test_paths_and_the_folder_of_the_environment_stand(
    registry: ModelRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = made(tmp_path / 'a')
    registry.install(mine, 'expression')
    assert card_in_use(str(mine)) == mine
    assert card_in_use('eye_state.json') == models_dir() / 'eye_state.json'
    monkeypatch.setenv('CLASSROOM_FER_MODELS', str(models_dir()))
    assert card_in_use('expression.json') == SHIPPED_CARD


def test_weights_that_are_not_the_card_s_are_refused(
    registry: ModelRegistry, tmp_path: Path
) -> None:
    card = made(tmp_path / 'a')
    card.with_suffix('.onnx').write_bytes(b'other')
    with pytest.raises(ModelError, match=r'not the file'):
        registry.install(card, 'expression')
    assert in_use(registry) == SHIPPED


def test_a_model_that_is_gone_is_named(registry: ModelRegistry, tmp_path: Path) -> None:
    version = registry.install(made(tmp_path / 'a'), 'expression')
    version.card.unlink()
    with pytest.raises(ModelError, match=r'--use expression shipped'):
        card_in_use('expression.json')
    registry.use('expression', SHIPPED)
    assert card_in_use('expression.json') == SHIPPED_CARD


def test_a_broken_list_is_named(registry: ModelRegistry) -> None:
    registry.folder.mkdir(parents=True)
    (registry.folder / IN_USE).write_text('[')
    with pytest.raises(ModelError, match=r'in_use\.json'):
        card_in_use('expression.json')


def test_models_that_there_are_not(registry: ModelRegistry) -> None:
    with pytest.raises(ModelError, match=r'no model mood'):
        registry.versions('mood')
    with pytest.raises(ModelError, match=r'no expression abc'):
        registry.use('expression', 'abc')


def test_the_command(
    registry: ModelRegistry, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    version = registry.install(made(tmp_path / 'a'), 'expression').version
    assert models.main([]) == 0
    listed = capsys.readouterr().out
    assert version in listed
    assert 'facenet' in listed
    assert models.main(['--roll-back', 'expression']) == 0
    assert 'shipped is in use' in capsys.readouterr().out
    assert models.main(['--use', 'expression', version]) == 0
    assert in_use(registry) == version
    assert models.main(['--use', 'expression', 'none']) == 2
    assert 'no expression none' in capsys.readouterr().err
