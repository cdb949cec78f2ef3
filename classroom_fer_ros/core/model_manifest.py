"""
Third-party models: where their owners publish them, and the copies in the user's cache.

Nothing is downloaded unasked: `find_model` only looks, `fetch_model` is what a command calls.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import IO

import yaml

from classroom_fer_ros.core.errors import ModelError
from classroom_fer_ros.core.model_card import sha256_of
from classroom_fer_ros.core.model_files import PACKAGE, models_dir

MANIFEST_FILE = 'manifest.yaml'
TIMEOUT_S = 30.0
PORTION_BYTES = 1 << 16
#: More than any model of the manifest: a server that sends without end is not listened to.
MAX_BYTES = 200_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ThirdPartyModel:
    """
    One model of the manifest.

    :param file: its name in the cache, without folders
    :param sha256: of the file, in hexadecimal digits
    :param source: who publishes it
    """

    name: str
    file: str
    url: str
    sha256: str
    licence: str
    source: str
    purpose: str

    def __post_init__(self) -> None:
        if Path(self.file).name != self.file:
            raise ModelError(f'model {self.name}: {self.file!r} must be a file name')
        if not re.fullmatch('[0-9a-f]{64}', self.sha256):
            raise ModelError(f'model {self.name}: {self.sha256!r} is no sha256')

    @property
    def cached(self) -> Path:
        """Where the cache has it, or would."""
        return cache_dir() / self.file

    @property
    def command(self) -> str:
        """What a person types to fetch it."""
        return f'python -m classroom_fer_ros.fetch_models {self.name}'


def cache_dir() -> Path:
    """Folder of fetched models, in the user's cache (XDG Base Directory Specification)."""
    chosen = os.environ.get('XDG_CACHE_HOME', '')
    # The specification has relative paths ignored.
    base = Path(chosen) if chosen and Path(chosen).is_absolute() else Path.home() / '.cache'
    return base / PACKAGE / 'models'


def load_manifest(path: Path | None = None) -> dict[str, ThirdPartyModel]:
    """
    Models that can be fetched, by name.

    :param path: manifest to read instead of the project's
    :raises ModelError: if it is missing, is no YAML or lacks a field
    """
    path = path or models_dir() / MANIFEST_FILE
    try:
        entries = yaml.safe_load(path.read_text(encoding='utf-8'))
        return {
            str(name): ThirdPartyModel(
                name=str(name), **{key: str(value) for key, value in entry.items()}
            )
            for name, entry in entries.items()
        }
    except OSError as error:
        raise ModelError(f'manifest {path} cannot be read: {error.strerror}') from error
    except (yaml.YAMLError, ValueError, TypeError, AttributeError) as error:
        needed = ', '.join(field.name for field in fields(ThirdPartyModel)[1:])
        raise ModelError(f'{path} is no manifest of models with {needed} each: {error}') from error


def find_model(name: str, manifest: Path | None = None) -> Path:
    """
    Look a model up in the cache.

    :raises ModelError: if it was not fetched, saying which command does, if the file is not the
        published one, or if there is no such model
    """
    model = _entry(name, manifest)
    if not model.cached.is_file():
        raise ModelError(f'model {name} was not fetched yet: run `{model.command}`')
    found = sha256_of(model.cached)
    if found != model.sha256:
        raise ModelError(
            f'{model.cached} is not the published model {name}: sha256 is {found}, must be '
            f'{model.sha256}; delete it and run `{model.command}`'
        )
    return model.cached


def fetch_model(name: str, source: str | None = None, manifest: Path | None = None) -> Path:
    """
    Put a model into the cache; one that is there already stays.

    :param source: file, or folder with it, to copy; None to download from its owners
    :raises ModelError: if it cannot be had, or is not the published file: then the cache stays
        as it was
    """
    model = _entry(name, manifest)
    if model.cached.is_file() and sha256_of(model.cached) == model.sha256:
        return model.cached
    try:
        model.cached.parent.mkdir(parents=True, exist_ok=True)
        with _part_file(model.cached.parent) as part:
            with part.open('wb') as copy, closing(_open(model, source)) as original:
                found = _copy(original, copy)
            if found != model.sha256:
                raise ModelError(
                    f'{source or model.url} is not the published model {name}: sha256 is '
                    f'{found}, must be {model.sha256}; nothing was installed'
                )
            part.chmod(0o644)
            part.replace(model.cached)
    except (OSError, ValueError) as error:  # urllib's errors are OSErrors, a bad URL a ValueError
        raise ModelError(
            f'model {name} cannot be fetched from {source or model.url}: {error}; with the file '
            f'at hand, run `{model.command} --from FILE`'
        ) from error
    return model.cached


def _entry(name: str, manifest: Path | None) -> ThirdPartyModel:
    models = load_manifest(manifest)
    if name not in models:
        raise ModelError(f'no model {name!r} in the manifest: it has {", ".join(models)}')
    return models[name]


@contextmanager
def _part_file(folder: Path) -> Iterator[Path]:
    """An empty file beside the final one, so that moving it is atomic; gone afterwards."""
    handle, path = tempfile.mkstemp(suffix='.part', dir=folder)
    os.close(handle)
    try:
        yield Path(path)
    finally:
        Path(path).unlink(missing_ok=True)


def _open(model: ThirdPartyModel, source: str | None) -> IO[bytes]:
    if source is not None:
        path = Path(source).expanduser()
        return (path / model.file if path.is_dir() else path).open('rb')
    if not model.url.startswith(('https://', 'http://')):
        raise ValueError('only http and https addresses are fetched')
    request = urllib.request.Request(model.url, headers={'User-Agent': PACKAGE})
    response: IO[bytes] = urllib.request.urlopen(request, timeout=TIMEOUT_S)
    return response


def _copy(original: IO[bytes], copy: IO[bytes]) -> str:
    """Copy to the end; the sha256 of what was copied."""
    digest, size = hashlib.sha256(), 0
    while portion := original.read(PORTION_BYTES):
        size += len(portion)
        if size > MAX_BYTES:
            raise ValueError(f'more than {MAX_BYTES} bytes came')
        digest.update(portion)
        copy.write(portion)
    return digest.hexdigest()
