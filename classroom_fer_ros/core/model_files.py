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
    if chosen:
        candidates = [Path(chosen)]
    else:
        prefixes = os.environ.get('AMENT_PREFIX_PATH', '').split(os.pathsep)
        prefixes.append(sysconfig.get_path('data'))
        candidates = [Path(__file__).resolve().parents[2] / 'models']
        candidates += [
            Path(prefix) / 'share' / PACKAGE / 'models' for prefix in prefixes if prefix
        ]
    for folder in candidates:
        if folder.is_dir():
            return folder
    raise ModelError(
        f'no folder of models in {", ".join(map(str, candidates))}: '
        f'set {ENVIRONMENT_VARIABLE} to the folder that holds the model cards'
    )
