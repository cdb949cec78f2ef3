"""
Enrol somebody from pictures: ``python -m classroom_fer_ros.enroll NAME PICTURE…``. Needs no ROS.

    NAME          what they are called, in any script
    PICTURE…      pictures of one person, or folders of such
    --keep-crops  store the face crops too, so that another model can learn from them
    --days N      erase the person after N days; 0 for never
    --gallery FILE --key FILE --model CARD   as the parameters of the nodes
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from classroom_fer_ros.core.embedding import FaceEmbedder
from classroom_fer_ros.core.enrolment import Enrolled, enroll_views
from classroom_fer_ros.core.enrolment_config import GalleryConfig
from classroom_fer_ros.core.errors import ClassroomFerError, GalleryError
from classroom_fer_ros.core.gallery import Gallery
from classroom_fer_ros.core.people_folders import FaceCutter
from classroom_fer_ros.core.person import checked_name
from classroom_fer_ros.core.picture_enrolment import PictureViews, pictures_in, views_of_pictures
from classroom_fer_ros.gallery_options import (
    add_gallery_options,
    card_path,
    gallery_cipher,
    gallery_path,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point: 0 if the person is enrolled, 2 if not."""
    options = _parser().parse_args(arguments)
    try:
        enrolled, found = _enroll(options)
    except ClassroomFerError as error:
        print(f'enroll: {error}', file=sys.stderr)
        return 2
    _print_refused(found)
    done = 'knows more views of' if enrolled.was_known else 'enrolled'
    print(f'{done} {enrolled.name} ({enrolled.person_id}): {enrolled.views} pictures')
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog='enroll', description='Enrol somebody from pictures.')
    parser.add_argument('name', help='what they are called, in any script')
    parser.add_argument('pictures', nargs='+', type=Path, help='pictures, or folders of them')
    parser.add_argument('--keep-crops', action='store_true', help='store the face crops too')
    parser.add_argument(
        '--days',
        type=float,
        default=GalleryConfig().gallery_keep_days,
        help='erase the person after so many days; 0 for never',
    )
    add_gallery_options(parser)
    return parser


def _enroll(options: argparse.Namespace) -> tuple[Enrolled, PictureViews]:
    name = checked_name(options.name)
    config = GalleryConfig(gallery_keep_days=options.days)
    pictures = pictures_in(options.pictures)
    embed = FaceEmbedder(card_path(options))
    gallery = Gallery.open(gallery_path(options), embed.card, gallery_cipher(options))
    with closing(gallery), closing(FaceCutter()) as cutter:
        found = views_of_pictures(pictures, cutter, embed, keeps_crops=options.keep_crops)
        if not found.views:
            _print_refused(found)
            raise GalleryError(f'{name} was not enrolled: no picture is good enough')
        now_s = time.time()
        enrolled = enroll_views(gallery, name, found.views, now_s, config.expires_at_s(now_s))
        return enrolled, found


def _print_refused(found: PictureViews) -> None:
    for path, problem in found.refused.items():
        print(f'{path}: refused, {problem}', file=sys.stderr)


if __name__ == '__main__':
    sys.exit(main())
