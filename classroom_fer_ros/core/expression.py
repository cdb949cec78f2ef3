"""Classification of the seven expressions on aligned crops."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from classroom_fer_ros.core.arrays import FloatArray, ImageBgr, ImageGray
from classroom_fer_ros.core.errors import ConfigError, ModelError
from classroom_fer_ros.core.labels import EXPRESSION_LABELS, NUM_EXPRESSIONS
from classroom_fer_ros.core.model_card import load_card, open_session
from classroom_fer_ros.core.settings import check

#: Side of the network's input, in pixels: that of FER2013's pictures.
INPUT_SIZE = 48


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpressionConfig:
    """How expressions are classified."""

    card: str = field(
        default='expression.json',
        metadata={'description': 'model card, a file name in the folder of models or a path'},
    )
    num_threads: int = field(
        default=1, metadata={'description': 'threads for one batch', 'range': (1, 64)}
    )

    def __post_init__(self) -> None:
        if not self.card:
            raise ConfigError('card', self.card, 'must name a model card')
        check(self)


def network_input(images_gray: ImageGray) -> FloatArray:
    """
    Preprocessing, the same in training and at run time: y = (x - 0) / (255 - 0).

    :param images_gray: shape (n, 48, 48), uint8
    :return: shape (n, 1, 48, 48), float32 in [0, 1]
    """
    return images_gray[:, None].astype(np.float32) / np.float32(255.0)


def gray_face(crop_bgr: ImageBgr) -> ImageGray:
    """
    Reduce an aligned crop to what the network sees.

    :param crop_bgr: shape (112, 112, 3), uint8
    :return: shape (48, 48), uint8
    """
    gray = cv2.cvtColor(crop_bgr, cv2.COLOR_BGR2GRAY)
    return np.asarray(
        cv2.resize(gray, (INPUT_SIZE, INPUT_SIZE), interpolation=cv2.INTER_AREA), np.uint8
    )


class ExpressionClassifier:
    """A network behind a card: crops in, probabilities out."""

    def __init__(self, card_path: Path, config: ExpressionConfig | None = None) -> None:
        """
        :raises ModelError: if card or weights are missing or wrong, or the labels are not ours
        """
        self.card = load_card(card_path)
        if self.card.labels[:NUM_EXPRESSIONS] != EXPRESSION_LABELS:
            raise ModelError(
                f'{card_path}: labels begin with {self.card.labels[:NUM_EXPRESSIONS]}, '
                f'must begin with {EXPRESSION_LABELS}'
            )
        self._session = open_session(self.card, (config or ExpressionConfig()).num_threads)

    def __call__(self, crops_bgr: ImageBgr) -> FloatArray:
        """
        Classify a batch of aligned crops.

        :param crops_bgr: shape (n, 112, 112, 3), uint8; n may be 0
        :return: probabilities, shape (n, 7), float32, rows summing to 1, order of the labels
        """
        if len(crops_bgr) == 0:
            return np.empty((0, NUM_EXPRESSIONS), np.float32)
        return self.classify_gray(np.stack([gray_face(crop) for crop in crops_bgr]))

    def classify_gray(self, images_gray: ImageGray) -> FloatArray:
        """
        Classify pictures that are already framed, gray and of the network's size.

        :param images_gray: shape (n, 48, 48), uint8
        :return: as for a call
        """
        return served_probabilities(self.logits(images_gray))

    def logits(self, images_gray: ImageGray) -> FloatArray:
        """
        Raw outputs, one a label of the card, those that are never served included.

        :param images_gray: shape (n, 48, 48), uint8
        :return: shape (n, number of labels), float32
        """
        feed = {self._session.get_inputs()[0].name: network_input(images_gray)}
        return np.asarray(self._session.run(None, feed)[0], np.float32)


def served_probabilities(logits: FloatArray) -> FloatArray:
    """
    Softmax over the seven served labels; what else a model knows (contempt) takes no part.

    :param logits: shape (n, at least 7)
    :return: shape (n, 7), rows summing to 1
    """
    served = logits[:, :NUM_EXPRESSIONS]
    exponential = np.exp(served - served.max(axis=1, keepdims=True))
    return np.asarray(exponential / exponential.sum(axis=1, keepdims=True), np.float32)
