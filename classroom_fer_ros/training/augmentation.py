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
    images = blur(images, generator, (16, 36))
    images = relight(images, generator)
    return cut_out(images, generator, (8, 20))


def uniform(count: int, low: float, high: float, generator: torch.Generator) -> Tensor:
    """Random numbers between two bounds, shape (count,)."""
    return torch.rand(count, generator=generator, device=generator.device) * (high - low) + low


def _move(images: Tensor, generator: torch.Generator) -> Tensor:
    """Mirror, turn by 15 degrees, scale by 15 %, shift by 8 % and shear a little."""
    count = len(images)
    angle = uniform(count, -0.26, 0.26, generator)
    scale = uniform(count, 0.85, 1.15, generator)
    mirror = torch.where(uniform(count, 0.0, 1.0, generator) < 0.5, -1.0, 1.0)
    shear = uniform(count, -0.08, 0.08, generator)
    cos, sin = torch.cos(angle) * scale, torch.sin(angle) * scale
    shift_x, shift_y = (uniform(count, -0.16, 0.16, generator) for _ in range(2))
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
    Every fifth picture becomes one of a far face: reduced and enlarged.

    :param sides: least and, not reached, greatest side of the far face in pixels
    """
    chosen = uniform(len(images), 0.0, 1.0, generator) < 0.2
    if not chosen.any():
        return images
    side = int(uniform(1, *sides, generator))
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
    ramp = torch.linspace(-1.0, 1.0, width, device=images.device).expand(1, 1, height, width)
    noise = torch.randn(images.shape, generator=generator, device=images.device) * 0.02
    lit = images.clamp(1e-3, 1.0) ** gamma
    lit = (lit - 0.5) * contrast + 0.5 + brightness + slope * ramp + noise
    return lit.clamp(0.0, 1.0)


def cut_out(images: Tensor, generator: torch.Generator, sides: tuple[int, int]) -> Tensor:
    """
    A gray rectangle over every fourth picture (DeVries and Taylor, 2017).

    :param sides: least and, not reached, greatest side of the rectangle in pixels
    """
    count, _, height, width = images.shape
    rows, columns = (torch.arange(n, device=images.device) for n in (height, width))
    is_row, is_column = (_span(count, places, sides, generator) for places in (rows, columns))
    chosen = uniform(count, 0.0, 1.0, generator) < 0.25
    is_hidden = chosen[:, None, None] & is_row[:, :, None] & is_column[:, None, :]
    return images.masked_fill(is_hidden[:, None], 0.5)


def _span(
    count: int, places: Tensor, sides: tuple[int, int], generator: torch.Generator
) -> Tensor:
    """Which places lie in a random interval, shape (count, number of places)."""
    length = uniform(count, *sides, generator).floor()
    start = (uniform(count, 0.0, 1.0, generator) * (len(places) - length)).floor()
    after = places[None] - start[:, None]
    return (after >= 0) & (after < length[:, None])
