"""Where this user's own data lie: captured faces and models that were trained here."""

from __future__ import annotations

import os
from pathlib import Path

ENVIRONMENT_VARIABLE = 'CLASSROOM_FER_HOME'


def user_data_dir() -> Path:
    """The folder of ``CLASSROOM_FER_HOME``, or `classroom_fer_ros` where XDG puts user data."""
    chosen = os.environ.get(ENVIRONMENT_VARIABLE)
    if chosen:
        return Path(chosen).expanduser()
    base = os.environ.get('XDG_DATA_HOME') or '~/.local/share'
    return Path(base).expanduser() / 'classroom_fer_ros'
