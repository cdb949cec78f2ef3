"""
A photograph as the simulation uses it: a head cut out, upright, with its fitted mesh.

All lengths of a portrait are pixels of its canvas, whose scale is chosen so that a face is
`face_px` high. GrabCut (Rother et al., 2004), told by the mesh where the face is, finds the hair.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from classroom_fer_ros.core.arrays import FloatArray, ImageBgr, ImageGray
from classroom_fer_ros.core.detection import FullRangeDetector
from classroom_fer_ros.core.errors import SourceError
from classroom_fer_ros.core.head_pose import RIGID_LANDMARKS, HeadPoseEstimator
from classroom_fer_ros.core.labels import EXPRESSION_LABELS
from classroom_fer_ros.core.mesh import FaceMesh, roi_from_detection, roi_from_landmarks
from classroom_fer_ros.core.model_files import models_dir
from classroom_fer_ros.core.package_files import package_file
from classroom_fer_ros.core.simulation.drawing import blurred, filled, to_picture
from classroom_fer_ros.core.simulation.turning import rotation_of

#: Canvas around the middle of a face, in face heights: left and right, above, below.
SIDE, ABOVE, BELOW = 1.05, 1.15, 0.95
#: Ring of the mesh around the face, from the forehead clockwise in the picture.
FACE_OVAL = (
    *(10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377),
    *(152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109),
)
#: Part of `FACE_OVAL` below the ears: what the neck is cut off along.
JAW = FACE_OVAL[10:27]
#: The mesh is flatter than a head: turned by 30 degrees without this it reads as 26.
DEPTH_GAIN = 1.15
GRABCUT_ROUNDS = 4
PHOTO_SUFFIXES = ('.jpg', '.jpeg', '.png')


@dataclass(frozen=True, slots=True, kw_only=True)
class Portrait:
    """
    A head on its canvas.

    :param texture_bgr: shape (height, width, 3), uint8
    :param alpha: shape (height, width), uint8; 255 on the head, soft at its border
    :param points_xyz: shape (468, 3), canvas pixels, x and y from the middle of the face, z away
    :param rest_rotation: shape (3, 3), turns a face that looks into the camera into this one
    :param face_px: height of the mesh
    :param label: expression, empty where it is not known
    """

    texture_bgr: ImageBgr
    alpha: ImageGray
    points_xyz: FloatArray
    rest_rotation: FloatArray
    face_px: float
    label: str = ''

    @property
    def center_xy(self) -> tuple[float, float]:
        """Where the middle of the face lies on the canvas."""
        return SIDE * self.face_px, ABOVE * self.face_px


@dataclass(frozen=True, slots=True)
class Photograph:
    """A picture of one face and what it is known to show."""

    image_bgr: ImageBgr
    path: Path
    label: str = ''


def shipped_photograph() -> Photograph:
    """
    Photograph that scikit-image ships.

    :raises ModelError: if scikit-image is not installed
    """
    return _read_photograph(package_file('scikit-image', 'skimage/data/astronaut.png'), '')


def read_people(folder: Path) -> list[list[Photograph]]:
    """
    Read own photographs, ``<name>/<label>.jpg``.

    :return: one list a person, neutral first
    :raises SourceError: if there are none, or a file is no picture or named after no expression
    """
    if not folder.is_dir():
        raise SourceError(f'people_dir {folder}: no such folder')
    people = []
    for person in sorted(path for path in folder.iterdir() if path.is_dir()):
        files = [
            path for path in sorted(person.iterdir()) if path.suffix.lower() in PHOTO_SUFFIXES
        ]
        photographs = [_read_photograph(path, _label_of(path)) for path in files]
        if photographs:
            people.append(sorted(photographs, key=lambda photo: photo.label != 'neutral'))
    if not people:
        raise SourceError(f'people_dir {folder}: holds no <name>/<label>.jpg')
    return people


def _label_of(path: Path) -> str:
    if path.stem not in EXPRESSION_LABELS:
        raise SourceError(
            f'{path}: {path.stem!r} is no expression, '
            f'name it one of {", ".join(EXPRESSION_LABELS)}'
        )
    return path.stem


def _read_photograph(path: Path, label: str) -> Photograph:
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise SourceError(f'{path}: cannot be read as a picture')
    return Photograph(np.asarray(image, np.uint8), path, label)


class PortraitMaker:
    """Makes portraits of photographs; holds the networks that find a face."""

    def __init__(self) -> None:
        """:raises ModelError: if a model file is missing"""
        self._detector = FullRangeDetector(num_threads=1)
        self._mesh = FaceMesh(num_threads=1)
        self._pose = HeadPoseEstimator(models_dir() / 'face_shape.json')

    def __call__(self, photograph: Photograph, face_px: float, is_mirrored: bool) -> Portrait:
        """
        Cut the largest face of a photograph out.

        :param face_px: how high the face shall be on its canvas
        :raises SourceError: if there is no face
        """
        image = photograph.image_bgr
        if is_mirrored:
            image = np.ascontiguousarray(image[:, ::-1])
        points = self._fit(image, photograph.path)
        canvas, inside, points = _to_canvas(image, points, face_px)
        alpha = np.minimum(_head_alpha(canvas, points, face_px), inside)
        rest_rotation = rotation_of(self._pose(points))
        points[:, 2] *= DEPTH_GAIN
        return Portrait(
            texture_bgr=_without_background(canvas, alpha, face_px),
            alpha=alpha,
            points_xyz=points,
            rest_rotation=rest_rotation,
            face_px=face_px,
            label=photograph.label,
        )

    def _fit(self, image_bgr: ImageBgr, path: Path) -> FloatArray:
        # With room around it: faces that fill their picture are not detected.
        margin = max(image_bgr.shape[:2]) // 3
        roomy = cv2.copyMakeBorder(image_bgr, margin, margin, margin, margin, cv2.BORDER_REPLICATE)
        faces = self._detector(np.asarray(roomy, np.uint8))
        if not faces:
            raise SourceError(f'{path}: no face in it')
        face = max(faces, key=lambda one: one.box_xyxy[3] - one.box_xyxy[1])
        roi = roi_from_detection(face)
        roi = replace(roi, center_x=roi.center_x - margin, center_y=roi.center_y - margin)
        for _ in range(2):  # the second fit starts from the first
            (landmarks,) = self._mesh(image_bgr, [roi])
            roi = roi_from_landmarks(landmarks.points_xy)
        if landmarks.quality < 0.5:
            raise SourceError(f'{path}: no face in it')
        return landmarks.points_xyz.astype(np.float64)


def _to_canvas(
    image_bgr: ImageBgr, points_xyz: FloatArray, face_px: float
) -> tuple[ImageBgr, ImageGray, FloatArray]:
    """Turn the photograph upright and to scale: canvas, where it is filled, mesh around (0, 0)."""
    across = points_xyz[263, :2] - points_xyz[33, :2]
    cos, sin = across / np.linalg.norm(across)
    upright = points_xyz[:, :2] @ np.array([[cos, -sin], [sin, cos]])
    scale = face_px / float(np.ptp(upright[:, 1]))
    linear = scale * np.array([[cos, sin], [-sin, cos]])
    placed = points_xyz[:, :2] @ linear.T
    middle = (placed.min(axis=0) + placed.max(axis=0)) / 2
    shift = np.array([SIDE, ABOVE]) * face_px - middle
    size_wh = (round(2 * SIDE * face_px), round((ABOVE + BELOW) * face_px))
    to_canvas = np.hstack([linear, shift[:, None]])
    if scale < 0.5:  # averages before it shrinks, so that nothing flickers
        image_bgr = np.asarray(cv2.GaussianBlur(image_bgr, (0, 0), 0.35 / scale), np.uint8)
    canvas = cv2.warpAffine(
        image_bgr, to_canvas, size_wh, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    filled = np.full(image_bgr.shape[:2], 255, np.uint8)
    inside = cv2.GaussianBlur(cv2.warpAffine(filled, to_canvas, size_wh), (0, 0), 0.02 * face_px)
    z = points_xyz[:, 2:] * scale
    return (
        np.asarray(canvas, np.uint8),
        np.asarray(inside, np.uint8),
        np.hstack([placed - middle, z - z[list(RIGID_LANDMARKS)].mean()]),
    )


def _head_alpha(canvas_bgr: ImageBgr, points_xyz: FloatArray, face_px: float) -> ImageGray:
    """Where hair and face are, with a soft border; the neck is cut off along the jaw."""
    middle = np.array([SIDE, ABOVE]) * face_px
    mask = np.full(canvas_bgr.shape[:2], cv2.GC_BGD, np.uint8)
    above = (round(float(middle[0])), round(float(middle[1]) - 0.14 * face_px))
    for half_wh, value in (((0.84, 1.02), cv2.GC_PR_BGD), ((0.64, 0.80), cv2.GC_PR_FGD)):
        axes = (round(half_wh[0] * face_px), round(half_wh[1] * face_px))
        cv2.ellipse(mask, above, axes, 0, 0, 360, (value,), -1)
    face = filled(mask.shape, points_xyz[list(FACE_OVAL), :2] + middle)
    mask[face > 0] = cv2.GC_FGD
    cv2.setRNGSeed(1)  # GrabCut's clustering draws from OpenCV's generator
    back, front = (np.zeros((1, 65)) for _ in range(2))
    anywhere = (0, 0, 1, 1)  # not looked at where a mask is given
    cv2.grabCut(canvas_bgr, mask, anywhere, back, front, GRABCUT_ROUNDS, cv2.GC_INIT_WITH_MASK)
    head = _gray((mask == cv2.GC_FGD) | (mask == cv2.GC_PR_FGD))
    head &= ~_neck(canvas_bgr.shape[:2], points_xyz, face_px)
    # Without tips of collars, which hang on the head by a thread.
    width = 2 * round(0.05 * face_px) + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width))
    head = _largest_part(np.asarray(cv2.morphologyEx(head, cv2.MORPH_OPEN, kernel), np.uint8))
    # Drawn in by the softness, so that no background shines through at the border.
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3))
    return blurred(np.asarray(cv2.erode(head, kernel), np.uint8), 0.010 * face_px)


def _without_background(canvas_bgr: ImageBgr, alpha: ImageGray, face_px: float) -> ImageBgr:
    """Carry the head's colours over its border, so that no background shines through there."""
    width = max(3, round(0.02 * face_px)) | 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width))
    inner = np.asarray(cv2.erode(_gray(alpha > 250), kernel), np.float32) / 255
    sums = blurred(canvas_bgr * inner[..., None], 0.02 * face_px)
    weights = blurred(inner, 0.02 * face_px)[..., None]
    carried = sums / np.maximum(weights, 1e-3)
    edge = blurred(inner, 0.006 * face_px)[..., None]
    return to_picture(carried + (canvas_bgr - carried) * edge)


def _neck(shape: tuple[int, ...], points_xyz: FloatArray, face_px: float) -> ImageGray:
    """Everything below the jaw line, which is carried on sideways from the ears."""
    jaw = points_xyz[list(JAW), :2] + np.array([SIDE, ABOVE]) * face_px
    jaw[:, 1] += 0.012 * face_px
    jaw = jaw[np.argsort(jaw[:, 0])]
    height, width = shape[:2]
    line_y = np.interp(np.arange(width), jaw[:, 0], jaw[:, 1])
    outside = (np.arange(width) < jaw[0, 0]) | (np.arange(width) > jaw[-1, 0])
    line_y[outside] = jaw[:, 1].max()  # long hair hangs beside the jaw
    return _gray(np.arange(height)[:, None] > line_y[None])


def _largest_part(mask: ImageGray) -> ImageGray:
    count, parts, stats, _ = cv2.connectedComponentsWithStats(mask)
    if count < 2:
        return mask
    largest = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    return _gray(np.asarray(parts) == largest)


def _gray(mask: npt.NDArray[np.bool_]) -> ImageGray:
    return np.where(mask, 255, 0).astype(np.uint8)
