"""The expression classifier: a small residual network with a head for each set of labels."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

#: Added to the deviation of a picture's gray values: one without contrast stays one.
SMALLEST_DEVIATION = 0.02


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
    Gray faces to logits: one trunk, and a head for each set of labels it is trained on.

    The trunk sees every picture at mean 0 and deviation 1, whatever the light and the camera.
    """

    def __init__(
        self,
        heads: Mapping[str, int],
        channels: Sequence[int] = (32, 48, 96, 192),
        blocks: Sequence[int] = (1, 2, 2),
        dropout: float = 0.3,
    ) -> None:
        """
        :param heads: number of labels by name of the set, in the order of the outputs
        :param channels: width of the first convolution, then of each stage
        :param blocks: residual blocks of each stage; its first one halves the size
        """
        super().__init__()
        first = channels[0]
        layers: list[nn.Module] = [
            nn.Conv2d(1, first, 3, 1, 1, bias=False),  # (n, first, 48, 48)
            nn.BatchNorm2d(first),
            nn.ReLU(inplace=True),
        ]
        for (narrow, wide), count in zip(itertools.pairwise(channels), blocks, strict=True):
            layers.append(ResidualBlock(narrow, wide, 2))
            layers += [ResidualBlock(wide, wide, 1) for _ in range(count - 1)]
        self.features = nn.Sequential(
            *layers,  # (n, last, 6, 6)
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Dropout(dropout),
        )
        self.heads = nn.ModuleDict(
            {name: nn.Linear(channels[-1], size) for name, size in heads.items()}
        )

    def trunk(self, x: Tensor) -> Tensor:
        """
        :param x: shape (n, 1, 48, 48), in [0, 1]
        :return: shape (n, last of `channels`), what every head works on
        """
        deviation, mean = torch.std_mean(x, dim=(1, 2, 3), keepdim=True)
        features: Tensor = self.features((x - mean) / (deviation + SMALLEST_DEVIATION))
        return features

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """
        :param x: shape (n, 1, 48, 48), in [0, 1]
        :return: logits of each head, shape (n, number of its labels)
        """
        features = self.trunk(x)
        return tuple(head(features) for head in self.heads.values())


class MirroredExpressionNetwork(nn.Module):
    """The mean of what every head sees in a face and in its mirror image."""

    def __init__(self, network: ExpressionNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """As `ExpressionNetwork.forward`."""
        both = self.network.trunk(torch.cat([x, torch.flip(x, dims=[3])]))
        features = both.reshape(2, -1, both.shape[1]).mean(dim=0)
        return tuple(head(features) for head in self.network.heads.values())
