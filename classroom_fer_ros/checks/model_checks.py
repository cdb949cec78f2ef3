"""The models: cards and weights, MediaPipe's files, what was fetched."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from importlib import metadata
from pathlib import Path

from classroom_fer_ros.checks.finding import Finding, ok, problem
from classroom_fer_ros.core.errors import ClassroomFerError
from classroom_fer_ros.core.model_card import load_card
from classroom_fer_ros.core.model_files import models_dir
from classroom_fer_ros.core.model_registry import SHIPPED, ModelRegistry
from classroom_fer_ros.core.package_files import package_file

RESTORE = 'restore it with `git checkout models`, or install the package again'
MEDIAPIPE_FILES = (
    'mediapipe/modules/face_landmark/face_landmark.tflite',
    'mediapipe/modules/face_detection/face_detection_full_range_sparse.tflite',
)


def check_models(folder: Path | None = None) -> Iterator[Finding]:
    """Every card of the folder of models, and the weights that it names."""
    try:
        folder = folder or models_dir()
    except ClassroomFerError as error:
        yield problem('models', 'not found', str(error))
        return
    cards = sorted(folder.glob('*.json'))
    if not cards:
        yield problem('models', f'no cards in {folder}', RESTORE)
    for path in cards:
        yield _check_card(path)


def _check_card(path: Path) -> Finding:
    try:
        if 'sha256' not in json.loads(path.read_text(encoding='utf-8')):
            return ok(path.name, 'readable')
        card = load_card(path)
    except (OSError, ValueError, ClassroomFerError) as error:
        return problem(path.name, f'no model card ({error})', RESTORE)
    try:
        card.check_weights()
    except ClassroomFerError as error:
        return problem(path.name, str(error), RESTORE)
    return ok(path.name, f'{card.name}, sha256 as on the card')


def check_installed() -> Iterator[Finding]:
    """Models that were trained here and are in use instead of the package's."""
    for model in ('expression', 'facenet'):
        name = f'{model} in use'
        try:
            registry = ModelRegistry()
            version = registry.history(model)[-1]
            if version != SHIPPED:
                yield replace(_check_card(registry.card(model)), subject=name)
        except ClassroomFerError as error:
            yield problem(name, 'cannot be used', str(error))


def check_mediapipe(files: tuple[str, ...] = MEDIAPIPE_FILES) -> Iterator[Finding]:
    """Detector and mesh in MediaPipe's wheel, against the hashes in its record."""
    for file in files:
        name = Path(file).name
        try:
            path = package_file('mediapipe', file)
        except ClassroomFerError as error:
            yield problem(name, 'not found', str(error))
            continue
        recorded = _recorded_hash('mediapipe', file)
        digest = base64.urlsafe_b64encode(hashlib.sha256(path.read_bytes()).digest())
        if recorded and digest.rstrip(b'=').decode() != recorded:
            yield problem(
                name,
                f'{path} is not the file that mediapipe shipped',
                '`.venv/bin/python -m pip install --force-reinstall --no-deps mediapipe==0.10.21`',
            )
        else:
            yield ok(name, f'mediapipe {metadata.version("mediapipe")}')


def _recorded_hash(distribution: str, file: str) -> str:
    for entry in metadata.files(distribution) or ():
        if str(entry) == file and entry.hash is not None:
            return entry.hash.value
    return ''


def check_fetched() -> Iterator[Finding]:
    """Third-party models, which are optional."""
    try:
        from classroom_fer_ros.core.model_manifest import find_model, load_manifest

        models = load_manifest()
    except (ImportError, ClassroomFerError) as error:
        yield problem('manifest', str(error), RESTORE)
        return
    for model in models.values():
        if not model.cached.is_file():
            yield ok(model.name, f'not fetched (optional, `{model.command}`)')
            continue
        try:
            yield ok(model.name, str(find_model(model.name)))
        except ClassroomFerError as error:
            yield problem(model.name, 'broken', str(error))
