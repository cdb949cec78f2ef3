"""What every test may ask for: the folder of real pictures and films."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope='session')
def data_dir() -> Path:
    """Folder of real pictures and films, ``CLASSROOM_FER_DATA``; skips where missing."""
    folder = Path(os.environ.get('CLASSROOM_FER_DATA', ROOT.parent / 'shared' / 'data'))
    if not folder.is_dir():
        pytest.skip(f'no data in {folder}: set CLASSROOM_FER_DATA to the folder of test pictures')
    return folder
