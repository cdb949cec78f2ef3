"""Files that installed packages ship (models, one photograph), found without importing them."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

from classroom_fer_ros.core.errors import ModelError


def package_file(distribution: str, relative_path: str) -> Path:
    """
    Locate a file inside an installed distribution.

    Importing the package is avoided on purpose: MediaPipe's own import pulls in dependencies that
    reading its model files does not need.

    :param distribution: name as on PyPI, for example ``'mediapipe'``
    :param relative_path: path below site-packages, with forward slashes
    :raises ModelError: if the distribution or the file is missing, naming the pip command
    """
    try:
        path = Path(str(metadata.distribution(distribution).locate_file(relative_path)))
    except metadata.PackageNotFoundError as error:
        raise ModelError(
            f'package {distribution!r} is not installed, {relative_path} is read from it: '
            'run `make setup`'
        ) from error
    if not path.is_file():
        raise ModelError(
            f'{distribution} {metadata.version(distribution)} does not ship {relative_path}: '
            'install the release that requirements/assets.txt names with `make setup`'
        )
    return path
