"""Weights back out of an exported network, in which every normalisation is folded away."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from classroom_fer_ros.core.arrays import FloatArray

#: How the exporter names what it has folded, numbered in the order of the layers.
FOLDED_PREFIX = 'onnx::Conv_'


def read_weights(onnx_path: Path) -> dict[str, FloatArray]:
    """
    Every constant of a network, by its name.

    :raises OSError, DecodeError: if the file is missing or broken
    """
    graph = onnx.load(onnx_path).graph
    weights = {one.name: numpy_helper.to_array(one) for one in graph.initializer}
    for node in graph.node:  # of several equal constants one is kept
        if node.op_type == 'Identity' and node.input[0] in weights:
            weights[node.output[0]] = weights[node.input[0]]
    return weights


def folded_weights(weights: dict[str, FloatArray]) -> Iterator[FloatArray]:
    """Kernel and bias of each convolution that a normalisation was folded into, in order."""
    names = [name for name in weights if name.startswith(FOLDED_PREFIX)]
    for name in sorted(names, key=lambda name: int(name.removeprefix(FOLDED_PREFIX))):
        yield weights[name]


def set_weights(parameter: Tensor, values: FloatArray) -> None:
    """
    Overwrite a parameter.

    :raises ValueError: if the shapes differ
    """
    if parameter.shape != values.shape:
        raise ValueError(f'weights of shape {values.shape}, must be {tuple(parameter.shape)}')
    with torch.no_grad():
        parameter.copy_(torch.from_numpy(np.array(values)))


def copy_folded(
    pairs: Sequence[tuple[nn.Conv2d, nn.BatchNorm2d]], weights: dict[str, FloatArray]
) -> None:
    """
    Take over convolutions with the bias that was folded into them; `unfold` must follow.

    :param pairs: each convolution and its normalisation, in the order of the export
    :raises ValueError: if the weights are of a network of another shape
    """
    folded = list(folded_weights(weights))
    if len(folded) < 2 * len(pairs):  # more: a network that is used twice, on mirror images
        raise ValueError(f'{len(folded)} folded weights, must be {2 * len(pairs)}')
    for place, (convolution, norm) in enumerate(pairs):
        set_weights(convolution.weight, folded[2 * place])
        set_weights(norm.bias, folded[2 * place + 1])


def unfold(network: nn.Module, images: Tensor) -> None:
    """
    Let every normalisation add no more than its bias, for the mean and scatter it sees.

    :param network: maps `images` to its outputs, in evaluation mode
    """

    def before(norm: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        mean, variance = inputs[0].mean(dim=(0, 2, 3)), inputs[0].var(dim=(0, 2, 3))
        norm.running_mean.copy_(mean)
        norm.running_var.copy_(variance)
        norm.weight.copy_((variance + norm.eps).sqrt())
        norm.bias.add_(mean)

    norms = [layer for layer in network.modules() if isinstance(layer, nn.BatchNorm2d)]
    hooks = [norm.register_forward_pre_hook(before) for norm in norms]
    with torch.no_grad():
        network(images)
    for hook in hooks:
        hook.remove()
