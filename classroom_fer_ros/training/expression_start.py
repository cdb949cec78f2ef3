"""Begin where an exported classifier left off, and remember what it answered."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from google.protobuf.message import DecodeError
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
            set_weights(head.weight, weights[f'heads.{name}.weight'])
            set_weights(head.bias, weights[f'heads.{name}.bias'])
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
    What an exported classifier answers, averaged over each picture and its mirror image.

    :param images_gray: shape (n, 48, 48), uint8
    :return: by set of labels, shape (n, number of labels), rows summing to 1
    :raises ModelError: if card or weights are missing or wrong
    """
    teacher = ExpressionClassifier(card_path)
    parts = [images_gray[start : start + BATCH] for start in range(0, len(images_gray), BATCH)]
    return {
        head: np.concatenate([_mirrored_mean(teacher, part, head) for part in parts])
        for head in LABEL_SETS
    }


def _mirrored_mean(teacher: ExpressionClassifier, images_gray: ImageGray, head: str) -> FloatArray:
    answers = [
        torch.softmax(torch.from_numpy(teacher.logits(images, head)), dim=1)
        for images in (images_gray, np.ascontiguousarray(images_gray[:, :, ::-1]))
    ]
    return torch.stack(answers).mean(dim=0).numpy()
