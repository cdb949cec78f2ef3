"""
Train the expression classifier and export it with its card: ``make train-expression``.

    python -m classroom_fer_ros.training.train_expression --data ../shared/data

Cross-entropy against the distribution of FER+'s votes, one-cycle learning rate, moving average of
the weights, best epoch by validation. An interrupted run goes on where it stopped.
"""

from __future__ import annotations

import argparse
import copy
import csv
from dataclasses import asdict, dataclass, replace
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


@dataclass(slots=True)
class Run:
    """What a run needs to go on after an interruption."""

    config: TrainingConfig
    network: ExpressionNetwork
    average: ExpressionNetwork
    optimizer: torch.optim.Optimizer
    schedule: torch.optim.lr_scheduler.LRScheduler
    generator: torch.Generator
    epoch: int = 0
    best_accuracy: float = 0.0

    @classmethod
    def start(cls, config: TrainingConfig, steps_per_epoch: int) -> Run:
        """Make a network with fresh weights."""
        torch.manual_seed(config.seed)
        network = ExpressionNetwork(len(TRAINED_LABELS), config.channels, config.dropout)
        optimizer = torch.optim.AdamW(
            network.parameters(), config.learning_rate, weight_decay=config.weight_decay
        )
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer,
            config.learning_rate,
            total_steps=config.epochs * steps_per_epoch,
            pct_start=0.15,
        )
        generator = torch.Generator().manual_seed(config.seed)
        return cls(config, network, copy.deepcopy(network), optimizer, schedule, generator)

    def save(self, path: Path) -> None:
        """Write a checkpoint, whole or not at all."""
        part = path.with_suffix('.part')
        torch.save(
            {
                'config': asdict(self.config),
                'network': self.network.state_dict(),
                'average': self.average.state_dict(),
                'optimizer': self.optimizer.state_dict(),
                'schedule': self.schedule.state_dict(),
                'generator': self.generator.get_state(),
                'epoch': self.epoch,
                'best_accuracy': self.best_accuracy,
            },
            part,
        )
        part.rename(path)

    def resume(self, path: Path) -> None:
        """Go on from a checkpoint of the same configuration."""
        saved = torch.load(path, weights_only=True)
        self.network.load_state_dict(saved['network'])
        self.average.load_state_dict(saved['average'])
        self.optimizer.load_state_dict(saved['optimizer'])
        self.schedule.load_state_dict(saved['schedule'])
        self.generator.set_state(saved['generator'])
        self.epoch, self.best_accuracy = saved['epoch'], saved['best_accuracy']


def train_epoch(run: Run, faces: LabelledFaces) -> float:
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
        run.optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(run.network.parameters(), 5.0)
        run.optimizer.step()
        run.schedule.step()
        _update_average(run)
        losses.append(loss.item())
    return float(np.mean(losses))


def _update_average(run: Run) -> None:
    with torch.no_grad():
        for averaged, current in zip(
            run.average.state_dict().values(), run.network.state_dict().values(), strict=True
        ):
            if averaged.dtype.is_floating_point:
                averaged.lerp_(current, 1.0 - run.config.average_decay)
            else:
                averaged.copy_(current)


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
    work.mkdir(parents=True, exist_ok=True)
    last, best = work / 'last.pt', work / 'best.pt'
    run = Run.start(config, max(1, len(training.images) // config.batch_size))
    if last.is_file():
        run.resume(last)
    while run.epoch < config.epochs:
        loss = train_epoch(run, training)
        run.epoch += 1
        reached = accuracy(run.average, validation)
        _log(work / 'log.csv', run.epoch, loss, reached)
        if reached > run.best_accuracy:
            run.best_accuracy = reached
            run.save(best)
        run.save(last)
    return best


def _log(path: Path, epoch: int, loss: float, reached: float) -> None:
    is_new = not path.is_file()
    with path.open('a', newline='') as lines:
        writer = csv.writer(lines)
        if is_new:
            writer.writerow(['epoch', 'loss', 'validation_accuracy'])
        writer.writerow([epoch, f'{loss:.4f}', f'{reached:.4f}'])
    print(f'epoch {epoch}: loss {loss:.4f}, validation accuracy {reached:.4f}', flush=True)


def export(checkpoint: Path, onnx_path: Path, validation: Path) -> ModelCard:
    """
    Write the averaged network of a checkpoint as ONNX, and its card with validation figures.

    :param validation: file that the card's figures are measured on
    :raises ModelError: if ONNX Runtime gives other outputs than torch
    """
    saved = torch.load(checkpoint, weights_only=True)
    config = TrainingConfig(**saved['config'])
    network = ExpressionNetwork(len(TRAINED_LABELS), config.channels, config.dropout)
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
        command_evaluation='python -m classroom_fer_ros.evaluate expression ferplus_validation.npz',
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
