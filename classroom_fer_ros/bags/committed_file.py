"""A file that holds whole pieces only, also where the disk is full."""

from __future__ import annotations

import os
from pathlib import Path


class CommittedFile:
    """
    Keeps what is written in memory until `commit` puts it into the file as a whole.

    Takes the place of a binary file for writers that only `write`, `tell` and `close`.
    """

    def __init__(self, path: Path) -> None:
        """:raises OSError: if the file cannot be written to; it has to be there"""
        self._file = os.open(path, os.O_WRONLY)
        self._size = os.lseek(self._file, 0, os.SEEK_END)
        self._pending = bytearray()

    @property
    def has_pending(self) -> bool:
        """Whether something waits to be committed."""
        return bool(self._pending)

    def write(self, data: bytes | memoryview) -> int:
        """Add to the piece."""
        self._pending += data
        return len(data)

    def tell(self) -> int:
        """Size of the file with all that was written."""
        return self._size + len(self._pending)

    def commit(self) -> None:
        """
        Hand the piece to the operating system, which keeps it whatever becomes of this process.

        :raises OSError: if there is no room; the file is then as it was before the piece
        """
        rest = memoryview(self._pending)
        try:
            while rest:
                rest = rest[os.write(self._file, rest) :]
        except OSError:
            os.ftruncate(self._file, self._size)
            raise
        finally:
            rest.release()
        self._size += len(self._pending)
        self._pending = bytearray()

    def close(self) -> None:
        """:raises OSError: if there is no room for the last piece"""
        try:
            self.commit()
        finally:
            os.close(self._file)

    def abandon(self) -> None:
        """Close without the last piece."""
        os.close(self._file)
