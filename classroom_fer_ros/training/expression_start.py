"""Begin where an exported classifier left off, and remember what it answered."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from google.protobuf.message import DecodeError
from scipy.special import softmax
from torch import nn

from classroom_fer_ros.core.arrays import FloatArray, ImageGray
from classroom_fer_ros.core.errors import ModelError
from classroom_fer_ros.core.expression import ExpressionClassifier, network_input
from classroom_fer_ros.core.model_card import load_card
from classroom_fer_ros.training.expression_network import ExpressionNetwork
from classroom_fer_ros.training.ferplus import LABEL_SETS
from classroom_fer_ros.training.folded import copy_folded, read_weights, set_weights, unfold

#: Pictures that the normalisation is measured on.
MEASURED = 512
BATCH = 256


def start_from(network: ExpressionNetwork, card_path: Path, images_gray: ImageGray) -> None:
    """
    Take over trunk and heads of an exported network, so that training goes on from its outputs.

    :param images_gray: some of the training pictures, shape (n, 48, 48), uint8
    :raises ModelError: if card or weights are missing, or of a network of another shape
    """
    onnx_path = load_card(card_path).path
    try:
        weights = read_weights(onnx_path)
        copy_folded(_normalised(network), weights)
        for name, head in network.heads.items():
            for values, kind in ((head.weight, 'weight'), (head.bias, 'bias')):
                set_weights(values, weights[f'network.heads.{name}.{kind}'])
    except (OSError, ValueError, KeyError, DecodeError) as error:
        raise ModelError(f'{onnx_path} is no classifier of this shape: {error!r}') from error
    network.eval()
    device = next(network.parameters()).device
    unfold(network, torch.from_numpy(network_input(images_gray[:MEASURED])).to(device))


def _normalised(network: ExpressionNetwork) -> list[tuple[nn.Conv2d, nn.BatchNorm2d]]:
    layers = list(network.features.modules())
    convolutions = [layer for layer in layers if isinstance(layer, nn.Conv2d)]
    norms = [layer for layer in layers if isinstance(layer, nn.BatchNorm2d)]
    return list(zip(convolutions, norms, strict=True))


def taught_probabilities(card_path: Path, images_gray: ImageGray) -> dict[str, FloatArray]:
    """
    What an exported classifier answers.

    :param images_gray: shape (n, 48, 48), uint8
    :return: by set of labels, shape (n, number of labels), rows summing to 1
    :raises ModelError: if card or weights are missing or wrong
    """
    teacher = ExpressionClassifier(card_path)
    parts = [images_gray[start : start + BATCH] for start in range(0, len(images_gray), BATCH)]
    return {
        head: softmax(np.concatenate([teacher.logits(part, head) for part in parts]), axis=1)
        for head in LABEL_SETS
    }
