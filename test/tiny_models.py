"""Small networks that tests can foretell, written as ONNX with their cards."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from classroom_fer_ros.core.labels import EXPRESSION_LABELS
from classroom_fer_ros.core.model_card import ModelCard, sha256_of

LABELS = (*EXPRESSION_LABELS, 'contempt')
#: Output of a label whose pixel is white.
WHITE_LOGIT = 10.0


def write_expression_model(
    folder: Path, labels: tuple[str, ...] = LABELS, name: str = 'tiny'
) -> Path:
    """
    Write a network whose output i is ten times pixel (0, i) of the input, and its card.

    :return: the card
    """
    weights = np.zeros((48 * 48, len(labels)), np.float32)
    weights[np.arange(len(labels)), np.arange(len(labels))] = WHITE_LOGIT
    graph = helper.make_graph(
        [
            helper.make_node('Flatten', ['input'], ['flat']),
            helper.make_node('MatMul', ['flat', 'weights'], ['output']),
        ],
        name,
        [helper.make_tensor_value_info('input', TensorProto.FLOAT, ['batch', 1, 48, 48])],
        [helper.make_tensor_value_info('output', TensorProto.FLOAT, ['batch', len(labels)])],
        [numpy_helper.from_array(weights, 'weights')],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 17)], ir_version=8)
    onnx.save(model, folder / f'{name}.onnx')
    card = ModelCard(
        name=name,
        task='expression',
        file=f'{name}.onnx',
        sha256=sha256_of(folder / f'{name}.onnx'),
        input_size=(48, 48),
        preprocessing='gray, / 255',
        labels=labels,
        command='make train-expression',
        parameters=weights.size,
    )
    card.write(folder / f'{name}.json')
    return folder / f'{name}.json'


def faces_showing(*indices: int) -> np.ndarray:
    """Pictures to which the network answers with the labels of these indices."""
    images = np.zeros((len(indices), 48, 48), np.uint8)
    images[np.arange(len(indices)), 0, list(indices)] = 255
    return images
