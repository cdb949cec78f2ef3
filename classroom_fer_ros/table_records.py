"""Parquet tables of analysed films, and erasing people from them."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from classroom_fer_ros.core.errors import ClassroomFerError, DataError

try:
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq
except ImportError as error:
    raise ClassroomFerError('the package pyarrow is missing: run `make setup`') from error

COLUMN = 'person_id'


class ParquetTables:
    """Every `frames.parquet` in a folder and those inside it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def erase_person(self, person_id: str) -> str:
        """As of `PersonRecords`; every file is replaced as a whole."""
        rows = sum(_erase(path, person_id) for path in sorted(self._folder.rglob('*.parquet')))
        return f'{rows} rows of tables of films below {self._folder}' if rows else ''


def _erase(path: Path, person_id: str) -> int:
    """Make a person's id null; in how many rows it was."""
    try:
        table = pq.read_table(path)
        if COLUMN not in table.column_names:
            return 0
        place = table.column_names.index(COLUMN)
        ids = table.column(COLUMN)
        is_theirs = pc.fill_null(pc.equal(ids, person_id), False)
        count = int(pc.sum(is_theirs).as_py() or 0)
        if count:
            nobody = pc.if_else(is_theirs, pa.scalar(None, ids.type), ids)
            _replace(path, table.set_column(place, table.schema.field(place), nobody))
    except (pa.ArrowException, OSError) as error:
        raise DataError(f'{path} cannot be changed: {error}') from error
    return count


def _replace(path: Path, table: pa.Table) -> None:
    part = path.with_name(f'{path.name}.part{os.getpid()}')
    try:
        pq.write_table(table, part)
        part.replace(path)
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
