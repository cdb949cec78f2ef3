"""Random changes of faces, as classrooms make them: pose, light, distance, things in the way."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def augment(images: Tensor, generator: torch.Generator) -> Tensor:
    """
    Change every picture of a batch at random.

    :param images: shape (n, channels, height, width), in [0, 1]
    :return: same shape and range
    """
    images = _move(images, generator)
    images = blur(images, generator, (20, 36))
    images = relight(images, generator)
    return cut_out(images, generator, (8, 20))


def uniform(count: int, low: float, high: float, generator: torch.Generator) -> Tensor:
    """Random numbers between two bounds, shape (count,)."""
    return torch.rand(count, generator=generator) * (high - low) + low


def _move(images: Tensor, generator: torch.Generator) -> Tensor:
    """Mirror, turn by 15 degrees, scale by 18 %, shift by 10 % and shear a little."""
    count = len(images)
    angle = uniform(count, -0.26, 0.26, generator)
    scale = uniform(count, 0.82, 1.18, generator)
    mirror = torch.where(torch.rand(count, generator=generator) < 0.5, -1.0, 1.0)
    shear = uniform(count, -0.1, 0.1, generator)
    cos, sin = torch.cos(angle) * scale, torch.sin(angle) * scale
    shift_x, shift_y = (uniform(count, -0.2, 0.2, generator) for _ in range(2))
    rows = [
        torch.stack([cos * mirror, -sin + shear, shift_x], dim=1),
        torch.stack([sin * mirror, cos, shift_y], dim=1),
    ]
    grid = functional.affine_grid(
        torch.stack(rows, dim=1), list(images.shape), align_corners=False
    )
    return functional.grid_sample(images, grid, padding_mode='border', align_corners=False)


def blur(images: Tensor, generator: torch.Generator, sides: tuple[int, int]) -> Tensor:
    """
    Every fourth picture becomes one of a far face: reduced and enlarged.

    :param sides: least and, not reached, greatest side of the far face in pixels
    """
    chosen = torch.rand(len(images), generator=generator) < 0.25
    if not chosen.any():
        return images
    side = int(torch.randint(*sides, (1,), generator=generator))
    small = functional.interpolate(images[chosen], size=(side, side), mode='area')
    images = images.clone()
    images[chosen] = functional.interpolate(
        small, size=tuple(images.shape[-2:]), mode='bilinear', align_corners=False
    )
    return images


def relight(images: Tensor, generator: torch.Generator) -> Tensor:
    """Contrast, brightness, gamma, a light from one side, and noise."""
    count, _, height, width = images.shape
    shape = (count, 1, 1, 1)
    gamma = torch.exp(uniform(count, -0.4, 0.4, generator)).view(shape)
    contrast = uniform(count, 0.7, 1.3, generator).view(shape)
    brightness = uniform(count, -0.12, 0.12, generator).view(shape)
    slope = uniform(count, -0.25, 0.25, generator).view(shape)
    ramp = torch.linspace(-1.0, 1.0, width).view(1, 1, 1, width).expand(1, 1, height, width)
    noise = torch.randn(images.shape, generator=generator) * 0.02
    lit = images.clamp(1e-3, 1.0) ** gamma
    lit = (lit - 0.5) * contrast + 0.5 + brightness + slope * ramp + noise
    return lit.clamp(0.0, 1.0)


def cut_out(images: Tensor, generator: torch.Generator, sides: tuple[int, int]) -> Tensor:
    """
    A gray rectangle over every third picture (DeVries and Taylor, 2017).

    :param sides: least and, not reached, greatest side of the rectangle in pixels
    """
    count, _, height, width = images.shape
    images = images.clone()
    for index in torch.nonzero(torch.rand(count, generator=generator) < 0.33).flatten().tolist():
        h, w = (int(torch.randint(*sides, (1,), generator=generator)) for _ in range(2))
        y = int(torch.randint(0, height - h, (1,), generator=generator))
        x = int(torch.randint(0, width - w, (1,), generator=generator))
        images[index, :, y : y + h, x : x + w] = 0.5
    return images
