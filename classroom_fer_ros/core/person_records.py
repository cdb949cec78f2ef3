"""
What is kept of people beside the gallery, and erasing one of them from it.

Recordings know people by `person_id` only, a random word that stands in no other place: where it
is taken out, nothing leads back to the person.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import closing, suppress
from pathlib import Path
from typing import Protocol

from classroom_fer_ros.core.capture_index import INDEX
from classroom_fer_ros.core.capture_store import CaptureStore
from classroom_fer_ros.core.errors import ClassroomFerError, DataError

#: Kinds of files that hold ids as plain text.
TEXT_SUFFIXES = ('.csv', '.json', '.jsonl', '.html', '.md', '.txt', '.yaml')
#: Films and recordings of topics, which are kept or deleted as a whole.
UNTOUCHED_SUFFIXES = ('.mp4', '.avi', '.mkv', '.mov', '.mcap', '.db3')


class PersonRecords(Protocol):
    """
    Anything that keeps what belongs to people: captured pictures, tables, reports.

    A store joins by `PipelineNode.add_records` and in the command `people`.
    """

    def erase_person(self, person_id: str) -> str:
        """
        Erase everything of a person, for good.

        :return: what was erased, in words such as '12 captured pictures'; empty for nothing
        :raises ClassroomFerError: if it cannot be
        """


def erase_everywhere(records: Iterable[PersonRecords], person_id: str) -> list[str]:
    """
    Erase a person from several stores.

    :return: what was erased, in words
    :raises DataError: naming every store that cannot, after all were tried
    """
    erased, failures = [], []
    for store in records:
        try:
            erased.append(store.erase_person(person_id))
        except ClassroomFerError as error:
            failures.append(str(error))
    if failures:
        raise DataError(f'{person_id} was not erased everywhere: {"; ".join(failures)}')
    return [words for words in erased if words]


class CapturedFaces:
    """Faces that were captured for training, and the sets that were exported of them."""

    def __init__(self, folder: Path) -> None:
        """:param folder: need not exist"""
        self._folder = folder

    def erase_person(self, person_id: str) -> str:
        """As of `PersonRecords`."""
        if not (self._folder / INDEX).is_file():
            return ''
        with closing(CaptureStore.open(self._folder)) as store:
            count = store.forget(person_id)
        return f'{count} captured pictures' if count else ''


class RecordedFolder:
    """Tables and reports of finished sessions, in a folder and those inside it."""

    def __init__(self, folder: Path) -> None:
        """:raises DataError: if there is no such folder"""
        if not folder.is_dir():
            raise DataError(f'{folder} is no folder of recordings')
        self._folder = folder

    def erase_person(self, person_id: str) -> str:
        """As of `PersonRecords`; every file is replaced as a whole."""
        count = files = 0
        for path in sorted(self._folder.rglob('*')):
            if path.suffix.lower() in TEXT_SUFFIXES and path.is_file():
                found = erase_from_text(path, person_id)
                count, files = count + found, files + bool(found)
        return f'{count} entries in {files} files below {self._folder}' if count else ''

    def untouched(self) -> list[Path]:
        """Films and bags below the folder: who they show, or name, they go on to."""
        return [
            path
            for path in sorted(self._folder.rglob('*'))
            if path.suffix.lower() in UNTOUCHED_SUFFIXES
        ]


def erase_from_text(path: Path, person_id: str) -> int:
    """
    Take an id out of a file.

    :return: how often it was there
    :raises DataError: if the file cannot be read or written
    """
    if not person_id:
        return 0
    try:
        content = path.read_bytes()
        count = content.count(person_id.encode())
        if count:
            _replace(path, content.replace(person_id.encode(), b''))
    except OSError as error:
        raise DataError(f'{path} cannot be changed: {error.strerror}') from error
    return count


def _replace(path: Path, content: bytes) -> None:
    part = path.with_name(f'{path.name}.part{os.getpid()}')
    try:
        with part.open('wb') as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.chmod(path.stat().st_mode)
        part.replace(path)
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
