"""Boxes and how much they overlap."""

from __future__ import annotations

import numpy as np

from classroom_fer_ros.core.arrays import FloatArray


def pairwise_overlap(
    boxes_xyxy: FloatArray, others_xyxy: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """
    Overlap of every box with every other.

    :param boxes_xyxy: shape (n, 4)
    :param others_xyxy: shape (m, 4)
    :return: intersection over union and intersection over the smaller box, each of shape (n, m)
    """
    low = np.maximum(boxes_xyxy[:, None, :2], others_xyxy[None, :, :2])
    high = np.minimum(boxes_xyxy[:, None, 2:], others_xyxy[None, :, 2:])
    intersection = np.prod(np.clip(high - low, 0.0, None), axis=2)
    area = np.prod(boxes_xyxy[:, 2:] - boxes_xyxy[:, :2], axis=1)[:, None]
    other_area = np.prod(others_xyxy[:, 2:] - others_xyxy[:, :2], axis=1)[None, :]
    tiny = np.finfo(np.float32).tiny
    iou = intersection / np.maximum(area + other_area - intersection, tiny)
    return iou, intersection / np.maximum(np.minimum(area, other_area), tiny)


def non_maximum_suppression(
    boxes_xyxy: FloatArray, scores: FloatArray, max_iou: float, max_containment: float
) -> list[int]:
    """
    Keep the best of boxes that show the same thing.

    :param boxes_xyxy: shape (n, 4)
    :param scores: shape (n,)
    :param max_iou: boxes that overlap a better one by more are dropped
    :param max_containment: so are boxes that share more than this part of the smaller one
    :return: indices of the kept boxes, best first
    """
    iou, containment = pairwise_overlap(boxes_xyxy, boxes_xyxy)
    is_same = (iou > max_iou) | (containment > max_containment)
    kept: list[int] = []
    for candidate in np.argsort(-scores, kind='stable'):
        if not is_same[candidate, kept].any():
            kept.append(int(candidate))
    return kept
