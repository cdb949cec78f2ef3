"""Losses that bring pictures of one person together and keep people apart."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def batch_softmax_loss(
    embeddings: Tensor, person: Tensor, margin: float, temperature: float = 0.1
) -> Tensor:
    """
    Margin softmax whose classes are the pictures of the batch.

    Every picture is to pick the others of its person out of the batch (Khosla et al., "Supervised
    Contrastive Learning", 2020), which must be ahead by a margin (Wang et al., "CosFace", 2018).
    A direction learned for every training person does worse here: three in four people have one
    picture, so that most directions move once or twice an epoch.

    :param embeddings: shape (n, size), rows of unit length
    :param person: shape (n,)
    :param margin: of cosines
    :return: scalar, 0 where nobody has two pictures
    """
    itself = torch.eye(len(person), dtype=torch.bool, device=person.device)
    is_pair = (person[:, None] == person[None, :]) & ~itself
    if not is_pair.any():
        return embeddings.sum() * 0.0
    cosine = embeddings @ embeddings.T - margin * is_pair  # (n, n)
    log_share = functional.log_softmax((cosine / temperature).masked_fill(itself, -1e9), dim=1)
    return -log_share[is_pair].mean()


def semi_hard_triplet_loss(embeddings: Tensor, person: Tensor, margin: float) -> Tensor:
    """
    Triplet loss with semi-hard negatives (Schroff et al., "FaceNet", 2015).

    For every anchor and positive of a batch, the negative is the nearest of those farther away
    than the positive, or else the farthest of all.

    :param embeddings: shape (n, size), rows of unit length
    :param person: shape (n,)
    :param margin: of squared distances
    :return: scalar, 0 where a batch has no triplet
    """
    distance = 2.0 - 2.0 * embeddings @ embeddings.T  # (n, n), squared
    is_same = person[:, None] == person[None, :]
    is_pair = is_same & ~torch.eye(len(person), dtype=torch.bool, device=person.device)
    anchors, positives = torch.nonzero(is_pair, as_tuple=True)
    is_negative = ~is_same[anchors]  # (pairs, n)
    if len(anchors) == 0 or not is_negative.any():
        return embeddings.sum() * 0.0
    near, far = distance[anchors, positives], distance[anchors]
    is_outside = is_negative & (far > near[:, None])
    semi_hard = far.masked_fill(~is_outside, float('inf')).min(dim=1).values
    farthest = far.masked_fill(~is_negative, float('-inf')).max(dim=1).values
    negative = torch.where(is_outside.any(dim=1), semi_hard, farthest)
    return functional.relu(near - negative + margin).mean()


def distillation_loss(embeddings: Tensor, labels: Tensor) -> Tensor:
    """
    How far embeddings are from the teacher's, each alone and each compared with all others.

    Besides its place on the sphere, what a face is like and unlike is learned (Park et al.,
    "Relational Knowledge Distillation", 2019). Both are shares of how much the labels differ.

    :param embeddings: shape (n, size), n at least 2, rows of unit length
    :param labels: the teacher's, same shape, rows of unit length, not all the same
    :return: scalar, 0 where they are the same, 1 for the mean of the labels
    """
    spread = labels - labels.mean(dim=0)
    apart = (embeddings - labels).square().sum() / spread.square().sum()
    itself = torch.eye(len(labels), dtype=torch.bool, device=labels.device)
    cosine = (labels @ labels.T)[~itself]
    error = (embeddings @ embeddings.T)[~itself] - cosine
    relations = error.square().sum() / (cosine - cosine.mean()).square().sum()
    return 0.5 * (apart + relations)
