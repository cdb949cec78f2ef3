"""The expression classifier: a small residual network."""

from __future__ import annotations

import itertools

import torch
from torch import Tensor, nn


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions beside a shortcut (He et al., 2016); halves the size if asked to."""

    def __init__(self, in_channels: int, out_channels: int, stride: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(in_channels, out_channels, 3, stride, 1, bias=False),
            nn.BatchNorm2d(out_channels),
            nn.ReLU(inplace=True),
            nn.Conv2d(out_channels, out_channels, 3, 1, 1, bias=False),
            nn.BatchNorm2d(out_channels),
        )
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or in_channels != out_channels:
            self.shortcut = nn.Sequential(
                nn.Conv2d(in_channels, out_channels, 1, stride, bias=False),
                nn.BatchNorm2d(out_channels),
            )

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.body(x) + self.shortcut(x))


class ExpressionNetwork(nn.Module):
    """
    Gray faces to logits.

    :param channels: width of each stage; every stage halves the size but the first
    """

    def __init__(
        self, num_labels: int, channels: tuple[int, ...] = (24, 40, 80, 144), dropout: float = 0.3
    ) -> None:
        super().__init__()
        first = channels[0]
        layers: list[nn.Module] = [
            nn.Conv2d(1, first, 3, 1, 1, bias=False),  # (n, first, 48, 48)
            nn.BatchNorm2d(first),
            nn.ReLU(inplace=True),
        ]
        for narrow, wide in itertools.pairwise(channels):
            layers.append(ResidualBlock(narrow, wide, 2))
        layers += [ResidualBlock(channels[-1], channels[-1], 1)]  # (n, last, 6, 6)
        self.features = nn.Sequential(*layers)
        self.head = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Dropout(dropout),
            nn.Linear(channels[-1], num_labels),
        )

    def forward(self, x: Tensor) -> Tensor:
        """
        :param x: shape (n, 1, 48, 48), in [0, 1]
        :return: logits, shape (n, number of labels)
        """
        return self.head(self.features((x - 0.5) * 4.0))
