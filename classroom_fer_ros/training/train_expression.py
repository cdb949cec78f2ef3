"""
Train the expression classifier and export it with its card: ``make train-expression``.

    python -m classroom_fer_ros.training.train_expression --data ../shared/data

Cross-entropy against the distribution of FER+'s votes, one-cycle learning rate, moving average of
the weights, best epoch by validation. An interrupted run goes on where it stopped.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from rich.progress import track
from torch import Tensor, nn
from torch.nn import functional

from classroom_fer_ros.core.evaluation.expression import evaluate_expression
from classroom_fer_ros.core.expression import INPUT_SIZE, network_input
from classroom_fer_ros.core.model_card import ModelCard, sha256_of
from classroom_fer_ros.training.augmentation import augment
from classroom_fer_ros.training.export import count_parameters, export_onnx, finish_card
from classroom_fer_ros.training.expression_network import ExpressionNetwork
from classroom_fer_ros.training.ferplus import TRAINED_LABELS, LabelledFaces, load_ferplus
from classroom_fer_ros.training.run import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingConfig:
    """One run; saved in its checkpoint."""

    epochs: int = 16
    batch_size: int = 128
    learning_rate: float = 2e-3
    weight_decay: float = 0.02
    average_decay: float = 0.998
    label_smoothing: float = 0.05
    channels: tuple[int, ...] = (24, 40, 80, 144)
    dropout: float = 0.3
    seed: int = 1


def make_network(config: TrainingConfig) -> ExpressionNetwork:
    """Network with fresh weights."""
    torch.manual_seed(config.seed)
    return ExpressionNetwork(len(TRAINED_LABELS), config.channels, config.dropout)


def train_epoch(run: Run[ExpressionNetwork], faces: LabelledFaces) -> float:
    """One pass over the training pictures; mean loss."""
    run.network.train()
    losses = []
    order = torch.randperm(len(faces.images), generator=run.generator).numpy()
    batches = np.array_split(order, max(1, len(order) // run.config.batch_size))
    for batch in track(batches, f'epoch {run.epoch + 1}', transient=True):
        images = torch.from_numpy(network_input(faces.images[batch]))  # (b, 1, 48, 48)
        targets = torch.from_numpy(faces.targets[batch])  # (b, 8)
        logits = run.network(augment(images, run.generator))
        loss = functional.cross_entropy(
            logits, targets, label_smoothing=run.config.label_smoothing
        )
        losses.append(run.step(loss))
    return float(np.mean(losses))


def accuracy(network: nn.Module, faces: LabelledFaces) -> float:
    """Share of pictures whose most voted label the network gives first."""
    network.eval()
    with torch.no_grad():
        guesses = [
            network(torch.from_numpy(network_input(images))).argmax(dim=1)
            for images in np.array_split(faces.images, max(1, len(faces.images) // 256))
        ]
    found: Tensor = torch.cat(guesses)
    return float((found.numpy() == faces.targets.argmax(axis=1)).mean())


def train(config: TrainingConfig, data: Path, work: Path) -> Path:
    """
    Train, or go on training.

    :param data: folder with ``ferplus_train.npz`` and ``ferplus_validation.npz``
    :param work: folder for checkpoints and the log
    :return: checkpoint of the best epoch
    :raises DataError: if the data are missing or broken
    """
    training = load_ferplus(data / 'ferplus_train.npz')
    validation = load_ferplus(data / 'ferplus_validation.npz')
    steps = max(1, len(training.images) // config.batch_size)
    run = Run.start(config, make_network(config), steps)
    return run.finish(
        work, lambda: train_epoch(run, training), lambda: accuracy(run.average, validation)
    )


def export(checkpoint: Path, onnx_path: Path, validation: Path) -> ModelCard:
    """
    Write the averaged network of a checkpoint as ONNX, and its card with validation figures.

    :param validation: file that the card's figures are measured on
    :raises ModelError: if ONNX Runtime gives other outputs than torch
    """
    saved = torch.load(checkpoint, weights_only=True)
    config = TrainingConfig(**saved['config'])
    network = make_network(config)
    network.load_state_dict(saved['average'])
    shape = (1, INPUT_SIZE, INPUT_SIZE)
    export_onnx(network, torch.zeros(1, *shape), onnx_path)
    card = ModelCard(
        name=f'expression-{count_parameters(network) / 1e6:.1f}M',
        task='expression',
        file=onnx_path.name,
        sha256=sha256_of(onnx_path),
        labels=TRAINED_LABELS,
        input_size=(INPUT_SIZE, INPUT_SIZE),
        preprocessing='aligned crop to gray, area-resized to 48x48, divided by 255',
        training_data=f'ferplus_train.npz, {config.epochs} epochs, best of validation',
        licence='pictures: FER2013, research use; votes: FER+, Microsoft, MIT',
        command='make train-expression',
        command_evaluation='python -m classroom_fer_ros.evaluate expression '
        'ferplus_validation.npz',
        intended_use='what a face shows, not what a person feels; first model, not yet calibrated',
        limits='48 px; web photographs of mostly adult faces; contempt is known but never shown',
        parameters=count_parameters(network),
        folder=onnx_path.parent,
    )
    finish_card(card, network, shape)
    score = evaluate_expression(validation, onnx_path.with_suffix('.json'))
    card = replace(card, accuracy=score.card_figures())
    return finish_card(card, network, shape)


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument('--data', type=Path, default=Path('../shared/data'))
    parser.add_argument('--work', type=Path, default=Path('.cache/train-expression'))
    parser.add_argument('--out', type=Path, default=Path('models'))
    parser.add_argument('--epochs', type=int, default=TrainingConfig().epochs)
    arguments = parser.parse_args()
    config = TrainingConfig(epochs=arguments.epochs)
    best = train(config, arguments.data, arguments.work)
    card = export(
        best, arguments.out / 'expression.onnx', arguments.data / 'ferplus_validation.npz'
    )
    print(f'{card.path}: {card.accuracy}')


if __name__ == '__main__':
    main()
