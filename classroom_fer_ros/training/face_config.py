"""How the embedder is trained."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from classroom_fer_ros.training.device import best_device
from classroom_fer_ros.training.facenet_network import FaceNet


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceNetConfig:
    """
    One run; saved in its checkpoint.

    :param strangers: faces without names that a teacher labels
    :param start: checkpoint (.pt) or exported embedder to begin from; empty: fresh weights
    """

    epochs: int = 46
    people_per_batch: int = 26
    pictures_per_person: int = 2
    strangers: int = 48_000
    strangers_per_batch: int = 76
    learning_rate: float = 2e-3
    weight_decay: float = 0.05
    average_decay: float = 0.998
    width: float = 1.0
    dropout: float = 0.0
    softmax_margin: float = 0.1
    softmax_weight: float = 0.0
    triplet_margin: float = 0.15
    triplet_weight: float = 1.0
    teacher: str = 'dlib'
    teacher_weight: float = 1.0
    start: str = ''
    seed: int = 1


#: A run without a teacher: names of people are all there is to learn from.
FROM_SCRATCH = FaceNetConfig(
    epochs=45,
    people_per_batch=64,
    learning_rate=3e-3,
    strangers=0,
    strangers_per_batch=0,
    average_decay=0.99,
    width=0.5,
    dropout=0.2,
    softmax_weight=1.0,
    triplet_margin=0.3,
    teacher='',
    teacher_weight=0.0,
)


def make_network(config: FaceNetConfig) -> FaceNet:
    """Network with fresh weights."""
    torch.manual_seed(config.seed)
    network = FaceNet(config.width, config.dropout)
    return network.to(best_device(), memory_format=torch.channels_last)
