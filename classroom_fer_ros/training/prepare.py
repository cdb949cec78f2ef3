"""
Build the files that training reads, from what the data sets' owners publish.

    python -m classroom_fer_ros.training.prepare fer2013 fer2013.csv fer2013new.csv OUT
    python -m classroom_fer_ros.training.prepare lfw LFW_FOLDER pairs.txt OUT
    python -m classroom_fer_ros.training.prepare folder FOLDER OUT

`fer2013` takes the csv files of FER2013 (Kaggle, "Challenges in Representation Learning") and of
FER+ (microsoft/FERPlus), `lfw` the unpacked pictures of Labeled Faces in the Wild with its
official pairs, `folder` a folder of your own with a folder of pictures for each expression, which
is split 8:1:1 so that nearly the same pictures stay together.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from classroom_fer_ros.core.errors import ClassroomFerError
from classroom_fer_ros.training.prepare_expression import prepare_fer2013, prepare_folder
from classroom_fer_ros.training.prepare_lfw import prepare_lfw


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point: 0 if the files were written, 2 if the input was wrong."""
    options = _parser().parse_args(arguments)
    try:
        if options.what == 'fer2013':
            written = prepare_fer2013(options.fer2013, options.ferplus, options.out)
        elif options.what == 'lfw':
            written = prepare_lfw(options.pictures, options.pairs, options.out)
        else:
            written = prepare_folder(options.folder, options.out)
    except ClassroomFerError as error:
        print(f'prepare: {error}', file=sys.stderr)
        return 2
    for path, count in written.items():
        print(f'{path}: {count}')
    return 0


def _parser() -> argparse.ArgumentParser:
    description = 'Build the files that training reads.'
    parser = argparse.ArgumentParser(prog='prepare', description=description)
    whats = parser.add_subparsers(dest='what', required=True, metavar='WHAT')
    fer2013 = whats.add_parser('fer2013', help='FER2013 with the votes of FER+')
    fer2013.add_argument('fer2013', type=Path, help='fer2013.csv: emotion, pixels, Usage')
    fer2013.add_argument('ferplus', type=Path, help='fer2013new.csv: the votes')
    lfw = whats.add_parser('lfw', help='Labeled Faces in the Wild')
    lfw.add_argument('pictures', type=Path, help='folder with a folder for each person')
    lfw.add_argument('pairs', type=Path, help='pairs.txt of the ten folds')
    folder = whats.add_parser('folder', help='a folder of pictures for each expression')
    folder.add_argument('folder', type=Path)
    for parser_of_what in (fer2013, lfw, folder):
        parser_of_what.add_argument('out', type=Path, help='folder for the files')
    return parser


if __name__ == '__main__':
    sys.exit(main())
