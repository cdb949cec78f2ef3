"""What a session was made with: profile, source, models and versions, beside its tables."""

from __future__ import annotations

import json
import platform
from dataclasses import asdict, dataclass, field
from importlib import metadata
from pathlib import Path

from classroom_fer_ros.core.errors import DataError, SourceError

FILE_NAME = 'session.json'
#: Packages whose version matters to the results.
PACKAGES = (
    'classroom_fer_ros',
    'numpy',
    'opencv-python-headless',
    'onnxruntime',
    'ai-edge-litert',
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionCard:
    """
    One session.

    :param is_identifying: whether there was a gallery of enrolled people
    :param models: name of the model behind each question
    :param versions: by package, and of Python
    """

    profile: str
    source: str
    is_identifying: bool = False
    models: dict[str, str] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)

    def write(self, folder: Path) -> None:
        """:raises SourceError: if the folder cannot be written to"""
        text = json.dumps(asdict(self), indent=1, ensure_ascii=False) + '\n'
        try:
            (folder / FILE_NAME).write_text(text, encoding='utf-8')
        except OSError as error:
            raise SourceError(f'cannot write {folder / FILE_NAME}: {error.strerror}') from error


def read_card(folder: Path) -> SessionCard | None:
    """
    The card of a session; None where an older version left none.

    :raises DataError: if it cannot be read
    """
    path = folder / FILE_NAME
    if not path.is_file():
        return None
    try:
        return SessionCard(**json.loads(path.read_text(encoding='utf-8')))
    except (OSError, ValueError, TypeError) as error:
        raise DataError(f'{path}: not the card of a session ({error})') from error


def installed_versions() -> dict[str, str]:
    """Versions of Python and of the packages behind the results; missing ones are left out."""
    versions = {'python': platform.python_version()}
    for name in PACKAGES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions
