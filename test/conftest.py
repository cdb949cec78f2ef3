"""What every test may ask for: the folder of real pictures and films, and a quiet ROS domain."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# Before anything imports rclpy: tests talk to this machine only, and not to other test runs on it.
os.environ['ROS_AUTOMATIC_DISCOVERY_RANGE'] = 'LOCALHOST'
os.environ.setdefault('ROS_DOMAIN_ID', str(1 + os.getpid() % 100))
# Nor anything to do with what this user has captured or trained.
_HOME = tempfile.TemporaryDirectory(prefix='classroom_fer_')
os.environ['CLASSROOM_FER_HOME'] = _HOME.name


@pytest.fixture(scope='session')
def data_dir() -> Path:
    """Folder of real pictures and films, ``CLASSROOM_FER_DATA``; skips where missing."""
    folder = Path(os.environ.get('CLASSROOM_FER_DATA', ROOT.parent / 'shared' / 'data'))
    if not folder.is_dir():
        pytest.skip(f'no data in {folder}: set CLASSROOM_FER_DATA to the folder of test pictures')
    return folder
