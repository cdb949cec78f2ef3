"""
Train the expression classifier and export it with its card: ``make train-expression``.

    python -m classroom_fer_ros.training.train_expression --data ../shared/data

One trunk with a head for each set of labels, since FER2013's own labels and FER+'s votes disagree:
cross-entropy against the distribution of the votes, and against the single labels. One-cycle
learning rate, moving average of the weights, best epoch by validation. An interrupted run goes on
where it stopped.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from rich.progress import track
from torch import Tensor
from torch.nn import functional

from classroom_fer_ros.core.expression import network_input
from classroom_fer_ros.core.model_card import ModelCard
from classroom_fer_ros.training import workers
from classroom_fer_ros.training.augmentation import augment
from classroom_fer_ros.training.balanced_head import add_balanced_head
from classroom_fer_ros.training.device import best_device, mixed_precision
from classroom_fer_ros.training.export_expression import export_expression
from classroom_fer_ros.training.expression_network import ExpressionNetwork
from classroom_fer_ros.training.ferplus import (
    LABEL_SETS,
    LabelledFaces,
    load_ferplus,
)
from classroom_fer_ros.training.run import Run, best_network


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingConfig:
    """
    One run; saved in its checkpoint.

    :param gentle_epochs: so many at the end see pictures more like those of validation
    :param gentle_strength: of the augmentation then
    """

    epochs: int = 46
    gentle_epochs: int = 6
    gentle_strength: float = 0.4
    batch_size: int = 128
    learning_rate: float = 2e-3
    weight_decay: float = 0.05
    average_decay: float = 0.998
    label_smoothing: float = 0.05
    fer2013_weight: float = 0.6
    channels: tuple[int, ...] = (32, 48, 96, 192)
    blocks: tuple[int, ...] = (1, 2, 2)
    dropout: float = 0.3
    seed: int = 1


def make_network(config: TrainingConfig) -> ExpressionNetwork:
    """Network with fresh weights."""
    torch.manual_seed(config.seed)
    heads = {name: len(labels) for name, labels in LABEL_SETS.items()}
    network = ExpressionNetwork(heads, config.channels, config.blocks, config.dropout)
    return network.to(best_device(), memory_format=torch.channels_last)


def train_epoch(run: Run[ExpressionNetwork], faces: LabelledFaces) -> float:
    """One pass over the training pictures; mean loss."""
    run.network.train()
    device = run.generator.device
    losses = []
    is_gentle = run.epoch >= run.config.epochs - run.config.gentle_epochs
    strength = run.config.gentle_strength if is_gentle else 1.0
    shuffled = torch.randperm(len(faces), generator=run.generator, device=device)
    order = workers.share_first(shuffled).cpu().numpy()
    batches = np.array_split(order, max(1, len(order) // run.config.batch_size))
    for whole in track(batches, f'epoch {run.epoch + 1}', transient=True):
        batch = whole[workers.rank() :: workers.count()]
        images = augment(_images(faces.images[batch], device), run.generator, strength)
        with mixed_precision(device):
            by_votes, by_label = run.network(images)
        losses.append(run.step(expression_loss(by_votes, by_label, faces[batch], run.config)))
    return float(np.mean(losses))


def expression_loss(
    by_votes: Tensor, by_label: Tensor, faces: LabelledFaces, config: TrainingConfig
) -> Tensor:
    """
    Mean cross-entropy of the pictures that have votes, and of those that have a label.

    :param by_votes: logits of the head of FER+, shape (n, 8)
    :param by_label: logits of the head of FER2013, shape (n, 7)
    """
    votes = torch.from_numpy(faces.votes).to(by_votes.device)
    labels = torch.from_numpy(faces.fer2013).to(by_label.device)
    has_votes, has_label = votes.any(dim=1), labels >= 0
    loss = torch.zeros((), device=by_votes.device)
    for logits, targets, is_known, weight in (
        (by_votes, votes, has_votes, 1.0),
        (by_label, labels, has_label, config.fer2013_weight),
    ):
        if is_known.any():
            loss = loss + weight * functional.cross_entropy(
                logits.float()[is_known],
                targets[is_known],
                label_smoothing=config.label_smoothing,
            )
    return loss


def accuracies(network: ExpressionNetwork, faces: LabelledFaces) -> dict[str, float]:
    """Share of pictures for which each head gives the label of its set, where they have one."""
    network.eval()
    device = next(network.parameters()).device
    guesses: list[list[Tensor]] = []
    with torch.no_grad(), mixed_precision(device):
        for images in np.array_split(faces.images, max(1, len(faces) // 256)):
            guesses.append(
                [logits.argmax(dim=1).cpu() for logits in network(_images(images, device))]
            )
    by_votes, by_label = (torch.cat(heads).numpy() for heads in zip(*guesses, strict=True))
    found = {'ferplus': (by_votes, faces.majority), 'fer2013': (by_label, faces.fer2013)}
    return {
        name: float((guess == labels)[labels >= 0].mean())
        for name, (guess, labels) in found.items()
        if (labels >= 0).any()
    }


def _images(images: npt.NDArray[np.uint8], device: torch.device) -> Tensor:
    """Network input, shape (n, 1, 48, 48)."""
    return torch.from_numpy(network_input(images)).to(device)


def train(config: TrainingConfig, training_file: Path, validation_file: Path, work: Path) -> Path:
    """
    Train, or go on training.

    :param work: folder for checkpoints and the log
    :return: checkpoint of the best epoch
    :raises DataError: if the files are missing or broken
    """
    training, validation = load_ferplus(training_file), load_ferplus(validation_file)
    steps = max(1, len(training) // config.batch_size)
    run = Run.start(config, make_network(config), steps)
    return run.finish(
        work, lambda: train_epoch(run, training), lambda: accuracies(run.average, validation)
    )


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument('--data', type=Path, default=Path('../shared/data'))
    parser.add_argument('--training', type=Path, help='default: ferplus_train.npz of --data')
    parser.add_argument('--validation', type=Path, help='default: its ferplus_validation.npz')
    parser.add_argument('--work', type=Path, default=Path('.cache/train-expression'))
    parser.add_argument('--out', type=Path, default=Path('models'))
    parser.add_argument('--epochs', type=int, default=TrainingConfig().epochs)
    options = parser.parse_args()
    training = options.training or options.data / 'ferplus_train.npz'
    validation = options.validation or options.data / 'ferplus_validation.npz'
    workers.join()
    try:
        best = train(TrainingConfig(epochs=options.epochs), training, validation, options.work)
        if workers.rank() == 0:
            card = export(best, options.out / 'expression.onnx', training, validation)
            print(f'{card.path}: {card.accuracy}')
    finally:
        workers.leave()


def export(checkpoint: Path, onnx_path: Path, training: Path, validation: Path) -> ModelCard:
    """
    Write the averaged network of a checkpoint as ONNX with one more head, and its card.

    :param training: file that it was trained on
    :param validation: file that calibration and the card's figures are measured on
    :raises ModelError: if ONNX Runtime gives other outputs than torch
    """
    network, config, epoch = best_network(checkpoint, TrainingConfig, make_network)
    add_balanced_head(network, load_ferplus(training), config.seed)
    trained = f'{training.name}, epoch {epoch} of {config.epochs}, best of validation'
    return export_expression(network, onnx_path, validation, trained)


if __name__ == '__main__':
    main()
