"""The expression classifier as ONNX, exact and quantized, with a card that says how sure it is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from classroom_fer_ros.core.evaluation.calibration import fit_temperature, uncertain_threshold
from classroom_fer_ros.core.evaluation.expression import evaluate_expression
from classroom_fer_ros.core.expression import (
    INPUT_SIZE,
    ExpressionClassifier,
    network_input,
    served_probabilities,
)
from classroom_fer_ros.core.labels import EXPRESSION_LABELS, NUM_EXPRESSIONS
from classroom_fer_ros.core.model_card import ModelCard, sha256_of
from classroom_fer_ros.training import balanced_head
from classroom_fer_ros.training.export import count_parameters, export_onnx, finish_card
from classroom_fer_ros.training.expression_network import (
    ExpressionNetwork,
    MirroredExpressionNetwork,
)
from classroom_fer_ros.training.ferplus import LABEL_SETS, LabelledFaces, load_ferplus
from classroom_fer_ros.training.quantize import quantize

#: Outputs of the network, and their labels.
HEADS = LABEL_SETS | {balanced_head.NAME: EXPRESSION_LABELS}
#: The head that does best on photographs the whole way: `evaluate expression DIR --head NAME`.
SERVED_HEAD = balanced_head.NAME
#: Answers below the card's threshold are called uncertain; the rest reaches this accuracy.
SURE_ACCURACY = 0.85
SHAPE = (1, INPUT_SIZE, INPUT_SIZE)
#: Pictures that quantization measures the activations on.
MEASURED = 1024


def export_expression(
    network: ExpressionNetwork, onnx_path: Path, validation: Path, training_data: str
) -> ModelCard:
    """
    Write a network as ONNX, calibrated on validation, and its card with validation figures.

    :param validation: file in the layout of FER+
    :param training_data: what it was trained on, in words
    :raises ModelError: if ONNX Runtime gives other outputs than torch
    """
    mirrored = MirroredExpressionNetwork(network)
    export_onnx(mirrored, torch.zeros(1, *SHAPE), onnx_path, tuple(HEADS))
    faces = load_ferplus(validation)
    quantized_path = onnx_path.with_name(f'{onnx_path.stem}_int8.onnx')
    quantize(onnx_path, network_input(faces.images[:MEASURED]), quantized_path)
    card = _card(network, onnx_path, quantized_path, training_data)
    finish_card(card, mirrored, SHAPE)
    card_path = onnx_path.with_suffix('.json')
    card = replace(card, settings=_calibration(card_path, faces))
    card.write(card_path)
    score = evaluate_expression(validation, card_path)
    card = replace(card, accuracy=score.card_figures())
    card.write(card_path)
    return card


def _calibration(card_path: Path, faces: LabelledFaces) -> dict[str, float]:
    """
    Temperature of each head, and the served head's threshold.

    Heads without labels of their own answer for the majority of the votes. Contempt is never
    served: pictures of it take no part.
    """
    labels_of = dict.fromkeys(HEADS, faces.majority) | {'fer2013': faces.fer2013}
    classifier = ExpressionClassifier(card_path)
    settings = {}
    for head, labels in labels_of.items():
        served = np.where(labels < NUM_EXPRESSIONS, labels, -1)
        logits = classifier.logits(faces.images, head)[:, :NUM_EXPRESSIONS]
        settings[f'temperature_{head}'] = round(fit_temperature(logits, served), 4)
        if head == SERVED_HEAD:
            probabilities = served_probabilities(logits, settings[f'temperature_{head}'])
            threshold = uncertain_threshold(probabilities, served, SURE_ACCURACY)
            settings['uncertain_below'] = round(threshold, 4)
    return settings


def _card(
    network: ExpressionNetwork, onnx_path: Path, quantized_path: Path, training_data: str
) -> ModelCard:
    return ModelCard(
        name=f'expression-{count_parameters(network) / 1e6:.1f}M',
        task='expression',
        file=onnx_path.name,
        sha256=sha256_of(onnx_path),
        quantized_file=quantized_path.name,
        quantized_sha256=sha256_of(quantized_path),
        labels=HEADS[SERVED_HEAD],
        heads=HEADS,
        served_head=SERVED_HEAD,
        input_size=(INPUT_SIZE, INPUT_SIZE),
        preprocessing='aligned crop to gray, area-resized to 48x48, divided by 255; the network '
        'itself brings each picture to mean 0 and deviation 1 and adds its mirror image',
        training_data=training_data,
        licence='pictures: FER2013, research use; votes: FER+, Microsoft, MIT',
        command='make train-expression',
        command_evaluation='python -m classroom_fer_ros.evaluate expression '
        'ferplus_validation.npz',
        intended_use='what a face shows, not what a person feels: shares of a class and hints for '
        'a teacher who looks himself; not for grading, discipline or any decision about a person',
        limits='trained on web photographs, many posed, of mostly adult faces of 48 px; not '
        'measured apart for children, masks, glasses or skin tones; disgust and contempt are rare '
        'in the data and often missed; contempt is known but never shown',
        parameters=count_parameters(network),
        folder=onnx_path.parent,
    )
