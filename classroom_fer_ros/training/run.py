"""What every training run does: one-cycle AdamW, moving average, checkpoints, log, best epoch."""

from __future__ import annotations

import copy
import csv
import statistics
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import torch
from torch import Tensor, nn

from classroom_fer_ros.core.errors import DataError
from classroom_fer_ros.training import workers

#: Checkpoints of a run's folder.
BEST, LAST = 'best.pt', 'last.pt'


class RunConfig(Protocol):
    """The settings that every run has; its dataclass may have more."""

    @property
    def epochs(self) -> int:
        """Passes over the training pictures."""

    @property
    def learning_rate(self) -> float:
        """Highest learning rate of the cycle."""

    @property
    def weight_decay(self) -> float:
        """Of AdamW."""

    @property
    def average_decay(self) -> float:
        """Share of the averaged weights that one step keeps."""

    @property
    def seed(self) -> int:
        """Of everything random."""


Network = TypeVar('Network', bound=nn.Module)
Config = TypeVar('Config', bound=RunConfig)


@dataclass(slots=True)
class Run(Generic[Network]):
    """What a run needs to go on after an interruption."""

    config: Any
    network: Network
    average: Network
    optimizer: torch.optim.Optimizer
    schedule: torch.optim.lr_scheduler.LRScheduler
    generator: torch.Generator
    epoch: int = 0
    best_accuracy: float = 0.0

    @classmethod
    def start(cls, config: RunConfig, network: Network, steps_per_epoch: int) -> Run[Network]:
        """Begin with a network of fresh weights."""
        optimizer = torch.optim.AdamW(
            network.parameters(), config.learning_rate, weight_decay=config.weight_decay
        )
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer,
            config.learning_rate,
            total_steps=config.epochs * steps_per_epoch,
            pct_start=0.15,
        )
        device = next(network.parameters()).device
        generator = torch.Generator(device).manual_seed(config.seed)
        return cls(config, network, copy.deepcopy(network), optimizer, schedule, generator)

    def step(self, loss: Tensor) -> float:
        """Follow the gradient of one batch; the loss as a number."""
        self.optimizer.zero_grad()
        loss.backward()
        workers.average_gradients(self.network)
        nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
        self.optimizer.step()
        self.schedule.step()
        self._update_average()
        return loss.item()

    def _update_average(self) -> None:
        with torch.no_grad():
            for averaged, current in zip(
                self.average.state_dict().values(), self.network.state_dict().values(), strict=True
            ):
                if averaged.dtype.is_floating_point:
                    averaged.lerp_(current, 1.0 - self.config.average_decay)
                else:
                    averaged.copy_(current)

    def finish(
        self,
        work: Path,
        train_epoch: Callable[[], float],
        judge: Callable[[], Mapping[str, float]],
    ) -> Path:
        """
        Train until the last epoch, from where the folder's last checkpoint left off.

        :param work: folder for checkpoints and the log
        :param train_epoch: one pass over the training pictures, giving the mean loss
        :param judge: accuracies of the averaged network on validation, by name
        :return: checkpoint of the epoch whose mean accuracy was best
        """
        work.mkdir(parents=True, exist_ok=True)
        if (work / LAST).is_file():
            self.resume(work / LAST)
        while self.epoch < self.config.epochs:
            loss = train_epoch()
            self.epoch += 1
            if workers.rank() == 0:
                self._judge(work, loss, judge())
        return work / BEST

    def _judge(self, work: Path, loss: float, accuracies: Mapping[str, float]) -> None:
        """Log an epoch and keep it, as the best if it is."""
        _log(work / 'log.csv', self.epoch, loss, accuracies)
        reached = statistics.mean(accuracies.values())
        if reached > self.best_accuracy:
            self.best_accuracy = reached
            self.save(work / BEST)
        self.save(work / LAST)

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
        """
        Go on from a checkpoint.

        :raises DataError: if it is of a run with other settings
        """
        device = self.generator.device
        saved = torch.load(path, map_location=device, weights_only=True)
        if saved['config'] != asdict(self.config):
            raise DataError(
                f'{path} is of a run with other settings: delete {path.parent}, or name another '
                f'folder with --work ({saved["config"]})'
            )
        self.network.load_state_dict(saved['network'])
        self.average.load_state_dict(saved['average'])
        self.optimizer.load_state_dict(saved['optimizer'])
        self.schedule.load_state_dict(saved['schedule'])
        self.generator.set_state(saved['generator'].cpu())
        self.epoch, self.best_accuracy = saved['epoch'], saved['best_accuracy']


def best_network(
    checkpoint: Path, config_kind: type[Config], make_network: Callable[[Config], Network]
) -> tuple[Network, Config, int]:
    """
    The averaged network of a checkpoint on the processor, with its settings and its epoch.

    :param config_kind: dataclass of the settings
    """
    saved = torch.load(checkpoint, map_location='cpu', weights_only=True)
    config = config_kind(**saved['config'])
    network = make_network(config).cpu()
    network.load_state_dict(saved['average'])
    return network, config, saved['epoch']


def _log(path: Path, epoch: int, loss: float, accuracies: Mapping[str, float]) -> None:
    is_new = not path.is_file()
    with path.open('a', newline='') as lines:
        writer = csv.writer(lines)
        if is_new:
            writer.writerow(['epoch', 'loss', *accuracies])
        writer.writerow([epoch, f'{loss:.4f}', *(f'{value:.4f}' for value in accuracies.values())])
    reached = ', '.join(f'{name} {value:.4f}' for name, value in accuracies.items())
    print(f'epoch {epoch}: loss {loss:.4f}, validation: {reached}', flush=True)
