"""
Train the expression classifier in use on captured faces: ``make train-expression DATA=folder``.

    python -m classroom_fer_ros.training.retrain_expression out/labelled --base ../shared/data

In every batch captured faces stand beside pictures of the base set, for which the network shall go
on answering what it answered before (Li and Hoiem, "Learning without Forgetting", 2016). Then its
weights go back as far as the base set's validation asks for. Old and new are compared on captured
faces that were held out, and on that validation; the new one is installed only where it is better
on the former and no worse on the latter, or with ``--force``.
"""

from __future__ import annotations

import argparse
import copy
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from rich.progress import track
from torch import Tensor, nn
from torch.nn import functional

from classroom_fer_ros.core.arrays import ImageGray
from classroom_fer_ros.core.errors import ClassroomFerError
from classroom_fer_ros.core.expression import (
    ExpressionClassifier,
    ExpressionConfig,
    network_input,
)
from classroom_fer_ros.core.labels import NUM_EXPRESSIONS
from classroom_fer_ros.core.model_card import ModelCard, load_card
from classroom_fer_ros.core.model_registry import ModelRegistry, card_in_use
from classroom_fer_ros.training.augmentation import augment
from classroom_fer_ros.training.captured import CapturedFaces, hold_out, load_captured
from classroom_fer_ros.training.comparison import Comparison, Measure
from classroom_fer_ros.training.device import best_device
from classroom_fer_ros.training.export_expression import (
    HEADS,
    SERVED_HEAD,
    export_expression,
)
from classroom_fer_ros.training.expression_network import ExpressionNetwork
from classroom_fer_ros.training.expression_start import start_from
from classroom_fer_ros.training.ferplus import LabelledFaces, load_ferplus
from classroom_fer_ros.training.interpolation import farthest
from classroom_fer_ros.training.run import Run
from classroom_fer_ros.training.train_expression import TrainingConfig

MODEL = 'expression'
BATCH = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrainConfig:
    """
    How far the network may go.

    :param captured_batch: captured faces of a batch
    :param base_batch: pictures of the base set beside them
    :param base_weight: of their being answered as before
    :param held_out: share of the captured faces that the comparison is made on
    :param guard_loss: accuracy on the base set that it may lose before it is drawn back
    :param strength: of the augmentation
    """

    steps: int = 90
    captured_batch: int = 24
    base_batch: int = 56
    base_weight: float = 2.0
    held_out: float = 0.3
    guard_loss: float = 0.004
    strength: float = 0.6
    label_smoothing: float = 0.05
    learning_rate: float = 3e-4
    weight_decay: float = 0.02
    average_decay: float = 0.96
    dropout: float = 0.3
    epochs: int = 1
    seed: int = 1


def load_network(card: Path, images_gray: ImageGray, dropout: float) -> ExpressionNetwork:
    """
    The network of a card with all its heads, ready to be trained further.

    :param images_gray: some pictures, shape (n, 48, 48), uint8
    :raises ModelError: if it is of another shape than the present training makes
    """
    shape = TrainingConfig()
    heads = {name: len(labels) for name, labels in HEADS.items()}
    network = ExpressionNetwork(heads, shape.channels, shape.blocks, dropout)
    start_from(network, card, images_gray)
    return network.to(best_device(), memory_format=torch.channels_last)


def train_on(
    network: ExpressionNetwork, captured: CapturedFaces, base: ImageGray, config: RetrainConfig
) -> ExpressionNetwork:
    """
    Train a network further.

    :param base: pictures of the base set, shape (n, 48, 48), uint8
    :return: the averaged network
    """
    torch.manual_seed(config.seed)
    teacher = copy.deepcopy(network).eval()
    run = Run.start(config, network, config.steps)
    rng = np.random.default_rng(config.seed)
    for _ in track(range(config.steps), 'training further', transient=True):
        _train_mode(run.network)
        chosen = rng.choice(len(captured), config.captured_batch)
        others = rng.choice(len(base), config.base_batch)
        new = augment(_input(captured.images[chosen]), run.generator, config.strength)
        known = augment(_input(base[others]), run.generator, config.strength)
        answers = run.network(torch.cat([new, known]))
        with torch.no_grad():
            before = teacher(known)
        labels = torch.from_numpy(captured.labels[chosen]).to(new.device)
        run.step(retrain_loss(answers, labels, before, config))
    return run.average


def retrain_loss(
    answers: Sequence[Tensor], labels: Tensor, before: Sequence[Tensor], config: RetrainConfig
) -> Tensor:
    """
    Cross-entropy of every head against the labels, and against what it answered before.

    :param answers: logits of each head, shape (n + m, its labels); the captured faces come first
    :param labels: of the captured faces, shape (n,)
    :param before: logits of each head for the others, shape (m, its labels)
    """
    loss = torch.zeros((), device=labels.device)
    for logits, old in zip(answers, before, strict=True):
        new, known = logits[: len(labels)], logits[len(labels) :]
        loss = loss + functional.cross_entropy(new, labels, label_smoothing=config.label_smoothing)
        stayed = functional.cross_entropy(known, torch.softmax(old, dim=1))
        loss = loss + config.base_weight * stayed
    return loss / len(answers)


def keep_known(
    before: ExpressionNetwork, after: ExpressionNetwork, guard: LabelledFaces, max_loss: float
) -> tuple[ExpressionNetwork, float]:
    """
    Go back towards the network of before until it answers the base set as well.

    :param guard: pictures of the base set that it does not learn from
    :param max_loss: accuracy that it may lose there, as a share
    :return: the network, and how far it is from the one of before to the other
    """
    wanted = [accuracy - max_loss for accuracy in _base_accuracies(before, guard)]

    def is_kept(network: ExpressionNetwork) -> bool:
        found = _base_accuracies(network, guard)
        return all(one >= least for one, least in zip(found, wanted, strict=True))

    return farthest(before, after, is_kept)


def _base_accuracies(network: ExpressionNetwork, faces: LabelledFaces) -> list[float]:
    """Of the served head and of FER+'s, against the majority of the votes."""
    network.eval()
    labels = _served_majority(faces)
    with torch.no_grad():
        parts = [
            network(_input(faces.images[start : start + BATCH]))
            for start in range(0, len(faces), BATCH)
        ]
    answers = dict(zip(HEADS, zip(*parts, strict=True), strict=True))
    found = []
    for head in (SERVED_HEAD, 'ferplus'):
        logits = torch.cat(answers[head])[:, :NUM_EXPRESSIONS]
        is_right = logits.argmax(dim=1).cpu().numpy() == labels
        found.append(float(is_right[labels >= 0].mean()))
    return found


def _served_majority(faces: LabelledFaces) -> npt.NDArray[np.int64]:
    """Contempt is never served: pictures of it have no label here."""
    return np.where(faces.majority < NUM_EXPRESSIONS, faces.majority, -1)


def _train_mode(network: nn.Module) -> None:
    """Normalisations keep their measures: a few hundred batches of two kinds would blur them."""
    network.train()
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.eval()


def _input(images_gray: ImageGray) -> Tensor:
    return torch.from_numpy(network_input(images_gray)).to(best_device())


def compare(
    before: Path, after: Path, held_out: CapturedFaces, validation: LabelledFaces
) -> Comparison:
    """
    Accuracy of two models on the same faces.

    :param before: card of the model in use
    :param after: card of the one that was trained further
    :param validation: of the base set
    """
    majority = _served_majority(validation)
    old, new = (ExpressionClassifier(card) for card in (before, after))

    def measure(head: str, images: ImageGray, labels: np.ndarray) -> Measure:
        found = (_accuracy(one, head, images, labels) for one in (old, new))
        return Measure(*found, count=int((labels >= 0).sum()))

    return Comparison(
        captured={'captured_accuracy': measure('', held_out.images, held_out.labels)},
        base={
            'base_served_accuracy': measure('', validation.images, majority),
            'base_ferplus_accuracy': measure('ferplus', validation.images, majority),
        },
    )


def _accuracy(
    classifier: ExpressionClassifier, head: str, images: ImageGray, labels: np.ndarray
) -> float:
    answers = [
        classifier.classify_gray(images[start : start + BATCH], head).argmax(axis=1)
        for start in range(0, len(images), BATCH)
    ]
    return float((np.concatenate(answers) == labels)[labels >= 0].mean())


def retrain(data: Path, base: Path, work: Path, config: RetrainConfig) -> tuple[Path, Comparison]:
    """
    Train the model in use further and compare.

    :param data: labelled faces, see `load_captured`
    :param base: folder with ``ferplus_train.npz`` and ``ferplus_validation.npz``
    :param work: folder for the new model
    :return: its card, and the comparison with the model in use
    :raises DataError: if data are missing, broken or too few
    :raises ModelError: if the model in use cannot be trained further
    """
    card = card_in_use(ExpressionConfig().card)
    training, held_out = hold_out(load_captured(data), config.held_out, config.seed)
    base_images = load_ferplus(base / 'ferplus_train.npz').images
    validation_file = base / 'ferplus_validation.npz'
    validation = load_ferplus(validation_file)
    network = load_network(card, base_images, config.dropout)
    before = copy.deepcopy(network)
    network = train_on(network, training, base_images, config)
    network, share = keep_known(before, network, validation, config.guard_loss)
    network, old = network.cpu(), load_card(card)
    trained = (
        f'{old.training_data}; then {len(training)} captured faces, {config.steps} steps from '
        f'{old.sha256[:12]}, {share:.0%} of the way'
    )
    new = export_expression(network, work / f'{MODEL}.onnx', validation_file, trained)
    after = work / f'{MODEL}.json'
    comparison = compare(card, after, held_out, validation)
    _with_figures(new, comparison).write(after)
    return after, comparison


def _with_figures(card: ModelCard, comparison: Comparison) -> ModelCard:
    return replace(
        card,
        command='make train-expression DATA=folder',
        licence=f'{card.licence}; captured faces: their owners, for use in this room only',
        accuracy=card.accuracy | comparison.card_figures(),
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point: 0 if a model was installed, 1 if the old one stays, 2 if it cannot be done."""
    options = _parser().parse_args(arguments)
    config = replace(RetrainConfig(), steps=options.steps, seed=options.seed)
    try:
        card, comparison = retrain(options.data, options.base, options.work, config)
        return comparison.conclude(card, MODEL, ModelRegistry(), is_forced=options.force)
    except ClassroomFerError as error:
        print(f'retrain_expression: {error}', file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog='retrain_expression', description='Train further.')
    parser.add_argument('data', type=Path, help='labelled faces, as `make label` exports them')
    parser.add_argument('--base', type=Path, default=Path('../shared/data'))
    parser.add_argument('--work', type=Path, default=Path('.cache/retrain-expression'))
    parser.add_argument('--steps', type=int, default=RetrainConfig().steps)
    parser.add_argument('--seed', type=int, default=RetrainConfig().seed)
    parser.add_argument('--force', action='store_true', help='install it even if it is no better')
    return parser


if __name__ == '__main__':
    sys.exit(main())
