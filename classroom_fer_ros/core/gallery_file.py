"""
The file of a gallery: SQLite, its schema and migrations, and what is done with a broken one.

Changes are transactions with a rollback journal: one process writes at a time, others read
meanwhile and wait for the moment of a commit only. After a crash the file holds all of a change or
nothing.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from classroom_fer_ros.core.errors import GalleryError
from classroom_fer_ros.core.gallery_cipher import KEY_CHECK, Cipher
from classroom_fer_ros.core.model_card import ModelCard
from classroom_fer_ros.core.user_files import user_data_dir

#: Marks the file as ours, so that no other program's database is taken for a gallery.
APPLICATION_ID = 0x46455247  # 'FERG'
#: What leads from one version of the schema to the next, from an empty file on.
MIGRATIONS = (
    """
    CREATE TABLE model (name TEXT NOT NULL, sha256 TEXT NOT NULL);
    CREATE TABLE people (
        person_id TEXT PRIMARY KEY, name TEXT NOT NULL, enrolled_at TEXT NOT NULL
    );
    CREATE TABLE embeddings (
        person_id TEXT NOT NULL REFERENCES people ON DELETE CASCADE, vector BLOB NOT NULL
    );
    CREATE INDEX embeddings_of_person ON embeddings (person_id);
    """,
    """
    ALTER TABLE people ADD COLUMN expires_at TEXT;
    ALTER TABLE embeddings ADD COLUMN quality REAL NOT NULL DEFAULT 1.0;
    ALTER TABLE embeddings ADD COLUMN crop BLOB;
    CREATE TABLE cipher (key_check BLOB NOT NULL);
    """,
)
SCHEMA_VERSION = len(MIGRATIONS)
#: Another process that writes is waited for.
WAIT_S = 5.0
#: What a gallery's name may end with; a broken file of another name is somebody else's.
SUFFIXES = ('', '.sqlite', '.sqlite3', '.db', '.gallery')
BROKEN = '.broken-'


@dataclass(frozen=True, slots=True, kw_only=True)
class GalleryKind:
    """
    What a file must have been made for.

    :param card: model of the embeddings
    :param cipher: None for a gallery that is not encrypted
    """

    card: ModelCard
    cipher: Cipher | None = None


def usual_gallery_path() -> Path:
    """Where the gallery lies unless another file is named: among the user's data (XDG)."""
    return user_data_dir() / 'gallery.sqlite'


def connect(path: Path, kind: GalleryKind, *, of_any_model: bool = False) -> sqlite3.Connection:
    """
    Open a gallery, bring it to this release's schema, and look whether it is whole.

    :param of_any_model: also take embeddings of another model than that of `kind`
    :raises GalleryError: if the file is broken (it is then set aside), is another program's, of a
        newer release, of another model or key, or cannot be read or written
    """
    connection: sqlite3.Connection | None = None
    try:
        connection = _connect(path)
        _require_gallery(path, connection)
        _migrate(path, connection)
        _require_whole(connection)
        _require_key(path, connection, kind.cipher)
        if not of_any_model:
            _require_model(path, connection, kind.card)
        return connection
    except (sqlite3.Error, OSError, ValueError) as error:
        if connection is not None:
            connection.close()
        raise failure(path, error) from error
    except GalleryError:
        if connection is not None:
            connection.close()
        raise


def create(path: Path, kind: GalleryKind) -> None:
    """
    Write an empty gallery aside and move it into place: what lies there is always whole.

    Without effect if another process has made one meanwhile.

    :raises GalleryError: if it cannot be written
    """
    part = path.with_name(f'{path.name}.part{os.getpid()}')
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.unlink(missing_ok=True)
        part.touch(mode=0o600)
        with closing(_connect(part)) as connection:
            steps = ''.join(MIGRATIONS)
            connection.executescript(
                f'BEGIN IMMEDIATE; {steps} PRAGMA application_id = {APPLICATION_ID}; '
                f'PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;'
            )
            connection.execute(
                'INSERT INTO model VALUES (?, ?)', (kind.card.name, kind.card.sha256)
            )
            if kind.cipher is not None:
                seal = kind.cipher.seal(KEY_CHECK, 'key')
                connection.execute('INSERT INTO cipher VALUES (?)', (seal,))
        with suppress(FileExistsError):
            os.link(part, path)
    except (sqlite3.Error, OSError) as error:
        raise GalleryError(f'gallery {path} cannot be made: {error}') from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


@contextmanager
def transaction(path: Path, connection: sqlite3.Connection) -> Iterator[sqlite3.Cursor]:
    """
    Change a gallery as a whole or not at all.

    :raises GalleryError: if it cannot be written, or another process goes on writing
    """
    cursor = connection.cursor()
    try:
        cursor.execute('BEGIN IMMEDIATE')
        yield cursor
        cursor.execute('COMMIT')
    except (
        sqlite3.Error,
        ValueError,
    ) as error:  # ValueError: a row that cannot be read or written
        raise GalleryError(f'gallery {path} cannot be changed: {error}') from error
    finally:
        if connection.in_transaction:
            connection.rollback()


@contextmanager
def snapshot(connection: sqlite3.Connection) -> Iterator[None]:
    """Ask several questions about one state of the file, whatever others write meanwhile."""
    connection.execute('BEGIN')
    try:
        yield
    finally:
        connection.rollback()


def require_kind(path: Path, connection: sqlite3.Connection, kind: GalleryKind) -> None:
    """
    Look whether the gallery is still the one that was opened.

    :raises GalleryError: if it is of another model or key
    """
    _require_key(path, connection, kind.cipher)
    _require_model(path, connection, kind.card)


def failure(path: Path, error: Exception) -> GalleryError:
    """
    What to say of a gallery that cannot be opened or read. A broken one is set aside.

    :param error: what SQLite or the reading of its rows said
    """
    is_broken = isinstance(error, ValueError) or (
        isinstance(error, sqlite3.DatabaseError)
        and not isinstance(error, (sqlite3.OperationalError, sqlite3.ProgrammingError))
    )
    if not is_broken or path.suffix.lower() not in SUFFIXES:
        return GalleryError(f'gallery {path} cannot be opened: {error}; it was left as it is')
    try:
        aside = _set_aside(path)
    except OSError as problem:
        return GalleryError(
            f'gallery {path} is broken ({error}), and cannot be set aside ({problem.strerror})'
        )
    return GalleryError(
        f'gallery {path} is broken ({error}) and was set aside as {aside}: put a copy from '
        'before into its place; without one, the next start begins with nobody enrolled'
    )


def files_set_aside(path: Path) -> list[Path]:
    """Broken files that were once this gallery, in the order in which they were set aside."""
    start = path.name + BROKEN
    numbers = [
        one.name.removeprefix(start) for one in path.parent.glob('*') if one.name.startswith(start)
    ]
    return [path.with_name(start + one) for one in sorted(filter(str.isdigit, numbers), key=int)]


def _set_aside(path: Path) -> Path:
    """Rename a file and its journal; nothing is written over."""
    number = 1
    while (aside := path.with_name(f'{path.name}{BROKEN}{number}')).exists():
        number += 1
    path.rename(aside)
    with suppress(FileNotFoundError):
        path.with_name(path.name + '-journal').rename(aside.with_name(aside.name + '-journal'))
    return aside


def _connect(path: Path) -> sqlite3.Connection:
    # mode=rw: a file that has gone meanwhile is not made anew, and empty.
    connection = sqlite3.connect(
        f'{path.absolute().as_uri()}?mode=rw',
        uri=True,
        timeout=WAIT_S,
        isolation_level=None,
        check_same_thread=False,
    )
    # What is forgotten shall not linger in free pages of the file.
    connection.execute('PRAGMA secure_delete = ON')
    connection.execute('PRAGMA foreign_keys = ON')
    return connection


def _require_gallery(path: Path, connection: sqlite3.Connection) -> None:
    (application,) = connection.execute('PRAGMA application_id').fetchone()
    if path.stat().st_size == 0:
        raise sqlite3.DatabaseError('it is empty')
    if application != APPLICATION_ID:
        raise GalleryError(
            f"{path} is no gallery but another program's database; it was left as it is"
        )


def _migrate(path: Path, connection: sqlite3.Connection) -> None:
    """Lead an older schema to this one, step by step in one transaction."""
    (version,) = connection.execute('PRAGMA user_version').fetchone()
    if not 1 <= version <= SCHEMA_VERSION:
        raise GalleryError(
            f'gallery {path} has schema {version}, this release reads up to {SCHEMA_VERSION}: '
            'use the release that wrote it, or enrol again in a new file'
        )
    if version == SCHEMA_VERSION:
        return
    _require_whole(connection)  # a broken one is set aside as it came
    with transaction(path, connection) as cursor:
        (version,) = cursor.execute('PRAGMA user_version').fetchone()  # perhaps done meanwhile
        for step in MIGRATIONS[version:]:
            for statement in step.split(';'):
                cursor.execute(statement)  # executescript would commit what went before
        cursor.execute(f'PRAGMA user_version = {SCHEMA_VERSION}')


def _require_whole(connection: sqlite3.Connection) -> None:
    (problem,) = connection.execute('PRAGMA integrity_check').fetchone()
    if problem != 'ok':
        raise sqlite3.DatabaseError(problem)


def _require_key(path: Path, connection: sqlite3.Connection, cipher: Cipher | None) -> None:
    row = connection.execute('SELECT key_check FROM cipher').fetchone()
    if row is None and cipher is not None:
        raise GalleryError(
            f'gallery {path} is not encrypted, and a key file was given: '
            '`python -m classroom_fer_ros.people encrypt --key FILE` encrypts it'
        )
    if row is not None and cipher is None:
        raise GalleryError(f'gallery {path} is encrypted: set gallery_key_path to its key file')
    if row is not None and cipher is not None:
        try:
            cipher.open(row[0], 'key')
        except ValueError as error:
            raise GalleryError(f'gallery {path} was encrypted with another key file') from error


def _require_model(path: Path, connection: sqlite3.Connection, card: ModelCard) -> None:
    row = connection.execute('SELECT name, sha256 FROM model').fetchone()
    if row is None:
        raise sqlite3.DatabaseError('it does not say which model made its embeddings')
    name, sha256 = row
    if sha256 != card.sha256:
        raise GalleryError(
            f'gallery {path} holds embeddings of {name} ({sha256[:12]}), the model in use is '
            f'{card.name} ({card.sha256[:12]}): their embeddings cannot be compared. '
            '`python -m classroom_fer_ros.people re-embed` makes them anew for everybody who was '
            'enrolled with stored crops; or use the model of the gallery, or enrol everybody '
            'again in a new file'
        )
