"""
Lifting of dark pictures before analysis; normal pictures pass untouched.

A gamma curve brings the mean luminance up to a target, contrast-limited adaptive histogram
equalisation (CLAHE: Zuiderveld, 1994) then spreads what little contrast there is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import cv2
import numpy as np

from classroom_fer_ros.core.arrays import ImageBgr
from classroom_fer_ros.core.errors import ConfigError
from classroom_fer_ros.core.settings import check

#: The mean is taken from every n-th pixel of every n-th row.
SAMPLING_STEP = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class LightConfig:
    """When pictures count as dark, and how far they are lifted."""

    is_enabled: bool = field(default=True, metadata={'description': 'lift dark pictures'})
    on_below: float = field(
        default=55.0,
        metadata={
            'description': 'mean luminance below which correction begins',
            'unit': 'gray levels',
            'range': (0.0, 255.0),
        },
    )
    off_above: float = field(
        default=70.0,
        metadata={
            'description': 'mean luminance above which it ends',
            'unit': 'gray levels',
            'range': (0.0, 255.0),
        },
    )
    target: float = field(
        default=110.0,
        metadata={
            'description': 'mean luminance after correction',
            'unit': 'gray levels',
            'range': (1.0, 254.0),
        },
    )
    min_gamma: float = field(
        default=0.35,
        metadata={'description': 'strongest lift; noise grows with it', 'range': (0.1, 1.0)},
    )
    clahe_clip: float = field(
        default=2.0,
        metadata={'description': 'contrast limit of CLAHE; 0 leaves it out', 'range': (0.0, 10.0)},
    )

    def __post_init__(self) -> None:
        check(self)
        if not self.on_below <= self.off_above:
            raise ConfigError('off_above', self.off_above, 'must not be below on_below')


class LightCorrection:
    """Lifts the pictures of one source; remembers only whether it was lifting."""

    def __init__(self, config: LightConfig | None = None) -> None:
        self._config = config or LightConfig()
        self._is_lifting = False
        self._clahe = cv2.createCLAHE(max(self._config.clahe_clip, 0.01), (8, 8))

    @property
    def is_lifting(self) -> bool:
        """Whether the last picture was dark."""
        return self._is_lifting

    def __call__(self, image_bgr: ImageBgr) -> ImageBgr:
        """
        Lift a picture if it is dark.

        :param image_bgr: shape (height, width, 3), uint8
        :return: the same array if nothing was done, else a new one
        """
        if not self._config.is_enabled or image_bgr.size == 0:
            return image_bgr
        mean = mean_luminance(image_bgr)
        limit = self._config.off_above if self._is_lifting else self._config.on_below
        self._is_lifting = mean < limit
        return self._lift(image_bgr, mean) if self._is_lifting else image_bgr

    def _lift(self, image_bgr: ImageBgr, mean: float) -> ImageBgr:
        # mean ** gamma = target, both as shares of white
        gamma = math.log(self._config.target / 255.0) / math.log(max(mean, 1.0) / 255.0)
        gamma = min(1.0, max(self._config.min_gamma, gamma))
        curve = np.rint(255.0 * (np.arange(256) / 255.0) ** gamma).astype(np.uint8)
        lifted = np.asarray(cv2.LUT(image_bgr, curve), np.uint8)
        if self._config.clahe_clip == 0.0:
            return lifted
        luma, chroma_red, chroma_blue = cv2.split(cv2.cvtColor(lifted, cv2.COLOR_BGR2YCrCb))
        spread = cv2.merge([self._clahe.apply(luma), chroma_red, chroma_blue])
        return np.asarray(cv2.cvtColor(spread, cv2.COLOR_YCrCb2BGR), np.uint8)


def mean_luminance(image_bgr: ImageBgr) -> float:
    """Mean luma (ITU-R BT.601) of a picture, 0 to 255."""
    sampled = np.ascontiguousarray(image_bgr[::SAMPLING_STEP, ::SAMPLING_STEP])
    count = sampled.shape[0] * sampled.shape[1]
    blue, green, red = (total / count for total in cv2.sumElems(sampled)[:3])
    return 0.114 * blue + 0.587 * green + 0.299 * red
