"""Training further: nothing is forgotten, captured faces are learned, and only then installed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from classroom_fer_ros.core.capture_sets import EXPRESSIONS_FILE
from classroom_fer_ros.core.errors import DataError
from classroom_fer_ros.core.expression import ExpressionClassifier
from classroom_fer_ros.core.labels import EXPRESSION_LABELS
from classroom_fer_ros.core.model_files import models_dir
from classroom_fer_ros.core.model_registry import SHIPPED, ModelRegistry, card_in_use
from classroom_fer_ros.training import retrain_expression
from classroom_fer_ros.training.captured import HELD_OUT, hold_out, load_captured
from classroom_fer_ros.training.comparison import Comparison, Measure
from classroom_fer_ros.training.export_expression import HEADS
from classroom_fer_ros.training.retrain_expression import (
    RetrainConfig,
    load_network,
    main,
    retrain_loss,
    train_on,
)

CARD = models_dir() / 'expression.json'


@pytest.fixture(scope='module')
def base(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small base set, and faces of it through a bad camera: upside down, and labelled."""
    folder = tmp_path_factory.mktemp('base')
    for name, count in (('train', 300), ('validation', 200)):
        with np.load(data_dir / f'ferplus_{name}.npz') as whole:
            few = {key: whole[key][:count] for key in ('images', 'votes', 'fer2013')}
        np.savez(folder / f'ferplus_{name}.npz', **few)
    return folder


@pytest.fixture(scope='module')
def captured(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Faces that the model gets wrong in one and the same way: through a mirror at the ceiling."""
    folder = tmp_path_factory.mktemp('captured')
    with np.load(data_dir / 'ferplus_train.npz') as whole:
        images, labels = whole['images'][1000:1600], whole['fer2013'][1000:1600]
    is_used = np.isin(labels, [EXPRESSION_LABELS.index(name) for name in ('happy', 'surprised')])
    np.savez(folder / EXPRESSIONS_FILE, images=images[is_used][:, ::-1], labels=labels[is_used])
    return folder


def accuracy(card: Path, images: np.ndarray, labels: np.ndarray) -> float:
    return float(
        (ExpressionClassifier(card).classify_gray(images).argmax(axis=1) == labels).mean()
    )


def test_a_network_begins_with_the_answers_of_its_card(data_dir: Path) -> None:
    with np.load(data_dir / 'ferplus_validation.npz') as data:
        images = data['images'][:64]
    network = load_network(CARD, images, dropout=0.0).eval()
    with torch.no_grad():
        answers = network(retrain_expression._input(images))
    classifier = ExpressionClassifier(CARD)
    for head, logits in zip(HEADS, answers, strict=True):
        assert np.abs(logits.cpu().numpy() - classifier.logits(images, head)).max() < 1e-3


def test_without_captured_faces_nothing_would_change() -> None:
    """The loss is least where the answers are those of before, whatever the labels."""
    before = [torch.randn(6, 7, generator=torch.Generator().manual_seed(n)) for n in (1, 2)]
    nobody = torch.empty(0, dtype=torch.long)
    logits = [one.clone().requires_grad_() for one in before]
    new = [torch.empty(0, 7) for _ in before]
    loss = retrain_loss(
        [torch.cat(pair) for pair in zip(new, logits, strict=True)], nobody, before, 0.0
    )
    if not torch.isnan(loss):
        loss.backward()
        assert all(one.grad.abs().max() < 1e-6 for one in logits)


def test_the_circle_in_miniature(
    base: Path, captured: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Learn, compare on what was held out, install, roll back."""
    monkeypatch.setenv('CLASSROOM_FER_HOME', str(tmp_path / 'home'))
    monkeypatch.setattr('classroom_fer_ros.training.comparison.MAX_LOSS', 0.1)
    arguments = [str(captured), '--base', str(base), '--work', str(tmp_path / 'work')]
    assert main([*arguments, '--steps', '12']) == 0
    faces = load_captured(captured)
    _, held_out = hold_out(faces, RetrainConfig().held_out, RetrainConfig().seed)
    new = card_in_use('expression.json')
    assert new != CARD
    gain = accuracy(new, held_out.images, held_out.labels) - accuracy(
        CARD, held_out.images, held_out.labels
    )
    assert gain > 0.05
    assert ModelRegistry().roll_back('expression') == SHIPPED
    assert card_in_use('expression.json') == CARD


@pytest.mark.parametrize('is_forced', [False, True])
def test_a_worse_model_is_installed_by_force_only(
    base: Path,
    captured: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    is_forced: bool,
) -> None:
    """Trained on shuffled labels."""
    monkeypatch.setenv('CLASSROOM_FER_HOME', str(tmp_path / 'home'))

    def unlearn(network: torch.nn.Module, *_: object) -> torch.nn.Module:
        with torch.no_grad():
            network.heads['balanced'].bias[EXPRESSION_LABELS.index('sad')] += 100.0
        return network

    monkeypatch.setattr(retrain_expression, 'train_on', unlearn)
    arguments = [str(captured), '--base', str(base), '--work', str(tmp_path / 'work')]
    assert main([*arguments, *(['--force'] if is_forced else [])]) == int(not is_forced)
    assert (card_in_use('expression.json') != CARD) is is_forced
    assert 'points lost' in capsys.readouterr().out


@pytest.mark.parametrize(
    ('captured_gain', 'base_gain', 'is_better'),
    [(0.1, 0.0, True), (0.1, -0.004, True), (0.1, -0.006, False), (0.0, 0.0, False)],
)
def test_what_counts_as_better(captured_gain: float, base_gain: float, is_better: bool) -> None:
    comparison = Comparison(
        captured={'captured': Measure(0.5, 0.5 + captured_gain, 100)},
        base={'base': Measure(0.8, 0.8 + base_gain, 1000)},
    )
    assert comparison.is_better is is_better


def test_what_is_alike_stays_together(tmp_path: Path) -> None:
    """The same picture twice, then the same people."""
    rng = np.random.default_rng(1)
    images = np.repeat(rng.integers(0, 255, (60, 48, 48), np.uint8), 2, axis=0)
    labels = np.repeat(np.arange(60) % 7, 2)
    np.savez(tmp_path / EXPRESSIONS_FILE, images=images, labels=labels)
    training, held_out = hold_out(load_captured(tmp_path), 0.3, 1)
    assert not set(training.groups) & set(held_out.groups)
    assert 20 <= len(held_out) <= 50
    people = np.array([f'person {number % 10}' for number in range(120)])
    noise = rng.integers(0, 255, (120, 48, 48), np.uint8)
    np.savez(tmp_path / EXPRESSIONS_FILE, images=noise, labels=labels, person=people)
    assert len(set(load_captured(tmp_path).groups)) == 10
    assert HELD_OUT


def test_too_few_faces_are_refused(tmp_path: Path) -> None:
    np.savez(
        tmp_path / EXPRESSIONS_FILE,
        images=np.zeros((5, 48, 48), np.uint8),
        labels=np.zeros(5, np.int8),
    )
    with pytest.raises(DataError, match=r'label more'):
        load_captured(tmp_path)
    with pytest.raises(DataError, match=r'make label'):
        load_captured(tmp_path / 'none.npz')


def test_it_learns_what_it_is_shown(base: Path, captured: Path) -> None:
    """With shuffled labels it does not."""
    faces = load_captured(captured)
    training, held_out = hold_out(faces, 0.3, 1)
    with np.load(base / 'ferplus_train.npz') as data:
        images = data['images']
    config = replace(RetrainConfig(), steps=8)
    order = np.random.default_rng(1).permutation(len(training))
    shuffled = replace(training, labels=training.labels[order])
    right, wrong = (
        _accuracy_after(train_on(load_network(CARD, images, 0.3), some, images, config), held_out)
        for some in (training, shuffled)
    )
    assert right > wrong


def _accuracy_after(network: torch.nn.Module, faces: object) -> float:
    network.eval()
    with torch.no_grad():
        answers = network(retrain_expression._input(faces.images))[-1].argmax(dim=1)
    return float((answers.cpu().numpy() == faces.labels).mean())
