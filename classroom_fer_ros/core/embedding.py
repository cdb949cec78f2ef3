"""Face embeddings: aligned crops in, points of the unit sphere out, near for one person."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from classroom_fer_ros.core.arrays import FloatArray, ImageBgr
from classroom_fer_ros.core.errors import ModelError
from classroom_fer_ros.core.model_card import load_card, open_session

EMBEDDING_CARD = 'facenet.json'
EMBEDDING_SIZE = 128
#: Side of the network's input, in pixels.
INPUT_SIZE = 88
#: Left and upper end of the part of an aligned crop that the network sees. Tight crops, which it
#: was trained on, cover only x 11 to 100 and y 9 to 97 of their aligned crops: what lies beyond is
#: unknown in training, and would be hair and background at run time.
WINDOW_LEFT, WINDOW_TOP = 12, 9
#: Crops go through the network in portions, so that a large batch needs little memory.
BATCH = 64


def network_input(crops_bgr: ImageBgr) -> FloatArray:
    """
    Preprocessing, the same in training and at run time.

    :param crops_bgr: aligned crops, shape (n, 112, 112, 3), uint8
    :return: inner part as RGB, shape (n, 3, 88, 88), float32 in [-1, 1]
    """
    rows = slice(WINDOW_TOP, WINDOW_TOP + INPUT_SIZE)
    columns = slice(WINDOW_LEFT, WINDOW_LEFT + INPUT_SIZE)
    inner = crops_bgr[:, rows, columns, ::-1].transpose(0, 3, 1, 2)
    return inner.astype(np.float32, order='C') / np.float32(127.5) - np.float32(1.0)


class FaceEmbedder:
    """A network behind a card: crops in, embeddings out."""

    def __init__(self, card_path: Path, num_threads: int = 1, provider: str = 'cpu') -> None:
        """
        :param num_threads: threads for one batch
        :param provider: what computes, one of `model_card.PROVIDERS`
        :raises ModelError: if card or weights are missing or wrong, or are for another task
        """
        self.card = load_card(card_path)
        if self.card.task != 'identification':
            raise ModelError(
                f'{card_path}: is a model for {self.card.task!r}, must be for identification'
            )
        self._session = open_session(self.card, num_threads, provider)
        self._input_name = self._session.get_inputs()[0].name

    def __call__(self, crops_bgr: ImageBgr) -> FloatArray:
        """
        Embed a batch of aligned crops.

        :param crops_bgr: shape (n, 112, 112, 3), uint8; n may be 0
        :return: shape (n, 128), float32, rows of unit length
        """
        embeddings = np.empty((len(crops_bgr), EMBEDDING_SIZE), np.float32)
        for start in range(0, len(crops_bgr), BATCH):
            feed = {self._input_name: network_input(crops_bgr[start : start + BATCH])}
            embeddings[start : start + BATCH] = self._session.run(None, feed)[0]
        return embeddings
