"""A trained embedder as ONNX with its card, and the figures on it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch

from classroom_fer_ros.core.embedding import INPUT_SIZE
from classroom_fer_ros.core.evaluation.gallery import FPIR
from classroom_fer_ros.core.evaluation.identification import evaluate_identification
from classroom_fer_ros.core.evaluation.open_class import CLASS_SIZE, ENROLLED
from classroom_fer_ros.core.gallery import MARGIN_SETTING, MIN_MARGIN, THRESHOLD_SETTING
from classroom_fer_ros.core.model_card import ModelCard, sha256_of
from classroom_fer_ros.training.export import count_parameters, export_onnx, finish_card
from classroom_fer_ros.training.face_config import FaceNetConfig, make_network
from classroom_fer_ros.training.facenet_network import MirroredFaceNet
from classroom_fer_ros.training.run import best_network

#: The teacher's embeddings all lie on one side of the sphere, so that cosines differ by less. Of
#: 0, 0.01, 0.02 and 0.03 this margin finds most people of the validation's classes.
TAUGHT_MARGIN = 0.02


def export(checkpoint: Path, onnx_path: Path, data: Path, note: str = '') -> ModelCard:
    """
    Write the averaged network of a checkpoint as ONNX, and its card with validation figures.

    :param data: folder with the validation pictures and pairs
    :param note: what else to say of the training
    :raises ModelError: if ONNX Runtime gives other outputs than torch
    """
    averaged, config, epoch = best_network(checkpoint, FaceNetConfig, make_network)
    network = MirroredFaceNet(averaged)
    shape = (3, INPUT_SIZE, INPUT_SIZE)
    export_onnx(network, torch.zeros(1, *shape), onnx_path)
    taught = '-taught' if config.teacher else ''
    card = ModelCard(
        name=f'facenet{taught}-{count_parameters(network) / 1e6:.1f}M',
        task='identification',
        file=onnx_path.name,
        sha256=sha256_of(onnx_path),
        input_size=(INPUT_SIZE, INPUT_SIZE),
        preprocessing='inner 88x88 of the aligned crop (from x 12, y 9), RGB, y = x / 127.5 - 1',
        training_data=_training_data(config, epoch, note),
        licence=_licence(config),
        command=_command(config),
        command_evaluation=(
            'python -m classroom_fer_ros.evaluate identification '
            'lfw_validation.npz lfw_validation_pairs.csv --open-set'
        ),
        intended_use='telling the enrolled people of a class apart, and from strangers',
        limits=(
            'trained on mostly adult public figures, most with one picture; epoch and threshold '
            'were chosen on the validation pictures that the figures are of. The threshold names '
            f'{FPIR:.0%} of the strangers where {CLASS_SIZE} people are enrolled with '
            f'{ENROLLED} pictures each; with fewer pictures or more people it names more'
        ),
        parameters=count_parameters(network),
        settings={MARGIN_SETTING: TAUGHT_MARGIN if config.teacher else MIN_MARGIN},
        folder=onnx_path.parent,
    )
    finish_card(card, network, shape)
    return finish_card(with_figures(card, data), network, shape)


def _training_data(config: FaceNetConfig, epoch: int, note: str) -> str:
    text = (
        f'lfw_train.npz without the people of people/, {config.epochs} epochs, '
        f'epoch {epoch} best of validation'
    )
    if config.teacher:
        text += (
            '; labels: dlib_face_recognition_resnet_model_v1, of these pictures, of '
            'ferplus_train.npz and of blended faces'
        )
    if config.start and not note:
        text += f'; begun from {config.start}'
    return text + (f'; {note}' if note else '')


def _licence(config: FaceNetConfig) -> str:
    pictures = 'pictures: Labeled Faces in the Wild, research use'
    if not config.teacher:
        return pictures
    return f"{pictures}; FER2013, research use; teacher: dlib's weights, public domain"


def _command(config: FaceNetConfig) -> str:
    arguments = f'--epochs {config.epochs} --learning-rate {config.learning_rate:g}'
    if not config.teacher:
        arguments += ' --teacher none'
    if config.start:
        arguments += f' --start {config.start}'
    return f"make train-facenet ARGS='{arguments}'"


def with_figures(card: ModelCard, data: Path) -> ModelCard:
    """
    Measure a model on the validation pictures: figures and threshold for its card.

    The threshold is that of classes, since a gallery has many chances to name a stranger; where
    too few people have enough pictures, it is the one that 1 % of the pairs of two people pass.
    """
    score = evaluate_identification(
        data / 'lfw_validation.npz',
        data / 'lfw_validation_pairs.csv',
        card.path.with_suffix('.json'),
        with_classes=True,
    )
    threshold = score.pairs_score.threshold
    if score.classes is not None and score.classes.threshold is not None:
        threshold = score.classes.threshold
    settings = {**card.settings, THRESHOLD_SETTING: round(threshold, 4)}
    return replace(card, accuracy=score.card_figures(), settings=settings)
