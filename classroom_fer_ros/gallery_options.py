"""Options of the commands that work on a gallery."""

from __future__ import annotations

import argparse
from pathlib import Path

from classroom_fer_ros.core.embedding import EMBEDDING_CARD
from classroom_fer_ros.core.enrolment_config import USUAL_GALLERY
from classroom_fer_ros.core.gallery_cipher import Cipher, read_key
from classroom_fer_ros.core.gallery_file import usual_gallery_path
from classroom_fer_ros.core.model_registry import card_in_use


def add_gallery_options(parser: argparse.ArgumentParser) -> None:
    """As the parameters `gallery_path`, `gallery_key_path` and `embedding_card`."""
    parser.add_argument(
        '--gallery', default=USUAL_GALLERY, help="gallery file; default: that in the user's data"
    )
    parser.add_argument('--key', type=Path, help='key file of an encrypted gallery')
    parser.add_argument('--model', default=EMBEDDING_CARD, help='model card of the embedder')


def gallery_path(options: argparse.Namespace) -> Path:
    """The gallery's file."""
    is_usual = options.gallery == USUAL_GALLERY
    return usual_gallery_path() if is_usual else Path(options.gallery).expanduser()


def gallery_cipher(options: argparse.Namespace) -> Cipher | None:
    """:raises GalleryError: if there is no such key, or a package is missing"""
    return None if options.key is None else read_key(options.key)


def card_path(options: argparse.Namespace) -> Path:
    """The model card, by path or by its name among those in use."""
    return card_in_use(options.model)
