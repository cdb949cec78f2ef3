"""Arrays out of an npz file, with one plain error for whatever may be wrong with it."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from classroom_fer_ros.core.errors import DataError

#: What NumPy raises for files that are missing, truncated, changed or no archive at all.
UNREADABLE = (
    OSError,
    ValueError,
    EOFError,
    TypeError,
    AttributeError,
    zipfile.BadZipFile,
    zlib.error,
)


def read_arrays(
    path: Path, required: Iterable[str], optional: Iterable[str] = ()
) -> dict[str, npt.NDArray[Any]]:
    """
    Read some arrays; pickled objects are refused.

    :return: by name, those of `optional` only where the file has them
    :raises DataError: if the file is missing, broken or lacks an array
    """
    required = tuple(required)
    try:
        with np.load(path, allow_pickle=False) as archive:
            names = [name for name in (*required, *optional) if name in archive.files]
            arrays = {name: archive[name] for name in names}
    except UNREADABLE as error:
        raise DataError(f'{path} cannot be read as an npz file: {error}') from error
    missing = [name for name in required if name not in arrays]
    if missing:
        raise DataError(f'{path} has no {", ".join(f"`{name}`" for name in missing)}')
    return arrays
