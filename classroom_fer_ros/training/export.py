"""Export of trained networks to ONNX, checked against torch, each with its card."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from classroom_fer_ros.core.errors import ModelError
from classroom_fer_ros.core.model_card import ModelCard, open_session

OPSET = 17
#: Largest difference between torch and ONNX Runtime that is still rounding.
MAX_DIFFERENCE = 1e-4
CHECKED_BATCH = 5


def export_onnx(
    network: nn.Module, example: Tensor, path: Path, outputs: tuple[str, ...] = ('output',)
) -> None:
    """
    Write a network with a batch of any size.

    :param example: one input, shape (1, channels, height, width)
    :param outputs: names of what the network gives, in order
    """
    network.eval()
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.onnx.export(
        network,
        (example,),
        str(path),
        input_names=['input'],
        output_names=list(outputs),
        dynamic_axes={name: {0: 'batch'} for name in ('input', *outputs)},
        opset_version=OPSET,
        dynamo=False,
    )


def check_export(network: nn.Module, card: ModelCard, shape: tuple[int, ...]) -> float:
    """
    Compare torch and ONNX Runtime on random input.

    :param shape: shape of one input
    :return: largest absolute difference
    :raises ModelError: if it is more than rounding
    """
    batch = torch.rand((CHECKED_BATCH, *shape), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        expected = network.eval()(batch)
    found = open_session(card, is_exact=True).run(None, {'input': batch.numpy()})
    pairs = zip(expected if isinstance(expected, tuple) else (expected,), found, strict=True)
    difference = max(float(np.abs(torch_s.numpy() - onnx_s).max()) for torch_s, onnx_s in pairs)
    if not difference <= MAX_DIFFERENCE:
        raise ModelError(f'{card.path}: differs from the trained network by {difference}')
    return difference


def finish_card(card: ModelCard, network: nn.Module, shape: tuple[int, ...]) -> ModelCard:
    """Write the card beside its weights, after the weights were checked."""
    check_export(network, card, shape)
    card.write(card.path.with_suffix('.json'))
    return card


def count_parameters(network: nn.Module) -> int:
    """Number of trained values."""
    return sum(parameter.numel() for parameter in network.parameters())
