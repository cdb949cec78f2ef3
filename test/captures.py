"""Captured faces that tests can foretell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from classroom_fer_ros.core.arrays import ImageBgr
from classroom_fer_ros.core.capture_record import CaptureRecord, Reason
from classroom_fer_ros.core.capture_store import CROPS, CaptureStore, new_id

QUOTA = 10_000_000
NOW_S = 1_000_000.0


def crop(seed: int = 0) -> ImageBgr:
    """Noise in the shape of an aligned crop."""
    return np.random.default_rng(seed).integers(0, 255, (112, 112, 3), np.uint8)


def record(**fields: Any) -> CaptureRecord:
    """What could be known of a face."""
    values: dict[str, Any] = {
        'capture_id': new_id(),
        'stamp_ns': 5_000_000_000,
        'captured_at_s': NOW_S,
        'expires_at_s': NOW_S + 100.0,
        'session': 'monday',
        'face_id': '1',
        'reason': Reason.UNCERTAIN,
        'label': 'happy',
    }
    return CaptureRecord(**(values | fields))


def add(store: CaptureStore, seed: int = 0, quota: int = QUOTA, **fields: Any) -> CaptureRecord:
    """Keep one."""
    return store.add(crop(seed), record(**fields), quota)


def files(folder: Path) -> set[Path]:
    """Every file among the crops."""
    return {path for path in (folder / CROPS).rglob('*') if path.is_file()}


def tear(archive: Path) -> None:
    """Write over the beginning of what is packed in an npz file; its directory stays."""
    content = bytearray(archive.read_bytes())
    start = (
        30 + int.from_bytes(content[26:28], 'little') + int.from_bytes(content[28:30], 'little')
    )
    content[start : start + 50] = b'\xff' * 50
    archive.write_bytes(content)
