"""Small networks that tests can foretell, written as ONNX with their cards."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from classroom_fer_ros.core.labels import EXPRESSION_LABELS
from classroom_fer_ros.core.model_card import ModelCard, sha256_of

LABELS = (*EXPRESSION_LABELS, 'contempt')
#: Output of a label whose pixel is white.
WHITE_LOGIT = 10.0


def write_expression_model(
    folder: Path,
    labels: tuple[str, ...] = LABELS,
    name: str = 'tiny',
    heads: Mapping[str, tuple[str, ...]] | None = None,
    **fields: Any,
) -> Path:
    """
    Write a network whose output i is ten times pixel (0, i) of the input, and its card.

    :param heads: labels of several outputs by name; the first looks at the picture's first row of
        pixels, the second at its second, and so on
    :param fields: further fields of the card
    :return: the card
    """
    outputs = heads or {'output': labels}
    nodes = [helper.make_node('Flatten', ['input'], ['flat'])]
    weights = []
    for row, (output, names) in enumerate(outputs.items()):
        values = np.zeros((48 * 48, len(names)), np.float32)
        values[48 * row + np.arange(len(names)), np.arange(len(names))] = WHITE_LOGIT
        weights.append(numpy_helper.from_array(values, f'weights{row}'))
        nodes.append(helper.make_node('MatMul', ['flat', f'weights{row}'], [output]))
    graph = helper.make_graph(
        nodes,
        name,
        [helper.make_tensor_value_info('input', TensorProto.FLOAT, ['batch', 1, 48, 48])],
        [
            helper.make_tensor_value_info(output, TensorProto.FLOAT, ['batch', len(names)])
            for output, names in outputs.items()
        ],
        weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 17)], ir_version=8)
    onnx.save(model, folder / f'{name}.onnx')
    values = {
        'name': name,
        'task': 'expression',
        'file': f'{name}.onnx',
        'sha256': sha256_of(folder / f'{name}.onnx'),
        'input_size': (48, 48),
        'preprocessing': 'gray, / 255',
        'labels': labels,
        'heads': dict(heads or {}),
        'command': 'make train-expression',
        'parameters': 48 * 48 * sum(len(names) for names in outputs.values()),
    }
    card = ModelCard(**(values | fields))
    card.write(folder / f'{name}.json')
    return folder / f'{name}.json'


def faces_showing(*indices: int, head: int = 0) -> np.ndarray:
    """Pictures to which the network, or one of its heads, answers with these labels' indices."""
    images = np.zeros((len(indices), 48, 48), np.uint8)
    images[np.arange(len(indices)), head, list(indices)] = 255
    return images
