"""Random changes of aligned colour crops for the embedder."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from classroom_fer_ros.core.alignment import CROP_SIZE
from classroom_fer_ros.core.embedding import INPUT_SIZE, WINDOW_LEFT, WINDOW_TOP
from classroom_fer_ros.training.augmentation import blur, cut_out, relight, uniform

#: Centre of the network's window in the crop, in the coordinates of `grid_sample`.
_CENTER_X, _CENTER_Y = (
    2.0 * (start + INPUT_SIZE / 2) / CROP_SIZE - 1.0 for start in (WINDOW_LEFT, WINDOW_TOP)
)
_HALF = INPUT_SIZE / CROP_SIZE


def augment_crops(crops: Tensor, generator: torch.Generator) -> Tensor:
    """
    Change every crop of a batch at random and cut out what the network sees.

    :param crops: aligned crops as RGB, shape (n, 3, 112, 112), in [0, 1]
    :return: shape (n, 3, 88, 88), in [-1, 1]
    """
    images = _window(crops, generator)
    images = blur(images, generator, (28, 56))
    images = _recolour(relight(images, generator), generator)
    return cut_out(images, generator, (14, 36)) * 2.0 - 1.0


def blend_faces(crops: Tensor, share: float, generator: torch.Generator) -> Tensor:
    """
    Make some faces nobody has: halfway to that of the next picture.

    :param crops: aligned crops, shape (n, 3, 112, 112)
    :param share: how many of them are blended
    :return: same shape
    """
    count = len(crops)
    part = uniform(count, 0.3, 0.5, generator).view(count, 1, 1, 1)
    is_blended = uniform(count, 0.0, 1.0, generator).view(count, 1, 1, 1) < share
    return torch.where(is_blended, torch.lerp(crops, crops.roll(1, dims=0), part), crops)


def _window(crops: Tensor, generator: torch.Generator) -> Tensor:
    """The network's window, mirrored, turned by 6 degrees, scaled by 8 % and shifted by 4 px."""
    count = len(crops)
    angle = uniform(count, -0.1, 0.1, generator)
    scale = _HALF * uniform(count, 0.92, 1.08, generator)
    mirror = torch.where(uniform(count, 0.0, 1.0, generator) < 0.5, -1.0, 1.0)
    cos, sin = torch.cos(angle) * scale, torch.sin(angle) * scale
    reach = 8.0 / CROP_SIZE
    shift_x, shift_y = (uniform(count, -reach, reach, generator) for _ in range(2))
    rows = [
        torch.stack([cos * mirror, -sin, shift_x + _CENTER_X], dim=1),
        torch.stack([sin * mirror, cos, shift_y + _CENTER_Y], dim=1),
    ]
    grid = functional.affine_grid(
        torch.stack(rows, dim=1), [count, 3, INPUT_SIZE, INPUT_SIZE], align_corners=False
    )
    return functional.grid_sample(crops, grid, padding_mode='border', align_corners=False)


def _recolour(images: Tensor, generator: torch.Generator) -> Tensor:
    """Another white balance; every sixth picture turns gray."""
    count = len(images)
    gain = torch.exp(uniform(3 * count, -0.12, 0.12, generator)).view(count, 3, 1, 1)
    gray = images.mean(dim=1, keepdim=True).expand(-1, 3, -1, -1)
    is_gray = uniform(count, 0.0, 1.0, generator).view(count, 1, 1, 1) < 1 / 6
    return torch.where(is_gray, gray, images * gain).clamp(0.0, 1.0)
