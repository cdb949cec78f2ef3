"""Cards, embeddings and galleries for tests."""

import numpy as np

from classroom_fer_ros.core.model_card import ModelCard

SIZE = 128
STAMP_S = 1_700_000_000.0


def card(name: str = 'facenet-a', sha256: str = 'a' * 64, **settings: float) -> ModelCard:
    return ModelCard(
        name=name,
        task='identification',
        file='facenet.onnx',
        sha256=sha256,
        input_size=(88, 88),
        preprocessing='',
        command='make train-facenet',
        settings=settings or {'similarity_threshold': 0.5},
    )


def unit(*places: float) -> np.ndarray:
    """A vector of unit length with the given first coordinates."""
    vector = np.zeros(SIZE, np.float32)
    vector[: len(places)] = places
    return vector / np.linalg.norm(vector)
