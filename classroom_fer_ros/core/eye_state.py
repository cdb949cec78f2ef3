"""Whether eyes are open, by what they look like: a small network on patches of eyes."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from classroom_fer_ros.core.alignment import AlignedCrop
from classroom_fer_ros.core.arrays import FloatArray, ImageGray
from classroom_fer_ros.core.errors import ModelError
from classroom_fer_ros.core.model_card import load_card, open_session

#: Name of the card in the folder of models.
EYE_STATE_CARD = 'eye_state.json'
#: Side of a patch, in pixels: that of Closed Eyes in the Wild.
PATCH_SIZE = 24
#: Distance of an eye's corners in its patch, as a share of the side, and height of their middle:
#: measured by eye on the mean of the training patches.
CORNER_DISTANCE, CORNER_HEIGHT = 0.8, 0.52
# Corners of each eye from left to right in the picture of an upright face (mesh indices).
RIGHT_EYE_CORNERS, LEFT_EYE_CORNERS = (33, 133), (362, 263)


def network_input(patches_gray: ImageGray) -> FloatArray:
    """
    Preprocessing, the same in training and at run time.

    :param patches_gray: shape (n, 24, 24), uint8
    :return: shape (n, 1, 24, 24), float32 in [0, 1]
    """
    return patches_gray[:, None].astype(np.float32) / np.float32(255.0)


def eye_patches(image_gray: ImageGray, points_xy: FloatArray) -> ImageGray:
    """
    Cut both eyes of a face out of a picture, level and of one size.

    :param image_gray: shape (height, width), uint8
    :param points_xy: mesh, shape (468, at least 2), image pixels
    :return: right and left eye, shape (2, 24, 24)
    """
    corners = (RIGHT_EYE_CORNERS, LEFT_EYE_CORNERS)
    return np.stack([_patch(image_gray, points_xy[list(pair), :2]) for pair in corners])


def crop_patches(crop: AlignedCrop, points_xy: FloatArray) -> ImageGray:
    """
    The same, out of an aligned crop: what travels between nodes, and as good (see `eye_patches`).

    :param points_xy: mesh, shape (468, at least 2), pixels of the picture
    :return: right and left eye, shape (2, 24, 24)
    """
    to_crop = cv2.invertAffineTransform(crop.to_image)
    corners_xy = np.zeros_like(points_xy[:, :2])
    places = list(RIGHT_EYE_CORNERS + LEFT_EYE_CORNERS)
    corners_xy[places] = points_xy[places, :2] @ to_crop[:, :2].T + to_crop[:, 2]
    gray = np.asarray(cv2.cvtColor(crop.image_bgr, cv2.COLOR_BGR2GRAY), np.uint8)
    return eye_patches(gray, corners_xy)


def _patch(image_gray: ImageGray, corners_xy: FloatArray) -> ImageGray:
    """One eye between two corners, shape (2, 2); flat where they are one point."""
    image_gray, corners_xy = _reduced(image_gray, corners_xy)
    dx, dy = corners_xy[1] - corners_xy[0]
    length = max(float(np.hypot(dx, dy)), 1e-3)
    scale = CORNER_DISTANCE * PATCH_SIZE / length
    cos, sin = scale * dx / length, scale * dy / length
    center_x, center_y = corners_xy.mean(axis=0)
    image_to_patch = np.array(
        [
            [cos, sin, PATCH_SIZE / 2 - cos * center_x - sin * center_y],
            [-sin, cos, CORNER_HEIGHT * PATCH_SIZE + sin * center_x - cos * center_y],
        ]
    )
    size = (PATCH_SIZE, PATCH_SIZE)
    return np.asarray(
        cv2.warpAffine(image_gray, image_to_patch, size, borderMode=cv2.BORDER_REPLICATE), np.uint8
    )


def _reduced(image_gray: ImageGray, corners_xy: FloatArray) -> tuple[ImageGray, FloatArray]:
    """
    The surroundings of an eye, a large one made smaller: warping alone would skip pixels.

    :return: part of the picture, and the corners in it
    """
    length = float(np.hypot(*(corners_xy[1] - corners_xy[0])))
    x, y = corners_xy.mean(axis=0)
    height, width = image_gray.shape
    left, top = (int(np.clip(v - length, 0, side - 1)) for v, side in ((x, width), (y, height)))
    right, bottom = (
        int(np.clip(v + length + 1, start + 1, side))
        for v, start, side in ((x, left, width), (y, top, height))
    )
    part, corners_in_part = image_gray[top:bottom, left:right], corners_xy - (left, top)
    factor = PATCH_SIZE / max(length, 1e-3)
    if factor >= 0.75:
        return part, corners_in_part
    small = cv2.resize(part, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    scale = np.array([small.shape[1] / part.shape[1], small.shape[0] / part.shape[0]])
    return np.asarray(small, np.uint8), (corners_in_part + 0.5) * scale - 0.5


class EyeStateClassifier:
    """A network behind a card: patches of eyes in, how likely they are open out."""

    def __init__(self, card_path: Path, num_threads: int = 1) -> None:
        """:raises ModelError: if card or weights are missing or wrong"""
        self.card = load_card(card_path)
        if self.card.task != 'eye_state':
            raise ModelError(f'{card_path} is the card of a model for {self.card.task}')
        self._session = open_session(self.card, num_threads)

    def __call__(self, patches_gray: ImageGray) -> FloatArray:
        """
        Judge a batch of eyes.

        :param patches_gray: shape (n, 24, 24), uint8; n may be 0
        :return: probability of being open, shape (n,), float32
        """
        if len(patches_gray) == 0:
            return np.empty(0, np.float32)
        (logits,) = self._session.run(None, {'input': network_input(patches_gray)})
        return np.asarray(1.0 / (1.0 + np.exp(-logits[:, 0])), np.float32)
