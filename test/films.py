"""Reading the real films that tests play."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2

from classroom_fer_ros.core.frame import Frame


def read_film(path: Path, first: int = 0, last: int | None = None) -> Iterator[Frame]:
    """Pictures of a film from `first` up to, not including, `last`, stamped by position."""
    capture = cv2.VideoCapture(str(path))
    assert capture.isOpened(), path
    fps = capture.get(cv2.CAP_PROP_FPS)
    index = 0
    while last is None or index < last:
        is_read, image = capture.read()
        if not is_read:
            break
        if index >= first:
            yield Frame(image, round(index / fps * 1e9), index)
        index += 1
    capture.release()
