"""
Train the expression classifier and export it with its card: ``make train-expression``.

    python -m classroom_fer_ros.training.train_expression --data ../shared/data

One trunk with a head for each set of labels, since FER2013's own labels and FER+'s votes disagree:
cross-entropy against the distribution of the votes, and against the single labels. One-cycle
learning rate, moving average of the weights, best epoch by validation. An interrupted run goes on
where it stopped.

A second generation goes on from the first one's weights and is taught by its answers as well
(Furlanello et al., "Born-Again Neural Networks", 2018): they are softer than single labels, and
less often wrong. `--start` does the same from any exported classifier.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from rich.progress import track
from torch import Tensor
from torch.nn import functional

from classroom_fer_ros.core.expression import network_input
from classroom_fer_ros.core.model_card import ModelCard, load_card
from classroom_fer_ros.training import workers
from classroom_fer_ros.training.augmentation import augment
from classroom_fer_ros.training.balanced_head import add_balanced_head
from classroom_fer_ros.training.device import best_device, mixed_precision
from classroom_fer_ros.training.export_expression import export_expression
from classroom_fer_ros.training.expression_network import (
    ExpressionNetwork,
    MirroredExpressionNetwork,
)
from classroom_fer_ros.training.expression_start import start_from, taught_probabilities
from classroom_fer_ros.training.expression_targets import Targets, blended, targets_of
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
    :param taught_by: sha256 of the classifier that it goes on from, empty for fresh weights
    :param taught_share: what that one's answers weigh beside the labels
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
    taught_by: str = ''
    taught_share: float = 0.0


FIRST_GENERATION = TrainingConfig()
SECOND_GENERATION = TrainingConfig(
    epochs=34,
    gentle_epochs=8,
    learning_rate=1.5e-3,
    fer2013_weight=1.0,
    dropout=0.2,
    seed=2,
    taught_share=0.4,
)


def make_network(config: TrainingConfig) -> ExpressionNetwork:
    """Network with fresh weights."""
    torch.manual_seed(config.seed)
    heads = {name: len(labels) for name, labels in LABEL_SETS.items()}
    network = ExpressionNetwork(heads, config.channels, config.blocks, config.dropout)
    return network.to(best_device(), memory_format=torch.channels_last)


def train_epoch(
    run: Run[ExpressionNetwork], faces: LabelledFaces, targets: Targets | None = None
) -> float:
    """
    One pass over the training pictures.

    :param targets: what the heads shall answer, by default the labels
    :return: mean loss
    """
    targets = targets or targets_of(faces)
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
        wanted = {name: torch.from_numpy(rows[batch]) for name, rows in targets.items()}
        losses.append(run.step(expression_loss(by_votes, by_label, wanted, run.config)))
    return float(np.mean(losses))


def expression_loss(
    by_votes: Tensor, by_label: Tensor, targets: Mapping[str, Tensor], config: TrainingConfig
) -> Tensor:
    """
    Mean cross-entropy of each head over the pictures that have a target there.

    :param by_votes: logits of the head of FER+, shape (n, 8)
    :param by_label: logits of the head of FER2013, shape (n, 7)
    :param targets: a batch of `targets_of`
    """
    loss = torch.zeros((), device=by_votes.device)
    for name, logits, weight in (
        ('ferplus', by_votes, 1.0),
        ('fer2013', by_label, config.fer2013_weight),
    ):
        wanted = targets[name].to(logits.device)
        is_known = wanted.any(dim=1)
        if is_known.any():
            loss = loss + weight * functional.cross_entropy(
                logits.float()[is_known],
                wanted[is_known],
                label_smoothing=config.label_smoothing,
            )
    return loss


def accuracies(network: ExpressionNetwork, faces: LabelledFaces) -> dict[str, float]:
    """Share of pictures for which each head gives the label of its set, where they have one."""
    network.eval()
    mirrored = MirroredExpressionNetwork(network)
    device = next(network.parameters()).device
    guesses: list[list[Tensor]] = []
    with torch.no_grad(), mixed_precision(device):
        for images in np.array_split(faces.images, max(1, len(faces) // 256)):
            guesses.append(
                [logits.argmax(dim=1).cpu() for logits in mirrored(_images(images, device))]
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


def train(
    config: TrainingConfig,
    training_file: Path,
    validation_file: Path,
    work: Path,
    start: Path | None = None,
) -> Path:
    """
    Train, or go on training.

    :param work: folder for checkpoints and the log
    :param start: card of the classifier to go on from
    :return: checkpoint of the best epoch
    :raises DataError: if the files are missing or broken
    :raises ModelError: if the classifier to go on from is missing, or of another shape
    """
    training, validation = load_ferplus(training_file), load_ferplus(validation_file)
    network = make_network(config)
    targets = targets_of(training)
    if start:
        config = replace(config, taught_by=load_card(start).sha256)
        start_from(network, start, training.images)
        taught = taught_probabilities(start, training.images)
        targets = blended(targets, taught, config.taught_share)
    steps = max(1, len(training) // config.batch_size)
    run = Run.start(config, network, steps)
    return run.finish(
        work,
        lambda: train_epoch(run, training, targets),
        lambda: accuracies(run.average, validation),
    )


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument('--data', type=Path, default=Path('../shared/data'))
    parser.add_argument('--training', type=Path, help='default: ferplus_train.npz of --data')
    parser.add_argument('--validation', type=Path, help='default: its ferplus_validation.npz')
    parser.add_argument('--work', type=Path, default=Path('.cache/train-expression'))
    parser.add_argument('--out', type=Path, default=Path('models'))
    parser.add_argument('--epochs', type=int, help='of each generation')
    parser.add_argument(
        '--start', type=Path, help='card of a classifier to go on from in place of fresh weights'
    )
    options = parser.parse_args()
    files = (
        options.training or options.data / 'ferplus_train.npz',
        options.validation or options.data / 'ferplus_validation.npz',
    )
    workers.join()
    try:
        start = options.start or train_generation(
            FIRST_GENERATION, files, options.work / 'first', options.work / 'first', options.epochs
        )
        train_generation(
            SECOND_GENERATION, files, options.work / 'second', options.out, options.epochs, start
        )
    finally:
        workers.leave()


def train_generation(
    config: TrainingConfig,
    files: tuple[Path, Path],
    work: Path,
    out: Path,
    epochs: int | None = None,
    start: Path | None = None,
) -> Path:
    """
    Train one generation and export it.

    :param files: training and validation pictures
    :param work: folder for checkpoints and the log
    :param out: folder for the exported classifier
    :param epochs: in place of the settings' number
    :param start: card of the classifier to go on from
    :return: card
    """
    best = train(replace(config, epochs=epochs or config.epochs), *files, work, start)
    onnx_path = out / 'expression.onnx'
    if workers.rank() == 0:
        card = export(best, onnx_path, *files)
        print(f'{card.path}: {card.accuracy}')
    workers.wait()
    return onnx_path.with_suffix('.json')


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
    if config.taught_by:
        trained += f'; began with and was taught by the classifier of sha256 {config.taught_by}'
    return export_expression(network, onnx_path, validation, trained)


if __name__ == '__main__':
    main()
