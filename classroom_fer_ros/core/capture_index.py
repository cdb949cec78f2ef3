"""The SQLite index of captured faces: its tables, and how they are opened."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from classroom_fer_ros.core.capture_record import COLUMNS
from classroom_fer_ros.core.errors import CaptureError

INDEX = 'index.sqlite'
SCHEMA_VERSION = 1
#: Written into the file's header, so that no other program's database is taken for an index.
APPLICATION_ID = 0x46455243  # 'FERC'
#: Another process may be writing for so long.
BUSY_S = 10.0

SCHEMA = f"""
CREATE TABLE captures (
    {', '.join(COLUMNS)}, subject TEXT NOT NULL, PRIMARY KEY (capture_id)
);
CREATE INDEX captures_of_subject ON captures (subject, stamp_ns);
CREATE TABLE steps (
    step INTEGER PRIMARY KEY AUTOINCREMENT,
    capture_id TEXT NOT NULL REFERENCES captures ON DELETE CASCADE,
    label TEXT NOT NULL, labelled_at_s REAL NOT NULL
);
CREATE INDEX steps_of_capture ON steps (capture_id, step);
CREATE TABLE exports (folder TEXT PRIMARY KEY);
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {SCHEMA_VERSION};
"""
#: A label of `steps` that is none: skipped for now, or a picture that shows none of the seven.
SKIPPED, UNUSABLE = '', 'none'
#: Captures whose last step gave them a label.
LABELLED = f"""
SELECT capture_id FROM steps AS last WHERE label NOT IN ('{SKIPPED}', '{UNUSABLE}') AND step =
    (SELECT max(step) FROM steps WHERE steps.capture_id = last.capture_id)
"""


def connect(path: Path) -> sqlite3.Connection:
    """:raises sqlite3.Error: if the file is no database"""
    connection = sqlite3.connect(
        path, timeout=BUSY_S, isolation_level=None, check_same_thread=False
    )
    connection.row_factory = sqlite3.Row
    # A window that labels may read while a node writes.
    connection.execute('PRAGMA journal_mode = WAL')
    connection.execute('PRAGMA synchronous = NORMAL')
    connection.execute('PRAGMA secure_delete = ON')
    connection.execute('PRAGMA foreign_keys = ON')
    return connection


def check_tables(path: Path, connection: sqlite3.Connection) -> None:
    """
    Make the tables of a new index.

    :raises CaptureError: if it is none, or one of another release
    """
    (tables,) = connection.execute('SELECT count(*) FROM sqlite_master').fetchone()
    if not tables:
        try:
            connection.executescript(f'BEGIN IMMEDIATE; {SCHEMA} COMMIT;')
        except sqlite3.OperationalError:  # somebody else was first
            if connection.in_transaction:
                connection.rollback()
    (application,) = connection.execute('PRAGMA application_id').fetchone()
    (version,) = connection.execute('PRAGMA user_version').fetchone()
    if application != APPLICATION_ID:
        raise CaptureError(f"{path} is no index of captured faces but another program's database")
    if version != SCHEMA_VERSION:
        raise CaptureError(
            f'{path} has schema {version}, this release reads {SCHEMA_VERSION}: use the release '
            'that wrote it, or name another folder'
        )
