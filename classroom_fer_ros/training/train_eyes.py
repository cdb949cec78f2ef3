"""
Train the classifier of open and closed eyes and export it: ``make train-eyes``.

    python -m classroom_fer_ros.training.train_eyes --data ../shared/data
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

from classroom_fer_ros.core.evaluation.eyes import EyePatches, evaluate_eyes, load_eye_patches
from classroom_fer_ros.core.eye_state import PATCH_SIZE, network_input
from classroom_fer_ros.core.model_card import ModelCard, sha256_of
from classroom_fer_ros.training.augmentation import blur, move, relight
from classroom_fer_ros.training.export import count_parameters, export_onnx, finish_card
from classroom_fer_ros.training.run import Run, best_network

SHAPE = (1, PATCH_SIZE, PATCH_SIZE)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingConfig:
    """One run; saved in its checkpoint."""

    epochs: int = 60
    batch_size: int = 64
    learning_rate: float = 3e-3
    weight_decay: float = 0.05
    average_decay: float = 0.995
    label_smoothing: float = 0.05
    channels: tuple[int, ...] = (12, 24, 48)
    dropout: float = 0.3
    seed: int = 1


class EyeNetwork(nn.Module):
    """Gray eyes to one logit, above 0 where they are open; each patch at mean 0, deviation 1."""

    def __init__(self, channels: tuple[int, ...], dropout: float) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for narrow, wide in zip((1, *channels), channels, strict=False):
            for inner in (narrow, wide):
                layers += [nn.Conv2d(inner, wide, 3, 1, 1, bias=False), nn.BatchNorm2d(wide)]
                layers += [nn.ReLU(inplace=True)]
            layers += [nn.MaxPool2d(2)]
        side = PATCH_SIZE // 2 ** len(channels)
        layers += [nn.Flatten(), nn.Dropout(dropout), nn.Linear(channels[-1] * side**2, 1)]
        self.layers = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        """
        :param x: shape (n, 1, 24, 24), in [0, 1]
        :return: shape (n, 1)
        """
        deviation, mean = torch.std_mean(x, dim=(1, 2, 3), keepdim=True)
        logits: Tensor = self.layers((x - mean) / (deviation + 0.02))
        return logits


def make_network(config: TrainingConfig) -> EyeNetwork:
    """Network with fresh weights."""
    torch.manual_seed(config.seed)
    return EyeNetwork(config.channels, config.dropout)


def augment(patches: Tensor, generator: torch.Generator) -> Tensor:
    """
    Change every patch at random, as imprecise landmarks, distance and light do.

    :param patches: shape (n, 1, 24, 24), in [0, 1]
    """
    return relight(blur(move(patches, generator), generator, (8, 18)), generator)


def train_epoch(run: Run[EyeNetwork], eyes: EyePatches) -> float:
    """One pass over the training patches; mean loss."""
    run.network.train()
    order = torch.randperm(len(eyes.images), generator=run.generator).numpy()
    batches = np.array_split(order, max(1, len(order) // run.config.batch_size))
    losses = []
    for batch in track(batches, f'epoch {run.epoch + 1}', transient=True):
        patches = augment(torch.from_numpy(network_input(eyes.images[batch])), run.generator)
        smoothing = run.config.label_smoothing
        targets = torch.from_numpy(eyes.is_open[batch]).float() * (1 - smoothing) + smoothing / 2
        logits = run.network(patches)[:, 0]
        losses.append(run.step(functional.binary_cross_entropy_with_logits(logits, targets)))
    return float(np.mean(losses))


def accuracy(network: EyeNetwork, eyes: EyePatches) -> float:
    """Share of patches that the network judges as they are labelled."""
    network.eval()
    with torch.no_grad():
        logits = network(torch.from_numpy(network_input(eyes.images)))[:, 0]
    return float(((logits > 0).numpy() == eyes.is_open).mean())


def train(config: TrainingConfig, data: Path, work: Path) -> Path:
    """
    Train, or go on training.

    :param data: folder with ``eye_patches_train.npz`` and ``eye_patches_val.npz``
    :param work: folder for checkpoints and the log
    :return: checkpoint of the best epoch
    :raises DataError: if the data are missing or broken
    """
    training = load_eye_patches(data / 'eye_patches_train.npz')
    validation = load_eye_patches(data / 'eye_patches_val.npz')
    run = Run.start(
        config, make_network(config), max(1, len(training.images) // config.batch_size)
    )
    return run.finish(
        work,
        lambda: train_epoch(run, training),
        lambda: {'accuracy': accuracy(run.average, validation)},
    )


def export(checkpoint: Path, onnx_path: Path, validation: Path) -> ModelCard:
    """
    Write the averaged network of a checkpoint as ONNX, and its card with validation figures.

    :raises ModelError: if ONNX Runtime gives other outputs than torch
    """
    network, config, epoch = best_network(checkpoint, TrainingConfig, make_network)
    export_onnx(network, torch.zeros(1, *SHAPE), onnx_path)
    card = ModelCard(
        name=f'eye-state-{count_parameters(network) / 1e3:.0f}k',
        task='eye_state',
        file=onnx_path.name,
        sha256=sha256_of(onnx_path),
        labels=('open',),
        input_size=(PATCH_SIZE, PATCH_SIZE),
        preprocessing='gray eye, corners level and 0.8 of the width apart, divided by 255; the '
        'network itself brings each patch to mean 0 and deviation 1',
        training_data=f'eye_patches_train.npz, epoch {epoch} of {config.epochs}, best of '
        'validation',
        licence='pictures: Closed Eyes in the Wild, research use',
        command='make train-eyes',
        command_evaluation='python -m classroom_fer_ros.evaluate eyes eye_patches_val.npz',
        intended_use='whether an eye that can be seen is open; one voice beside the landmarks',
        limits='upright faces of adults on web photographs; dark glasses hide what it looks for',
        parameters=count_parameters(network),
        folder=onnx_path.parent,
    )
    finish_card(card, network, SHAPE)
    score = evaluate_eyes(validation, onnx_path.with_suffix('.json'))
    return finish_card(replace(card, accuracy=score.card_figures()), network, SHAPE)


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument('--data', type=Path, default=Path('../shared/data'))
    parser.add_argument('--work', type=Path, default=Path('.cache/train-eyes'))
    parser.add_argument('--out', type=Path, default=Path('models'))
    options = parser.parse_args()
    best = train(TrainingConfig(), options.data, options.work)
    card = export(best, options.out / 'eye_state.onnx', options.data / 'eye_patches_val.npz')
    print(f'{card.path}: {card.accuracy}')


if __name__ == '__main__':
    main()
