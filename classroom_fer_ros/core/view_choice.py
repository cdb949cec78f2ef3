"""Which views of a person are worth keeping: good ones that differ from each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from classroom_fer_ros.core.arrays import FloatArray, ImageBgr
from classroom_fer_ros.core.errors import GalleryError

#: Views kept of one person: enough for a few poses and lights, few enough to compare quickly.
MAX_VIEWS = 12
#: Embeddings whose length differs more from 1 are none.
UNIT_TOLERANCE = 1e-2


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """
    One good look at a face.

    :param embedding: shape (size,), of unit length
    :param quality: in (0, 1]
    :param crop_bgr: aligned crop, shape (112, 112, 3); None where pictures are not to be stored
    """

    embedding: FloatArray
    quality: float = 1.0
    crop_bgr: ImageBgr | None = None


def choose_views(views: list[View], limit: int = MAX_VIEWS) -> list[View]:
    """
    Choose the best view, then again and again the one that adds most.

    Farthest-point sampling, weighted by quality: what a view adds is how far it is from the
    nearest chosen one, times its quality.

    :param limit: how many to choose at most
    :return: in the order in which they were chosen
    """
    if not views:
        return []
    embeddings = np.stack([view.embedding for view in views])
    quality = np.array([view.quality for view in views])
    chosen = [int(quality.argmax())]
    nearest = np.full(len(views), np.inf)
    while len(chosen) < min(limit, len(views)):
        distance = np.linalg.norm(embeddings - embeddings[chosen[-1]], axis=1)
        nearest = np.minimum(nearest, distance)
        gain = quality * nearest
        gain[chosen] = -1.0
        chosen.append(int(gain.argmax()))
    return [views[index] for index in chosen]


def checked_embeddings(embeddings: FloatArray, size: int | None) -> FloatArray:
    """
    Embeddings as a gallery holds them.

    :param embeddings: shape (n, size), n at least 1, rows of unit length
    :param size: None for any
    :return: shape (n, size), float32, contiguous
    :raises GalleryError: if they are none
    """
    vectors = np.ascontiguousarray(embeddings, np.float32)
    if vectors.ndim != 2 or vectors.size == 0:
        raise GalleryError(f'embeddings of shape {vectors.shape}: must be (n, size), n >= 1')
    if size is not None and vectors.shape[1] != size:
        raise GalleryError(f'embeddings of size {vectors.shape[1]}: the gallery holds {size}')
    if not (np.abs(np.linalg.norm(vectors, axis=1) - 1.0) <= UNIT_TOLERANCE).all():
        raise GalleryError('embeddings must have unit length')  # also refuses NaN
    return vectors


def checked_views(views: Sequence[View] | FloatArray, size: int | None) -> list[View]:
    """
    Views as they can be stored.

    :param views: or their embeddings alone, shape (n, size)
    :param size: that embeddings must have; None takes any
    :raises GalleryError: if there is none, or an embedding is none
    """
    if isinstance(views, np.ndarray):
        return [View(embedding=vector) for vector in checked_embeddings(views, size)]
    if not views:
        raise GalleryError('nobody is enrolled without a view')
    vectors = checked_embeddings(np.stack([view.embedding for view in views]), size)
    return [replace(view, embedding=vector) for view, vector in zip(views, vectors, strict=True)]
