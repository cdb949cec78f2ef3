"""
Write a lesson's report: ``python -m classroom_fer_ros.report SESSION [--out FILE]``.

One HTML file with everything in it; it needs no network and holds no names and no pictures.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
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
    parser.add_argument('session', type=Path, help='folder of `make run OUT=folder`, or a bag')
    parser.add_argument('--out', type=Path, help=f'default: {FILE_NAME} in that folder')
    parser.add_argument('--title', default='', help='default: the name of the folder')
    parser.add_argument('--namespace', default='', help='of the camera, in a bag of several')
    options = parser.parse_args(arguments)
    session: Path = options.session
    out = options.out or (session if session.is_dir() else session.parent) / FILE_NAME
    title = options.title or f'Lesson {session.resolve().stem}'
    try:
        if _is_bag(session):
            write_bag_report(session, out, title, options.namespace)
        else:
            write_report(session, out, title)
    except ClassroomFerError as error:
        print(f'report: {error}', file=sys.stderr)
        return 2
    print(f'written: {out}')
    return 0


def _is_bag(path: Path) -> bool:
    return path.suffix in ('.mcap', '.db3') or (path / 'metadata.yaml').is_file()


def write_bag_report(bag: Path, out: Path, title: str, namespace: str = '') -> None:
    """
    Write the report of a recording, by way of the tables of its results.

    :raises BagError: if it cannot be read, or holds no results
    :raises DataError: if ROS 2 is missing, or nobody was seen
    :raises SourceError: if the file cannot be written
    """
    try:
        from classroom_fer_ros.bag_session import write_session
    except ImportError as error:
        raise DataError(f'reading a bag needs ROS 2 and the messages ({error})') from error
    with tempfile.TemporaryDirectory() as folder:
        write_session(bag, Path(folder), namespace)
        write_report(Path(folder), out, title)


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
