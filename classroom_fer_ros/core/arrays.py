"""Array types shared by the core, named after what they hold."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

#: Colour picture, uint8, shape (height, width, 3), channel order blue, green, red.
ImageBgr = npt.NDArray[np.uint8]
#: Gray picture, uint8, shape (height, width).
ImageGray = npt.NDArray[np.uint8]
#: Floating-point array of any shape; the docstring beside its use gives the shape and the unit.
FloatArray = npt.NDArray[np.floating[Any]]
#: (x_min, y_min, x_max, y_max) in pixels of the source picture, may reach beyond its border.
BoxXyxy = tuple[float, float, float, float]
