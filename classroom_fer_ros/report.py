"""
Write a lesson's report: ``python -m classroom_fer_ros.report SESSION [--out FILE]``.

One HTML file with everything in it; it needs no network and holds no names and no pictures.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from classroom_fer_ros.core.errors import ClassroomFerError, DataError, SourceError

FILE_NAME = 'report.html'
NO_MATPLOTLIB = (
    'the plots need matplotlib: `make report` installs it, or sudo apt-get install '
    'python3-matplotlib'
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point: 0 when the report is written, 2 if there can be none."""
    parser = argparse.ArgumentParser(prog='report', description="Write a lesson's report.")
    parser.add_argument('session', type=Path, help='folder that `make run OUT=folder` wrote')
    parser.add_argument('--out', type=Path, help=f'default: {FILE_NAME} in that folder')
    parser.add_argument('--title', default='', help='default: the name of the folder')
    options = parser.parse_args(arguments)
    out = options.out or options.session / FILE_NAME
    try:
        write_report(options.session, out, options.title)
    except ClassroomFerError as error:
        print(f'report: {error}', file=sys.stderr)
        return 2
    print(f'written: {out}')
    return 0


def write_report(session: Path, out: Path, title: str = '') -> None:
    """
    Write the report of a session.

    :raises DataError: if the session cannot be read, or saw nobody
    :raises SourceError: if the file cannot be written
    """
    from classroom_fer_ros.reporting.lesson_tables import read_lesson

    try:
        from classroom_fer_ros.reporting.page import page
    except ImportError as error:
        raise DataError(f'{NO_MATPLOTLIB} ({error})') from error
    lesson = read_lesson(session)
    if not lesson.pictures:
        raise DataError(f'{session}: nobody was seen in this session, there is nothing to report')
    text = page(lesson, title or f'Lesson {lesson.name}')
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(text, encoding='utf-8')
    except OSError as error:
        raise SourceError(f'cannot write {out}: {error.strerror}') from error


if __name__ == '__main__':
    sys.exit(main())
