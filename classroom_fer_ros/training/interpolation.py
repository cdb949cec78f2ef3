"""
Between a network and what became of it: as far as nothing is forgotten.

The straight line between the weights before and after further training keeps most of what was
learned at a small loss of what was known (Wortsman et al., "Robust Fine-Tuning of Zero-Shot
Models", 2022).
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import TypeVar

import torch
from torch import nn

Network = TypeVar('Network', bound=nn.Module)
#: Shares of the way that are tried, the whole one first.
SHARES = (1.0, 0.7, 0.5, 0.45, 0.4, 0.35, 0.3, 0.2, 0.1)


def between(before: Network, after: Network, share: float) -> Network:
    """The network on a share of the way; both have the same layers."""
    mixed = copy.deepcopy(before)
    ends = zip(mixed.state_dict().values(), after.state_dict().values(), strict=True)
    with torch.no_grad():
        for start, end in ends:
            if start.dtype.is_floating_point:
                start.lerp_(end, share)
    return mixed


def farthest(
    before: Network, after: Network, is_kept: Callable[[Network], bool]
) -> tuple[Network, float]:
    """
    The network farthest on the way that still knows what it knew.

    :param is_kept: tells whether a network does
    :return: the network, and its share of the way; the least share where none does
    """
    for share in SHARES:
        mixed = between(before, after, share)
        if is_kept(mixed):
            break
    return mixed, share
