"""Training further: nothing is forgotten, captured faces are learned, and only then installed."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

from captures import tear
from classroom_fer_ros.core.capture_sets import EXPRESSIONS_FILE
from classroom_fer_ros.core.errors import DataError
from classroom_fer_ros.core.expression import ExpressionClassifier, ExpressionConfig
from classroom_fer_ros.core.labels import EXPRESSION_LABELS
from classroom_fer_ros.core.model_files import models_dir
from classroom_fer_ros.core.model_registry import SHIPPED, ModelRegistry, card_in_use
from classroom_fer_ros.training import retrain_expression
from classroom_fer_ros.training.captured import hold_out, load_captured
from classroom_fer_ros.training.comparison import Comparison, Measure
from classroom_fer_ros.training.export_expression import HEADS
from classroom_fer_ros.training.expression_network import MirroredExpressionNetwork
from classroom_fer_ros.training.interpolation import farthest
from classroom_fer_ros.training.retrain_expression import (
    RetrainConfig,
    load_network,
    main,
    retrain_loss,
)
from tiny_models import write_expression_model

CARD = models_dir() / 'expression.json'


@pytest.fixture(scope='module')
def base(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small base set."""
    folder = tmp_path_factory.mktemp('base')
    for name, count in (('train', 200), ('validation', 150)):
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
        answers = MirroredExpressionNetwork(network)(retrain_expression._input(images))
    classifier = ExpressionClassifier(CARD, ExpressionConfig(is_exact=True))
    for head, logits in zip(HEADS, answers, strict=True):
        assert np.abs(logits.cpu().numpy() - classifier.logits(images, head)).max() < 1e-3


def test_pictures_of_the_base_set_are_to_be_answered_as_before() -> None:
    """Their answers pull nowhere as long as they have not moved; those of captured faces do."""
    before = [torch.randn(6, 7, generator=torch.Generator().manual_seed(n)) for n in (1, 2)]
    answers = [torch.cat([torch.zeros(2, 7), one]).requires_grad_() for one in before]
    retrain_loss(answers, torch.tensor([3, 4]), before, RetrainConfig()).backward()
    for one in answers:
        assert one.grad[2:].abs().max() < 1e-6
        assert one.grad[0].argmin() == 3
        assert one.grad[1].argmin() == 4


def test_the_circle_in_miniature(
    base: Path, captured: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Learn, compare on what was held out, install, roll back."""
    monkeypatch.setenv('CLASSROOM_FER_HOME', str(tmp_path / 'home'))
    # So few pictures of the base set measure it roughly.
    monkeypatch.setattr('classroom_fer_ros.training.comparison.MAX_LOSS', 0.1)
    config = partial(RetrainConfig, guard_loss=0.1, average_decay=0.7)
    monkeypatch.setattr(retrain_expression, 'RetrainConfig', config)
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
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    is_forced: bool,
) -> None:
    monkeypatch.setenv('CLASSROOM_FER_HOME', str(tmp_path / 'home'))
    worse = Comparison(
        captured={'captured': Measure(0.5, 0.6, 100)}, base={'base': Measure(0.8, 0.7, 1000)}
    )
    (tmp_path / 'work').mkdir()
    new = write_expression_model(tmp_path / 'work')
    monkeypatch.setattr(retrain_expression, 'retrain', lambda *_: (new, worse))
    assert main(['captured', *(['--force'] if is_forced else [])]) == int(not is_forced)
    assert (card_in_use('expression.json') != CARD) is is_forced
    assert '0.5 points lost (base)' in capsys.readouterr().out


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


def test_weights_go_back_until_what_was_known_is_kept() -> None:
    before, after = torch.nn.Linear(1, 1), torch.nn.Linear(1, 1)
    for network, value in ((before, 0.0), (after, 10.0)):
        torch.nn.init.constant_(network.weight, value)
    mixed, share = farthest(before, after, lambda network: network.weight.item() < 7.0)
    assert (share, mixed.weight.item()) == (0.5, pytest.approx(5.0))
    assert before.weight.item() == 0.0
    assert farthest(before, after, lambda network: True)[1] == 1.0
    assert farthest(before, after, lambda network: False)[1] == 0.1


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


def test_too_few_faces_are_refused(tmp_path: Path) -> None:
    np.savez(
        tmp_path / EXPRESSIONS_FILE,
        images=np.zeros((5, 48, 48), np.uint8),
        labels=np.zeros(5, np.int8),
    )
    with pytest.raises(DataError, match=r'label more'):
        load_captured(tmp_path)
    torn = tmp_path / 'torn.npz'
    np.savez_compressed(torn, images=np.zeros((50, 48, 48), np.uint8), labels=np.zeros(50))
    tear(torn)
    for path in (tmp_path / 'none.npz', torn):
        with pytest.raises(DataError, match=r'make label'):
            load_captured(path)
