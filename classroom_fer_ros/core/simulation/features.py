"""
Moving lids, lips and cheeks of a portrait, upright on its canvas.

Lids: plain skin, painted from around the eye, comes down with a line of lashes. Jaw: everything
below the lower lip moves down (or, to close smiling lips, up), and a mouth's inside appears in the
gap. The inverse maps of the jaw are computed once for each step of opening.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from classroom_fer_ros.core.arrays import FloatArray, ImageBgr
from classroom_fer_ros.core.simulation.drawing import blurred, filled, to_picture, warped
from classroom_fer_ros.core.simulation.portrait import ABOVE, SIDE, Portrait

# Lids from corner to corner (mesh indices): upper edge, lower edge.
LIDS = (
    ((33, 246, 161, 160, 159, 158, 157, 173, 133), (33, 7, 163, 144, 145, 153, 154, 155, 133)),
    ((263, 466, 388, 387, 386, 385, 384, 398, 362), (263, 249, 390, 373, 374, 380, 381, 382, 362)),
)
# What a closed eye looks like, in eye widths and shares. The values are those at which the mesh
# reads closed eyes here as it reads real ones (half of the open ratio, see `test_features.py`).
#: Lashes beside an eye, and the crease above it, which its lid smooths.
LASH_REACH, CREASE_REACH = 0.24, 0.36
#: The line that lashes draw under a lid: half width, strength.
LASH_WIDTH, LASH_ALPHA = 0.034, 0.8
#: How far a lid goes below the open eye, how much lighter its round is, and how much it smooths
#: away below its edge.
LID_LOW, LID_LIGHT, COVER = 0.06, 0.07, 0.65
#: How far around skin is taken from, in face heights.
LID_SPREAD = 0.045
EYE_CORNERS = (33, 133, 362, 263)
# Inner lips from the right corner to the left.
UPPER_LIP = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308)
LOWER_LIP = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308)
MOUTH_CORNERS = (61, 291)
NOSE_BOTTOM, CHIN = 2, 152
#: How far a yawn drops the jaw, in face heights.
YAWN_DROP = 0.20
#: Steps of the jaw in face heights: finer than a pixel of most faces.
JAW_STEP = 0.008
SMILE_OUT, SMILE_UP, CHEEK_UP = 0.028, 0.026, 0.014
MOUTH_INSIDE_BGR = np.array([32.0, 22.0, 58.0])
TONGUE_BGR = np.array([78.0, 66.0, 150.0])


@dataclass(frozen=True, slots=True)
class Patch:
    """A rectangle of the canvas."""

    x_min: int
    y_min: int
    x_max: int
    y_max: int

    def of(self, image: ImageBgr) -> ImageBgr:
        """View of this part of an image."""
        return image[self.y_min : self.y_max, self.x_min : self.x_max]

    def grid(self) -> tuple[FloatArray, FloatArray]:
        """Coordinates of its pixels: x of shape (1, w), y of shape (h, 1)."""
        x = np.arange(self.x_min, self.x_max, dtype=np.float32)[None]
        return x, np.arange(self.y_min, self.y_max, dtype=np.float32)[:, None]


class Eyes:
    """Both eyes of a portrait, ready to be closed."""

    def __init__(self, portrait: Portrait) -> None:
        self._points = points = _on_canvas(portrait)
        self._face_px = portrait.face_px
        contours = [points[list(upper + lower[::-1])] for upper, lower in LIDS]
        self._width = float(np.mean([np.ptp(contour[:, 0]) for contour in contours]))
        both = np.concatenate(contours)
        low, high = both.min(axis=0), both.max(axis=0)
        beside, above = ((reach + 0.1) * self._width for reach in (LASH_REACH, CREASE_REACH))
        self.patch = Patch(
            int(low[0] - beside),
            int(low[1] - above),
            int(high[0] + beside) + 1,
            int(high[1] + above) + 1,
        )
        x, _ = self.patch.grid()
        self._upper, self._gap, self._inside = self._lids(x)
        self._region = self._lid_region(contours)

    def bare_skin(self, source: ImageBgr) -> ImageBgr:
        """
        Paint the eyes out.

        :param source: texture of the portrait, shape (h, w, 4)
        :return: the patch with plain skin where the eyes are, shape (rows, columns, 4)
        """
        patch = self.patch.of(source).astype(np.float32)
        around = (1.0 - self._region)[..., None] ** 2 + 1e-4
        spread_px = LID_SPREAD * self._face_px
        skin = blurred(patch * around, spread_px) / blurred(around, spread_px)[..., None]
        return to_picture(patch + (skin - patch) * self._region[..., None])

    def close(self, texture: ImageBgr, source: ImageBgr, bare: ImageBgr, openness: float) -> None:
        """
        Draw the lids.

        :param texture: shape (h, w, 4), written to
        :param source: the same texture with open eyes
        :param bare: what `bare_skin` made of it
        """
        shut = 1.0 - openness
        _, y = self.patch.grid()
        edge = self._upper + shut * (self._gap + LID_LOW * self._width)
        opened = self.patch.of(source).astype(np.float32)
        skin = bare.astype(np.float32)
        # Lid over the eye; the lashes of the open eye fade as it comes down with its own.
        fades = min(3.0 * shut, 1.0)
        lid = np.where(y > self._upper, 1.0, fades) * np.clip(edge - y + 0.5, 0.0, 1.0)
        covers = np.maximum(lid, COVER * shut * shut) * self._region
        skin[..., :3] *= 1.0 + (LID_LIGHT * shut * lid * self._region)[..., None]
        drawn = opened + (skin - opened) * covers[..., None]
        line = np.exp(-(((y - edge) / (LASH_WIDTH * self._width)) ** 2)) * self._inside
        lashes = self._lash_colour(source)
        drawn[..., :3] += (lashes - drawn[..., :3]) * (LASH_ALPHA * fades * line)[..., None]
        self.patch.of(texture)[:] = np.clip(drawn + 0.5, 0, 255)

    def _lids(self, x: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """In each column: upper edge, how far open, and whether an eye is there, (1, w) each."""
        upper_y, gap, inside = (np.zeros_like(x) for _ in range(3))
        middle = float(self._points[list(EYE_CORNERS), 0].mean())
        for upper, lower in LIDS:
            ends = self._points[[upper[0], upper[-1]], 0]
            one = np.sign(x - middle) == np.sign(ends.mean() - middle)
            upper_edge = _curve(self._points, upper, x)
            open_px = np.maximum(_curve(self._points, lower, x) - upper_edge, 0.0)
            margin = 0.04 * self._width
            within = np.clip(
                np.minimum(x - ends.min() + margin, ends.max() + margin - x) / (2.5 * margin), 0, 1
            )
            upper_y += one * upper_edge
            gap += one * open_px
            inside += one * within
        return upper_y, gap, inside

    def _lid_region(self, contours: list[FloatArray]) -> FloatArray:
        """Eyes with their lashes, softly bordered, shape (h, w), 0 to 1."""
        height, width = self.patch.y_max - self.patch.y_min, self.patch.x_max - self.patch.x_min
        corner = (self.patch.x_min, self.patch.y_min)
        masks = [filled((height, width), contour - corner) for contour in contours]
        reach_wh = [2 * round(reach * self._width) + 1 for reach in (LASH_REACH, CREASE_REACH)]
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, reach_wh)
        mask = np.asarray(cv2.dilate(np.maximum(*masks), kernel), np.float32) / 255.0
        return blurred(mask, 0.015 * self._face_px)

    def _lash_colour(self, source: ImageBgr) -> FloatArray:
        eyes = self.patch.of(source)[self._region > 0.9][:, :3]
        return np.asarray(np.percentile(eyes, 5, axis=0))


class Mouth:
    """Mouth, jaw and cheeks of a portrait."""

    def __init__(self, portrait: Portrait) -> None:
        self._points = points = _on_canvas(portrait)
        self._face_px = face_px = portrait.face_px
        height, width = portrait.alpha.shape
        right, left = points[MOUTH_CORNERS[0]], points[MOUTH_CORNERS[1]]
        self._half_face = 0.5 * float(np.ptp(points[:, 0]))
        lowest_eye = max(points[index, 1] for _, lower in LIDS for index in lower)
        self.patch = Patch(
            max(0, int(points[:, 0].min() - 0.06 * face_px)),
            int(lowest_eye + 0.10 * face_px),
            min(width, int(points[:, 0].max() + 0.06 * face_px)),
            min(height, int(points[:, 1].max() + (YAWN_DROP + 0.06) * face_px)),
        )
        x, _ = self.patch.grid()
        self._middle_x = float((right[0] + left[0]) / 2)
        upper, lower = _curve(points, UPPER_LIP, x), _curve(points, LOWER_LIP, x)
        self._lip = np.maximum(upper, lower)
        self._teeth = np.maximum(lower - upper, 0.0)
        self.rest_gap = float(self._teeth.max()) / self._face_px
        self._smile = self._smile_field()
        self._steps: dict[int, tuple[FloatArray, FloatArray]] = {}

    def move(self, texture: ImageBgr, source: ImageBgr, drop: float, smile: float) -> None:
        """
        Draw the mouth.

        :param texture: shape (h, w, 4), written to
        :param source: the same texture with the photograph's mouth
        :param drop: how far the lower lip goes down, in face heights; negative closes the lips
        :param smile: -1 less, 1 more than in the photograph
        """
        origins, gap = self._jaw(round(drop / JAW_STEP))
        origins = origins - smile * self._smile
        moved = warped(source, origins)
        if drop > 0.0:
            _, y = self.patch.grid()
            depth = np.clip((y - self._lip) / (YAWN_DROP * self._face_px), 0.0, 1.0)[..., None]
            tongue = np.clip((depth - 0.35) / 0.5, 0.0, 1.0)
            inside = MOUTH_INSIDE_BGR + (TONGUE_BGR - MOUTH_INSIDE_BGR) * tongue * 0.7
            moved[..., :3] = moved[..., :3] + (inside - moved[..., :3]) * gap[..., None] + 0.5
        self.patch.of(texture)[:] = moved

    def _jaw(self, step: int) -> tuple[FloatArray, FloatArray]:
        """Inverse map, shape (h, w, 2), and how much of the mouth's inside is seen, (h, w)."""
        if step not in self._steps:
            self._steps[step] = self._solve_jaw(step * JAW_STEP * self._face_px)
        return self._steps[step]

    def _solve_jaw(self, drop_px: float) -> tuple[FloatArray, FloatArray]:
        x, y = self.patch.grid()
        at_lip, at_chin = self._profiles(drop_px)
        chin_y = float(self._points[CHIN, 1])
        reach = np.maximum(chin_y - self._lip, 1.0)
        origin = np.broadcast_to(y, (y.shape[0], x.shape[1])).astype(np.float32)
        below = origin >= self._lip + at_lip
        origin = np.where(below, origin - at_lip, origin)
        for _ in range(30):
            share = np.clip((origin - self._lip) / reach, 0.0, 1.0)
            share = share * share * (3.0 - 2.0 * share)
            moved = y - (at_lip + (at_chin - at_lip) * share)
            origin = np.where(below, 0.5 * origin + 0.5 * np.maximum(moved, self._lip), y)
        gap = np.clip(y - self._lip + 0.5, 0.0, 1.0) * np.clip(
            self._lip + at_lip - y + 0.5, 0.0, 1.0
        )
        gap *= at_lip > 0.25
        origins = np.stack([np.broadcast_to(x, origin.shape), origin], axis=-1)
        return origins.astype(np.float32), blurred(gap.astype(np.float32), 0.006 * self._face_px)

    def _profiles(self, drop_px: float) -> tuple[FloatArray, FloatArray]:
        """How far lip and chin move down in each column, pixels, shape (1, w) each."""
        x, _ = self.patch.grid()
        half_mouth = 0.5 * abs(self._points[LOWER_LIP[-1], 0] - self._points[LOWER_LIP[0], 0])
        across = np.clip(np.abs(x - self._middle_x) / half_mouth, 0.0, 1.0)
        jaw = np.clip(np.abs(x - self._middle_x) / (1.12 * self._half_face), 0.0, 1.0)
        at_chin = drop_px * np.maximum(np.cos(np.pi / 2 * jaw), 0.0) ** 0.55
        if drop_px >= 0.0:
            return drop_px * (1.0 - across**2.6) ** 0.6, at_chin
        return -np.minimum(-drop_px, 0.92 * self._teeth), at_chin

    def _smile_field(self) -> FloatArray:
        """How far each pixel moves when the smile grows by one, shape (h, w, 2), pixels."""
        x, y = self.patch.grid()
        field = np.zeros((y.shape[0], x.shape[1], 2), np.float32)
        for corner, sign in zip(MOUTH_CORNERS, (-1.0, 1.0), strict=True):
            corner_x, corner_y = self._points[corner]
            lips = self._bump(x - corner_x, y - corner_y, 0.075)
            cheek = self._bump(
                x - corner_x - sign * 0.05 * self._face_px,
                y - corner_y + 0.13 * self._face_px,
                0.07,
            )
            field[..., 0] += sign * SMILE_OUT * self._face_px * lips
            field[..., 1] -= (SMILE_UP * lips + CHEEK_UP * cheek) * self._face_px
        sides = np.minimum(x - self.patch.x_min, self.patch.x_max - 1 - x)
        border = np.minimum(y - self.patch.y_min, sides)  # the chin may move at the lower border
        return np.asarray(field * np.clip(border / (0.05 * self._face_px), 0.0, 1.0)[..., None])

    def _bump(self, dx: FloatArray, dy: FloatArray, sigma: float) -> FloatArray:
        return np.asarray(np.exp(-(dx**2 + dy**2) / (2 * (sigma * self._face_px) ** 2)))


def _on_canvas(portrait: Portrait) -> FloatArray:
    return portrait.points_xyz[:, :2] + np.array([SIDE, ABOVE]) * portrait.face_px


def _curve(points_xy: FloatArray, indices: tuple[int, ...], x: FloatArray) -> FloatArray:
    """Height of a contour in each column, shape of `x`."""
    contour = points_xy[list(indices)]
    contour = contour[np.argsort(contour[:, 0])]
    return np.interp(x, contour[:, 0], contour[:, 1]).astype(np.float32)
