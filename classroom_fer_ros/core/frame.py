"""One picture with its stamp, as sources deliver it and every stage receives it."""

from __future__ import annotations

from dataclasses import dataclass

from classroom_fer_ros.core.arrays import ImageBgr


@dataclass(frozen=True, slots=True)
class Frame:
    """
    A picture and when it was taken.

    :param image_bgr: uint8, shape (height, width, 3); nobody writes to it after it was read
    :param stamp_ns: acquisition time in nanoseconds since the epoch (or since a film's start)
    :param index: running number within the source, starting at 0; gaps are dropped pictures
    :param is_still: a photograph that has nothing to do with the picture before it
    """

    image_bgr: ImageBgr
    stamp_ns: int
    index: int = 0
    is_still: bool = False

    @property
    def stamp_s(self) -> float:
        """Acquisition time in seconds."""
        return self.stamp_ns * 1e-9

    @property
    def size_wh(self) -> tuple[int, int]:
        """Width and height in pixels."""
        height, width = self.image_bgr.shape[:2]
        return width, height
