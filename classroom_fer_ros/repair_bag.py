"""Mend bags that were broken off, in place: ``python -m classroom_fer_ros.repair_bag BAG…``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from classroom_fer_ros.core.errors import ClassroomFerError

if TYPE_CHECKING:
    from classroom_fer_ros.bags.mending import Mended


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point: 0 if every bag can be read now, 1 if one cannot, 2 without `rosbags`."""
    parser = argparse.ArgumentParser(
        prog='repair_bag', description='Mend recordings that were broken off.'
    )
    parser.add_argument('bags', nargs='+', type=Path, metavar='BAG', help='folder of a bag')
    options = parser.parse_args(arguments)
    try:
        from classroom_fer_ros.bags.mending import mend
    except ImportError as error:
        print(f'repair_bag: {error}: run `make setup`', file=sys.stderr)
        return 2
    code = 0
    for bag in options.bags:
        try:
            print(f'{bag}: {_words(mend(bag))}')
        except (ClassroomFerError, OSError) as error:
            print(f'repair_bag: {bag}: {error}', file=sys.stderr)
            code = 1
    return code


def _words(mended: Mended) -> str:
    num_messages = sum(file.num_messages for file in mended.files)
    done = [f'{name} was finished' for name in mended.finished]
    done += [f'{name} held nothing and was taken away' for name in mended.empty]
    lost = f', {mended.lost_bytes} torn bytes were cut off' if mended.lost_bytes else ''
    return f'{num_messages} messages; {", ".join(done) or "nothing was broken off"}{lost}'


if __name__ == '__main__':
    sys.exit(main())
