"""Begin where another run left off, or with an exported embedder, as wide or half as wide."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from google.protobuf.message import DecodeError
from torch import nn

from classroom_fer_ros.core.arrays import FloatArray, ImageBgr
from classroom_fer_ros.core.embedding import network_input
from classroom_fer_ros.core.errors import ModelError
from classroom_fer_ros.training.facenet_network import FaceNet, Separable
from classroom_fer_ros.training.folded import (
    copy_folded,
    folded_weights,
    read_weights,
    set_weights,
    unfold,
)

#: Pictures that the normalisation is measured on.
MEASURED = 256
BATCH = 256
#: How unevenly doubled channels are shared out, and noise beside the spread of the weights.
SPLIT, NOISE = 0.3, 0.1
#: Weight of small coefficients in the fit of the last layer, per picture.
RIDGE = 0.1


def continue_from(network: FaceNet, checkpoint: Path) -> None:
    """
    Take over the averaged weights of a run's checkpoint.

    :raises ModelError: if the file is missing, broken or of a network of another shape
    """
    try:
        saved = torch.load(checkpoint, map_location='cpu', weights_only=True)
        network.load_state_dict(saved['average'])
    except (OSError, RuntimeError, KeyError, EOFError, pickle.UnpicklingError) as error:
        raise ModelError(f'{checkpoint} is no checkpoint of this network: {error}') from error


def widen(narrow: FaceNet, wide: FaceNet, seed: int = 5) -> None:
    """
    Let a network of twice the width begin with nearly the outputs of a narrow one.

    Every channel comes twice, and what reads it is shared out between the two unevenly, with some
    noise, so that they part (Chen et al., "Net2Net", 2016).
    """
    generator = torch.Generator().manual_seed(seed)
    given = narrow.state_dict()
    for name, weights in wide.state_dict().items():
        values = given[name].cpu()
        if values.shape != weights.shape and values.shape[0] != weights.shape[0]:
            values = torch.cat([values, values])
        if values.shape != weights.shape:
            share = 0.5 + SPLIT * (2.0 * torch.rand(values.shape, generator=generator) - 1.0)
            values = torch.cat([values * share, values * (1.0 - share)], dim=1)
        if values.ndim > 1:
            noise = torch.randn(values.shape, generator=generator)
            values = values + NOISE * values.std() * noise
        weights.copy_(values)


def start_from(network: FaceNet, onnx_path: Path, crops_bgr: ImageBgr, labels: FloatArray) -> None:
    """
    Take over the weights of an exported network, and fit the last layer to new embeddings.

    The export folds every normalisation into the convolution before it; here it is measured again,
    so that training goes on from the very same outputs. Of a network of half the width, nearly.

    :param crops_bgr: aligned crops, shape (n, 112, 112, 3), uint8
    :param labels: what the embeddings shall be, shape (n, 128), rows of unit length
    :raises ModelError: if the file is missing or of a network of another shape
    """
    try:
        weights = read_weights(onnx_path)
        stem = next(folded_weights(weights))
        is_half = 2 * len(stem) == network.features[0].out_channels
        read = FaceNet(network.width / 2) if is_half else network
        _copy_weights(read, weights)
    except (OSError, ValueError, StopIteration, DecodeError) as error:
        raise ModelError(f'{onnx_path} is no embedder of this shape: {error!r}') from error
    device = next(network.parameters()).device
    read.to(device).eval()
    with torch.no_grad():
        some = torch.from_numpy(network_input(crops_bgr[:MEASURED])).to(device)
        unfold(nn.Sequential(read.features, read.head[:2]), some)
        _fit_last(read, list(_features(read, crops_bgr, device)), labels)
        if is_half:
            widen(read, network)
    network.eval()


def _copy_weights(network: FaceNet, weights: dict[str, FloatArray]) -> None:
    plain = iter(one for name, one in weights.items() if name.endswith('body.0.weight'))
    pairs = [(network.features[0], network.features[1])]
    for layer in network.features:
        if isinstance(layer, Separable):
            set_weights(layer.body[0].weight, next(plain))
            pairs.append((layer.body[1], layer.body[2]))
    copy_folded([*pairs, (network.head[0], network.head[1])], weights)


def _features(network: FaceNet, crops_bgr: ImageBgr, device: torch.device) -> Iterator[FloatArray]:
    """What the last layer sees, in batches of shape (n, channels)."""
    for start in range(0, len(crops_bgr), BATCH):
        images = torch.from_numpy(network_input(crops_bgr[start : start + BATCH])).to(device)
        yield network.head[:3](network.features(images)).cpu().numpy()


def _fit_last(network: FaceNet, features: list[FloatArray], labels: FloatArray) -> None:
    """Least squares from the features to the labels, with small coefficients."""
    x = np.concatenate(features).astype(np.float64)
    centre, target = x.mean(axis=0), labels.mean(axis=0)
    x = x - centre
    scale = np.trace(x.T @ x) / x.shape[1]
    solved = np.linalg.solve(x.T @ x + RIDGE * scale * np.eye(x.shape[1]), x.T @ (labels - target))
    linear, norm = network.head[4], network.head[5]
    set_weights(linear.weight, np.ascontiguousarray(solved.T, np.float32))
    deviation = (x @ solved).std(axis=0)
    for values, wanted in (
        (norm.running_mean, centre @ solved),
        (norm.running_var, deviation**2),
        (norm.weight, deviation),
        (norm.bias, target),
    ):
        values.copy_(torch.from_numpy(np.asarray(wanted, np.float32)))
