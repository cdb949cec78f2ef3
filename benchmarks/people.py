"""A gallery for the measurements."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from benchmarks.films import CACHE
from classroom_fer_ros.core.embedding import EMBEDDING_CARD, EMBEDDING_SIZE
from classroom_fer_ros.core.gallery import Gallery
from classroom_fer_ros.core.model_card import load_card
from classroom_fer_ros.core.model_files import models_dir


def make_gallery(folder: Path = CACHE) -> Path:
    """Thirty people who do not exist, so that every face is looked up."""
    path = folder / 'gallery.sqlite'
    path.unlink(missing_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    people = Gallery.open(path, load_card(models_dir() / EMBEDDING_CARD))
    vectors = np.random.default_rng(1).normal(size=(30, 1, EMBEDDING_SIZE)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=2, keepdims=True)
    for number, vector in enumerate(vectors, start=1):
        people.enroll(f'bench {number}', vector, time.time())
    people.close()
    return path
