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
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from rich.progress import track
from torch import Tensor
from torch.nn import functional

from classroom_fer_ros.core.evaluation.expression import evaluate_expression
from classroom_fer_ros.core.expression import INPUT_SIZE, network_input
from classroom_fer_ros.core.model_card import ModelCard, sha256_of
from classroom_fer_ros.training import workers
from classroom_fer_ros.training.augmentation import augment
from classroom_fer_ros.training.device import best_device, mixed_precision
from classroom_fer_ros.training.export import count_parameters, export_onnx, finish_card
from classroom_fer_ros.training.expression_network import ExpressionNetwork
from classroom_fer_ros.training.ferplus import (
    FERPLUS_LABELS,
    LABEL_SETS,
    LabelledFaces,
    load_ferplus,
)
from classroom_fer_ros.training.run import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingConfig:
    """One run; saved in its checkpoint."""

    epochs: int = 46
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
    shuffled = torch.randperm(len(faces), generator=run.generator, device=device)
    order = workers.share_first(shuffled).cpu().numpy()
    batches = np.array_split(order, max(1, len(order) // run.config.batch_size))
    for whole in track(batches, f'epoch {run.epoch + 1}', transient=True):
        batch = whole[workers.rank() :: workers.count()]
        images = augment(_images(faces.images[batch], device), run.generator)
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
        labels=FERPLUS_LABELS,
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
