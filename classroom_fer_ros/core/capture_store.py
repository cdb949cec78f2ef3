"""
Captured faces on disk: crops as PNG, and beside them what is known of each, in an SQLite index.

A crop is moved into place within the transaction that writes its row, so that whatever ends the
process leaves both or neither; what was left over is swept when the folder is opened again.
Several processes may use one folder, a node that captures and a window that labels for two.
"""

from __future__ import annotations

import shutil
import sqlite3
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

import cv2
import numpy as np

from classroom_fer_ros.core.arrays import ImageBgr
from classroom_fer_ros.core.capture_index import INDEX, LABELLED, check_tables, connect
from classroom_fer_ros.core.capture_record import COLUMNS, CaptureRecord, from_row, to_row
from classroom_fer_ros.core.capture_sets import erase_from_set
from classroom_fer_ros.core.errors import CaptureError

CROPS = 'crops'
#: Capture ends while so much of the disk is free.
MIN_FREE_BYTES = 64_000_000


class CaptureStore:
    """
    Keeps captured faces in a folder. Used by one thread at a time.

    :ivar connection: the index
    """

    def __init__(self, folder: Path, connection: sqlite3.Connection) -> None:
        """Use `open`."""
        self.folder = folder
        self.connection = connection

    @classmethod
    def open(cls, folder: Path, *, may_create: bool = True) -> CaptureStore:
        """
        Open a folder of captured faces, and sweep away what a broken process left there.

        :param may_create: make the folder where there is none
        :raises CaptureError: if the folder cannot be used, or its index is broken
        """
        path = folder / INDEX
        if not may_create and not path.is_file():
            raise CaptureError(
                f'{folder} holds no captured faces (no {INDEX}): name the folder of '
                'capture.folder, or capture some first'
            )
        connection: sqlite3.Connection | None = None
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # nobody else's business
            (folder / CROPS).mkdir(exist_ok=True)
            connection = connect(path)
            check_tables(path, connection)
            store = cls(folder, connection)
            store.sweep()
        except (sqlite3.Error, OSError, CaptureError) as error:
            if connection is not None:
                connection.close()
            if isinstance(error, CaptureError):
                raise
            raise CaptureError(
                f'captured faces in {folder} cannot be opened: {error}; nothing was changed: '
                'name another folder, or move this one away'
            ) from error
        return store

    def close(self) -> None:
        """Close the index."""
        self.connection.close()

    def add(self, crop_bgr: ImageBgr, record: CaptureRecord, quota_bytes: int) -> CaptureRecord:
        """
        Keep a crop, making room for it where the quota is reached.

        :param crop_bgr: shape (height, width, 3), uint8
        :param quota_bytes: what all crops together may take
        :return: the record with its file and size
        :raises CaptureError: if the disk or the quota is full, or the crop cannot be written
        """
        is_encoded, encoded = cv2.imencode('.png', crop_bgr)
        if not is_encoded:
            raise CaptureError(f'a crop of shape {crop_bgr.shape} cannot be written as PNG')
        data = encoded.tobytes()
        self._require_space()
        day = datetime.fromtimestamp(record.captured_at_s, timezone.utc).date().isoformat()
        file = f'{CROPS}/{day}/{record.capture_id}.png'
        record = replace(record, file=file, bytes=len(data))
        path = self.folder / file
        part = path.with_suffix('.part')
        try:
            with self.transaction() as cursor:
                self._make_room(cursor, len(data), quota_bytes)
                path.parent.mkdir(exist_ok=True)
                part.write_bytes(data)
                marks = ', '.join('?' * (len(COLUMNS) + 1))
                row = (*to_row(record), record.subject)
                cursor.execute(f'INSERT INTO captures VALUES ({marks})', row)
                part.rename(path)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise CaptureError(f'{path} cannot be written: {error.strerror}') from error
        return record

    def _require_space(self) -> None:
        free_bytes = shutil.disk_usage(self.folder).free
        if free_bytes < MIN_FREE_BYTES:
            raise CaptureError(
                f'the disk of {self.folder} is full ({free_bytes / 1e6:.0f} MB are left): free '
                'some space; nothing is captured until then'
            )

    def _make_room(self, cursor: sqlite3.Cursor, wanted: int, quota_bytes: int) -> None:
        """Erase the oldest crops without a label until one more fits."""
        (taken,) = cursor.execute('SELECT coalesce(sum(bytes), 0) FROM captures').fetchone()
        if taken + wanted <= quota_bytes:
            return
        spare = cursor.execute(
            'SELECT capture_id, file, bytes FROM captures '
            f'WHERE capture_id NOT IN ({LABELLED}) ORDER BY captured_at_s, capture_id'
        ).fetchall()
        doomed = []
        for row in spare:
            if taken + wanted <= quota_bytes:
                break
            doomed.append(row)
            taken -= row['bytes']
        if taken + wanted > quota_bytes:
            raise CaptureError(
                f'{self.folder} holds {taken / 1e6:.0f} MB of labelled faces, and the quota is '
                f'{quota_bytes / 1e6:.0f} MB: export and erase some, or raise capture.quota_mb'
            )
        self._erase(cursor, doomed)

    def forget(self, person_id: str) -> int:
        """
        Erase every picture of a person, and what was known of them, in exported sets as well.

        :return: the number of pictures
        :raises CaptureError: if one cannot be erased
        """
        if not person_id:  # strangers' pictures have no owner that could be named
            return 0
        return self._erase_where('person_id = ?', (person_id,))

    def expire(self, now_s: float) -> int:
        """
        Erase what is too old.

        :param now_s: time of day, seconds since the epoch
        :return: the number of pictures
        :raises CaptureError: if one cannot be erased
        """
        return self._erase_where('expires_at_s <= ?', (now_s,))

    def _erase_where(self, condition: str, values: Sequence[object]) -> int:
        with self.transaction() as cursor:
            doomed = cursor.execute(
                f'SELECT capture_id, file FROM captures WHERE {condition}', values
            ).fetchall()
            self._erase(cursor, doomed)
        if doomed:  # nothing of them shall linger in the log either
            self.connection.execute('PRAGMA wal_checkpoint(TRUNCATE)')
        return len(doomed)

    def _erase(self, cursor: sqlite3.Cursor, rows: Sequence[sqlite3.Row]) -> None:
        """Pictures first: rows without pictures are swept at the next opening, not the reverse."""
        gone = [row['capture_id'] for row in rows]
        for row in rows:
            _unlink(self.folder / row['file'])
        for (folder,) in cursor.execute('SELECT folder FROM exports').fetchall():
            erase_from_set(Path(folder), frozenset(gone))
        cursor.executemany('DELETE FROM captures WHERE capture_id = ?', [(one,) for one in gone])

    def adopt(self, session: str, face_id: str, person_id: str) -> None:
        """Note that a stranger's track is of an enrolled person after all."""
        with self.transaction() as cursor:
            cursor.execute(
                'UPDATE captures SET person_id = ?, subject = ? '
                "WHERE session = ? AND face_id = ? AND person_id = ''",
                (person_id, f'person {person_id}', session, face_id),
            )

    def count_since(self, subject: str, stamp_ns: int) -> int:
        """
        How many of a subject were kept of pictures later than a stamp.

        :raises CaptureError: if the index is broken
        """
        (row,) = self.read(
            'SELECT count(*) FROM captures WHERE subject = ? AND stamp_ns > ?', (subject, stamp_ns)
        )
        return int(row[0])

    def records(self) -> list[CaptureRecord]:
        """
        All of them, oldest first.

        :raises CaptureError: if the index is broken
        """
        try:
            return [from_row(row) for row in self.read('SELECT * FROM captures ORDER BY rowid')]
        except (ValueError, TypeError) as error:
            raise CaptureError(f'{self.folder / INDEX} cannot be read: {error}') from error

    def read(self, question: str, values: Sequence[object] = ()) -> list[sqlite3.Row]:
        """
        Rows of the index.

        :param question: in SQL
        :raises CaptureError: if the index cannot be read
        """
        try:
            return self.connection.execute(question, values).fetchall()
        except sqlite3.Error as error:
            raise CaptureError(f'{self.folder / INDEX} cannot be read: {error}') from error

    def image(self, record: CaptureRecord) -> ImageBgr:
        """
        The crop of a record, shape (height, width, 3), uint8.

        :raises CaptureError: if it is gone or broken
        """
        image = cv2.imread(str(self.folder / record.file), cv2.IMREAD_COLOR)
        if image is None:
            raise CaptureError(f'{self.folder / record.file} is gone or no picture')
        return np.asarray(image, np.uint8)

    def note_export(self, folder: Path) -> None:
        """
        Remember a folder of exported pictures, so that who is forgotten is erased there too.

        :raises CaptureError: if it holds something that is no export of this store
        """
        name = str(folder.resolve())
        with self.transaction() as cursor:
            known = cursor.execute('SELECT 1 FROM exports WHERE folder = ?', (name,)).fetchone()
            if known is None and folder.exists() and any(folder.iterdir()):
                raise CaptureError(f'{folder} holds something else: name a new folder')
            cursor.execute('INSERT OR IGNORE INTO exports VALUES (?)', (name,))

    def sweep(self) -> None:
        """Erase crops without a row, and rows without their crop or with half of one."""
        with self.transaction() as cursor:  # nobody else is between the two now
            rows = cursor.execute('SELECT capture_id, file, bytes FROM captures').fetchall()
            sizes = {path: path.stat().st_size for path in self._files()}
            known = {self.folder / row['file']: row for row in rows}
            whole = {path for path, row in known.items() if sizes.get(path) == row['bytes']}
            for path in sizes.keys() - whole:
                _unlink(path)
            self._erase(cursor, [row for path, row in known.items() if path not in whole])

    def _files(self) -> Iterator[Path]:
        return (path for path in (self.folder / CROPS).rglob('*') if path.is_file())

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Cursor]:
        """
        Change the index as a whole or not at all, alone among all processes.

        :raises CaptureError: if the index cannot be changed
        """
        cursor = self.connection.cursor()
        try:
            cursor.execute('BEGIN IMMEDIATE')
            yield cursor
            cursor.execute('COMMIT')
        except sqlite3.Error as error:
            raise CaptureError(f'{self.folder / INDEX} cannot be changed: {error}') from error
        finally:
            if self.connection.in_transaction:
                self.connection.rollback()


def new_id() -> str:
    """Name of a capture or a session, without any trace of who it is of."""
    return uuid.uuid4().hex


def _unlink(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise CaptureError(f'{path} cannot be erased: {error.strerror}') from error
