"""Where the project's own models lie."""

from __future__ import annotations

import os
import sysconfig
from pathlib import Path

from classroom_fer_ros.core.errors import ModelError

ENVIRONMENT_VARIABLE = 'CLASSROOM_FER_MODELS'
PACKAGE = 'classroom_fer_ros'


def models_dir() -> Path:
    """
    Folder of the models: the environment's, the checkout's or the installed package's.

    :raises ModelError: if there is none
    """
    chosen = os.environ.get(ENVIRONMENT_VARIABLE)
    candidates = [Path(chosen)] if chosen else shared_folders('models')
    for folder in candidates:
        if folder.is_dir():
            return folder
    raise ModelError(
        f'no folder of models in {", ".join(map(str, candidates))}: '
        f'set {ENVIRONMENT_VARIABLE} to the folder that holds the model cards'
    )


def shared_folders(name: str) -> list[Path]:
    """Where a folder of the package may lie: in the checkout, or in the installed package."""
    prefixes = os.environ.get('AMENT_PREFIX_PATH', '').split(os.pathsep)
    prefixes.append(sysconfig.get_path('data'))
    return [
        Path(__file__).resolve().parents[2] / name,
        *(Path(prefix) / 'share' / PACKAGE / name for prefix in prefixes if prefix),
    ]
