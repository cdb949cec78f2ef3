"""
A third head, for pictures of another kind: it knows both sets of labels and favours none as much.

FER2013's pictures are one in four happy and one in sixty-six disgusted, and heads trained on them
hardly ever answer the rare labels. The trunk is kept and one more linear layer trained on what it
makes of the pictures (Kang et al., "Decoupling Representation and Classifier for Long-Tailed
Recognition", 2020), with part of the labels' shares taken out of its answers (Menon et al.,
"Long-Tail Learning via Logit Adjustment", 2021).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from rich.progress import track
from torch import Tensor, nn
from torch.nn import functional

from classroom_fer_ros.core.expression import network_input
from classroom_fer_ros.core.labels import NUM_EXPRESSIONS
from classroom_fer_ros.training.augmentation import augment
from classroom_fer_ros.training.expression_network import ExpressionNetwork
from classroom_fer_ros.training.expression_targets import targets_of
from classroom_fer_ros.training.ferplus import LabelledFaces

NAME = 'balanced'
#: How much of the shares is taken out: 1 makes every label as likely, but calls many neutral faces
#: something else.
STRENGTH = 0.5
#: Each picture is seen so many times, changed at random.
VIEWS = 3
STEPS = 400
LEARNING_RATE, WEIGHT_DECAY = 0.02, 1e-3
BATCH = 256


def served_targets(faces: LabelledFaces) -> npt.NDArray[np.float32]:
    """
    Mean of both sets of labels, contempt left out.

    :return: shape (n, 7), rows summing to 1, or to 0 where neither set says anything
    """
    targets = targets_of(faces)
    total = targets['ferplus'][:, :NUM_EXPRESSIONS] + targets['fer2013']
    sums = total.sum(axis=1, keepdims=True)
    return np.asarray(total / np.maximum(sums, 1e-6), np.float32)


def add_balanced_head(network: ExpressionNetwork, faces: LabelledFaces, seed: int) -> None:
    """Train the third head of a network whose trunk stays as it is."""
    features, targets = _views(network, faces, seed)
    taken_out = STRENGTH * torch.log(targets.mean(dim=0))
    torch.manual_seed(seed)
    head = nn.Linear(features.shape[1], NUM_EXPRESSIONS)
    optimizer = torch.optim.Adam(head.parameters(), LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
    for _ in track(range(STEPS), f'{NAME} head', transient=True):
        optimizer.zero_grad()
        functional.cross_entropy(head(features) + taken_out, targets).backward()
        optimizer.step()
        schedule.step()
    network.heads[NAME] = head


def _views(network: ExpressionNetwork, faces: LabelledFaces, seed: int) -> tuple[Tensor, Tensor]:
    """Features of changed pictures, shape (n, width of the trunk), and their targets, (n, 7)."""
    targets = served_targets(faces)
    is_labelled = targets.any(axis=1)
    faces, targets = faces[is_labelled], targets[is_labelled]
    generator = torch.Generator().manual_seed(seed)
    network.eval()
    features = []
    with torch.no_grad():
        for _ in range(VIEWS):
            for start in track(range(0, len(faces), BATCH), 'features', transient=True):
                images = torch.from_numpy(network_input(faces.images[start : start + BATCH]))
                features.append(network.trunk(augment(images, generator)))
    return torch.cat(features), torch.from_numpy(np.tile(targets, (VIEWS, 1)))
