"""
Several processes that train one network: ``torchrun --nproc-per-node N -m …``.

Each takes its part of every batch and the gradients are averaged, so that the learning rate and
the number of steps do not depend on how many there are. Without torchrun there is one.
"""

from __future__ import annotations

import os

import torch
from torch import Tensor, distributed, nn


def join() -> None:
    """Meet the other processes, if torchrun started any."""
    if int(os.environ.get('WORLD_SIZE', '1')) > 1 and not distributed.is_initialized():
        if torch.cuda.is_available():
            torch.cuda.set_device(int(os.environ['LOCAL_RANK']))
        distributed.init_process_group('nccl' if torch.cuda.is_available() else 'gloo')


def leave() -> None:
    """Part from the others."""
    if distributed.is_initialized():
        distributed.destroy_process_group()


def wait() -> None:
    """Until all have come here."""
    if distributed.is_initialized():
        distributed.barrier()


def count() -> int:
    """How many there are."""
    return distributed.get_world_size() if distributed.is_initialized() else 1


def rank() -> int:
    """Which of them this is; 0 judges, logs and saves."""
    return distributed.get_rank() if distributed.is_initialized() else 0


def share_first(values: Tensor) -> Tensor:
    """What the first of them has, for all."""
    if count() > 1:
        distributed.broadcast(values, src=0)
    return values


def average_gradients(network: nn.Module) -> None:
    """Give every process the mean of all gradients."""
    if count() == 1:
        return
    for parameter in network.parameters():
        if parameter.grad is not None:
            distributed.all_reduce(parameter.grad)
            parameter.grad /= count()
