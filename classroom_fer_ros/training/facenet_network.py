"""The face embedder: FaceNet's sphere on MobileNetV1's depthwise-separable convolutions."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from classroom_fer_ros.core.embedding import EMBEDDING_SIZE, INPUT_SIZE

#: Output channels at width 1 and stride of each separable convolution, after Howard et al.,
#: "MobileNets", 2017, table 1. The last stride is left out, so that a small face keeps 6x6 places,
#: and so are two of the layers with 512 channels and one with 1024: they cost half of the time.
LAYERS = (
    (64, 1),
    (128, 2),
    (128, 1),
    (256, 2),
    (256, 1),
    (512, 2),
    (512, 1),
    (512, 1),
    (512, 1),
    (1024, 1),
)
STEM_CHANNELS = 32


class Separable(nn.Module):
    """
    A 3x3 convolution within each channel, then a 1x1 convolution across them.

    Unlike MobileNetV1 there is no activation between the two (Chollet, "Xception", 2017), and a
    shortcut where the shapes allow one. As published, a net of this depth with fresh weights
    scatters pictures of one person as far as those of two: 56 % of the validation pairs were
    judged rightly after 264 batches, 77 % after 132 with both changes.
    """

    def __init__(self, in_channels: int, out_channels: int, stride: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(in_channels, in_channels, 3, stride, 1, groups=in_channels, bias=False),
            nn.Conv2d(in_channels, out_channels, 1, bias=False),
            nn.BatchNorm2d(out_channels),
        )
        self.has_shortcut = stride == 1 and in_channels == out_channels

    def forward(self, x: Tensor) -> Tensor:
        out = self.body[1:](self._within_channels(x))
        return torch.relu(x + out if self.has_shortcut else out)

    def _within_channels(self, x: Tensor) -> Tensor:
        """The 3x3 convolution. Where it strides, float32 is the faster on a CPU by far."""
        if self.body[0].stride == (1, 1):
            return self.body[0](x)
        with torch.autocast(x.device.type, enabled=False):
            return self.body[0](x.float())


class FaceNet(nn.Module):
    """
    Aligned faces to points of the unit sphere.

    :param width: factor of every layer's channels
    :param dropout: share of the features that training hides from the last layer
    """

    def __init__(self, width: float = 0.5, dropout: float = 0.2) -> None:
        super().__init__()
        self.width = width
        channels = max(8, round(STEM_CHANNELS * width))
        layers: list[nn.Module] = [
            nn.Conv2d(3, channels, 3, 2, 1, bias=False),  # (n, channels, 44, 44)
            nn.BatchNorm2d(channels),
            nn.ReLU(inplace=True),
        ]
        for full_width, stride in LAYERS:
            wide = max(8, round(full_width * width))
            layers.append(Separable(channels, wide, stride))
            channels = wide
        self.features = nn.Sequential(*layers)  # (n, channels, 6, 6)
        side = INPUT_SIZE // 16 + 1
        # Every place of a face has a weight of its own, where a mean would treat all alike
        # (Chen et al., "MobileFaceNets", 2018).
        self.head = nn.Sequential(
            nn.Conv2d(channels, channels, side, groups=channels, bias=False),
            nn.BatchNorm2d(channels),
            nn.Flatten(),
            nn.Dropout(dropout),
            nn.Linear(channels, EMBEDDING_SIZE, bias=False),
            nn.BatchNorm1d(EMBEDDING_SIZE),
        )

    def forward(self, x: Tensor) -> Tensor:
        """
        :param x: shape (n, 3, 88, 88), in [-1, 1]
        :return: shape (n, 128), rows of unit length
        """
        return functional.normalize(self.head(self.features(x)).float())

    @torch.no_grad()
    def aim_at(self, mean: Tensor, deviation: Tensor) -> None:
        """
        Begin where the embeddings of a teacher lie.

        :param mean: of its embeddings, shape (128,)
        :param deviation: of its embeddings, shape (128,)
        """
        last = self.head[-1]
        last.bias.copy_(mean)
        last.weight.copy_(deviation)


class MirroredFaceNet(nn.Module):
    """The mean of what a network sees in a face and in its mirror image, on the sphere again."""

    def __init__(self, network: FaceNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> Tensor:
        """As `FaceNet.forward`."""
        return functional.normalize(self.network(x) + self.network(torch.flip(x, dims=[3])))
