"""
Speed of a large gallery: ``make bench-gallery``.

Fills a gallery with made embeddings, opens it, and looks people and strangers up.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from contextlib import closing
from pathlib import Path

import numpy as np

from classroom_fer_ros.core import gallery_file
from classroom_fer_ros.core.arrays import FloatArray
from classroom_fer_ros.core.embedding import EMBEDDING_CARD
from classroom_fer_ros.core.gallery import Gallery, View
from classroom_fer_ros.core.gallery_file import GalleryKind
from classroom_fer_ros.core.gallery_rows import insert_person, replace_views
from classroom_fer_ros.core.model_card import load_card
from classroom_fer_ros.core.model_files import models_dir
from classroom_fer_ros.core.person import Person

SIZE = 128
PROBES = 2000


def fill(path: Path, kind: GalleryKind, people: int, views: int) -> FloatArray:
    """
    Write a gallery.

    :return: one embedding of each person, shape (people, 128)
    """
    generator = np.random.default_rng(0)
    means = unit(generator.normal(size=(people, 1, SIZE)))
    embeddings = unit(means + 0.03 * generator.normal(size=(people, views, SIZE)))
    gallery_file.create(path, kind)
    with (
        closing(gallery_file.connect(path, kind)) as connection,
        gallery_file.transaction(path, connection) as cursor,
    ):
        for number, own in enumerate(embeddings):
            person = Person(
                person_id=f'{number:032x}',
                name=f'person {number}',
                enrolled_at='2025-01-01T00:00:00+00:00',
                embeddings=views,
            )
            insert_person(cursor, person, kind.cipher)
            views_of_person = [View(embedding=one.astype(np.float32)) for one in own]
            replace_views(cursor, person.person_id, views_of_person, kind.cipher)
    return embeddings[:, 0].astype(np.float32)


def unit(vectors: FloatArray) -> FloatArray:
    """Vectors of unit length, shape (…, size)."""
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def measure(people: int, views: int) -> str:
    """One line about a gallery of this size."""
    kind = GalleryKind(card=load_card(models_dir() / EMBEDDING_CARD))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / 'gallery.sqlite'
        known = fill(path, kind, people, views)
        begun_s = time.perf_counter()
        gallery = Gallery.open(path, kind.card)
        opened_s = time.perf_counter() - begun_s
        probes = np.concatenate([known, unit(np.random.default_rng(1).normal(size=known.shape))])
        probes = probes.astype(np.float32)[:: max(1, len(probes) // PROBES)]
        spent_ms = []
        for probe in probes:
            begun_s = time.perf_counter()
            gallery.refresh()
            gallery.search(probe)
            spent_ms.append((time.perf_counter() - begun_s) * 1e3)
        gallery.close()
    p50, p95 = np.percentile(spent_ms, [50, 95])
    return (
        f'{people * views} embeddings of {people} people: search {p50:.2f} ms (median), '
        f'{p95:.2f} ms (95 %), opened in {opened_s:.2f} s'
    )


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description='Speed of a large gallery.')
    parser.add_argument('--embeddings', type=int, default=10_000)
    count = parser.parse_args().embeddings
    for views in (1, 5):
        print(measure(count // views, views))


if __name__ == '__main__':
    main()
