"""Random changes of faces, as classrooms make them: pose, light, distance, things in the way."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def augment(images: Tensor, generator: torch.Generator, strength: float = 1.0) -> Tensor:
    """
    Change every picture of a batch at random.

    :param images: shape (n, channels, height, width), in [0, 1]
    :param strength: factor of all ranges, and of how many pictures are blurred and cut out
    :return: same shape and range
    """
    images = move(images, generator, strength)
    images = blur(images, generator, (16, 36), 0.2 * strength)
    images = relight(images, generator, strength)
    return cut_out(images, generator, (8, 20), 0.25 * strength)


def uniform(count: int, low: float, high: float, generator: torch.Generator) -> Tensor:
    """Random numbers between two bounds, shape (count,)."""
    return torch.rand(count, generator=generator, device=generator.device) * (high - low) + low


def move(images: Tensor, generator: torch.Generator, strength: float = 1.0) -> Tensor:
    """Mirror, turn by 15 degrees, scale by 15 %, shift by 8 % and shear a little; same shape."""
    count = len(images)

    def around(middle: float, reach: float) -> Tensor:
        return middle + strength * uniform(count, -reach, reach, generator)

    angle, scale, shear = around(0.0, 0.26), around(1.0, 0.15), around(0.0, 0.08)
    mirror = torch.where(uniform(count, 0.0, 1.0, generator) < 0.5, -1.0, 1.0)
    cos, sin = torch.cos(angle) * scale, torch.sin(angle) * scale
    shift_x, shift_y = around(0.0, 0.16), around(0.0, 0.16)
    rows = [
        torch.stack([cos * mirror, -sin + shear, shift_x], dim=1),
        torch.stack([sin * mirror, cos, shift_y], dim=1),
    ]
    grid = functional.affine_grid(
        torch.stack(rows, dim=1), list(images.shape), align_corners=False
    )
    return functional.grid_sample(images, grid, padding_mode='border', align_corners=False)


def blur(
    images: Tensor, generator: torch.Generator, sides: tuple[int, int], share: float = 0.2
) -> Tensor:
    """
    Some pictures become those of a far face: reduced and enlarged.

    :param sides: least and, not reached, greatest side of the far face in pixels
    :param share: of the pictures
    """
    chosen = uniform(len(images), 0.0, 1.0, generator) < share
    if not chosen.any():
        return images
    side = int(uniform(1, *sides, generator))
    small = functional.interpolate(images[chosen], size=(side, side), mode='area')
    images = images.clone()
    images[chosen] = functional.interpolate(
        small, size=tuple(images.shape[-2:]), mode='bilinear', align_corners=False
    )
    return images


def relight(images: Tensor, generator: torch.Generator, strength: float = 1.0) -> Tensor:
    """Contrast, brightness, gamma, a light from one side, and noise."""
    count, _, height, width = images.shape

    def around(middle: float, reach: float) -> Tensor:
        return middle + strength * uniform(count, -reach, reach, generator).view(count, 1, 1, 1)

    gamma, contrast = torch.exp(around(0.0, 0.4)), around(1.0, 0.3)
    brightness, slope = around(0.0, 0.12), around(0.0, 0.25)
    ramp = torch.linspace(-1.0, 1.0, width, device=images.device).expand(1, 1, height, width)
    noise = torch.randn(images.shape, generator=generator, device=images.device)
    lit = images.clamp(1e-3, 1.0) ** gamma
    lit = (lit - 0.5) * contrast + 0.5 + brightness + slope * ramp + 0.02 * strength * noise
    return lit.clamp(0.0, 1.0)


def cut_out(
    images: Tensor, generator: torch.Generator, sides: tuple[int, int], share: float = 0.25
) -> Tensor:
    """
    A gray rectangle over some pictures (DeVries and Taylor, 2017).

    :param sides: least and, not reached, greatest side of the rectangle in pixels
    :param share: of the pictures
    """
    count, _, height, width = images.shape
    rows, columns = (torch.arange(n, device=images.device) for n in (height, width))
    is_row, is_column = (_span(count, places, sides, generator) for places in (rows, columns))
    chosen = uniform(count, 0.0, 1.0, generator) < share
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
