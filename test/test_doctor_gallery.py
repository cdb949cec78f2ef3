"""What the doctor says of the gallery, without changing it."""

from pathlib import Path

import numpy as np
import pytest

from classroom_fer_ros.checks.finding import Level
from classroom_fer_ros.checks.gallery_check import check_gallery
from classroom_fer_ros.core.embedding import EMBEDDING_CARD
from classroom_fer_ros.core.gallery import Gallery
from classroom_fer_ros.core.model_card import ModelCard, load_card
from classroom_fer_ros.core.model_registry import card_in_use
from gallery_makers import STAMP_S, card


def gallery_of(path: Path, model: ModelCard) -> None:
    gallery = Gallery.open(path, model)
    gallery.enroll('Ana', np.eye(1, 128, dtype=np.float32), STAMP_S)
    gallery.close()


def test_a_gallery_that_is_well(tmp_path: Path) -> None:
    path = tmp_path / 'gallery.sqlite'
    assert 'nobody' in check_gallery(path).text
    gallery_of(path, load_card(card_in_use(EMBEDDING_CARD)))
    finding = check_gallery(path)
    assert finding.level is Level.OK
    assert finding.text == f'1 in {path}'


def test_one_of_another_model(tmp_path: Path) -> None:
    path = tmp_path / 'gallery.sqlite'
    gallery_of(path, card())
    finding = check_gallery(path)
    assert finding.level is Level.PROBLEM
    assert 'facenet-a' in finding.text
    assert 're-embed' in finding.advice


@pytest.mark.parametrize('content', [b'', b'broken', b'SQLite format 3\0' + b'\xff' * 900])
def test_a_broken_one_is_left_where_it_is(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / 'gallery.sqlite'
    path.write_bytes(content)
    assert check_gallery(path).level is Level.PROBLEM
    assert path.read_bytes() == content
    path.rename(path.with_name('gallery.sqlite.broken-1'))
    assert check_gallery(path).level is Level.WARNING
