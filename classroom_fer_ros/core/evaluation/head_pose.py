"""Error of head poses on pictures with AFLW2000's poses, and on simulated films."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from classroom_fer_ros.core.arrays import BoxXyxy, FloatArray, ImageBgr
from classroom_fer_ros.core.detection import DetectionConfig
from classroom_fer_ros.core.errors import DataError
from classroom_fer_ros.core.evaluation.aflw import POSE_KEY, AflwPose, aflw_angles, read_aflw
from classroom_fer_ros.core.face_finding import FaceFinder
from classroom_fer_ros.core.film_analysis import open_film
from classroom_fer_ros.core.frame import Frame
from classroom_fer_ros.core.head_motion import HeadMotionConfig
from classroom_fer_ros.core.head_pose import HeadPoseEstimator
from classroom_fer_ros.core.light import LightConfig
from classroom_fer_ros.core.mesh import FaceMesh, RegionOfInterest, roi_from_landmarks
from classroom_fer_ros.core.model_files import models_dir
from classroom_fer_ros.core.results import Face
from classroom_fer_ros.core.simulation.truth import StudentTruth, read_truth, truth_path
from classroom_fer_ros.core.sources.kind import PICTURE_SUFFIXES
from classroom_fer_ros.core.spatial import Intrinsics
from classroom_fer_ros.core.stages import HeadPoseStage
from classroom_fer_ros.core.tracking import TrackingConfig

#: Published figures leave out pictures with a larger angle (31 of AFLW2000's 2000).
MAX_ANGLE_DEG = 99.0
#: Upper ends of the ranges of true yaw by which errors are told, degrees.
YAW_ENDS_DEG = (15.0, 30.0, 60.0, MAX_ANGLE_DEG)
#: The mesh is laid so often around labelled landmarks where the detector found no face there.
FITS_UNDETECTED = 3
MIN_QUALITY = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadPoseScore:
    """
    Mean absolute errors in degrees, NaN where nothing was scored.

    :param count: heads scored
    :param not_found: heads of which no face was found; not scored
    :param undetected: scored heads that only the labelled landmarks led to
    :param left_out: heads with an angle beyond `MAX_ANGLE_DEG`
    :param by_yaw: error of yaw, and number of heads, by the upper end of the range of true yaw
    """

    yaw: float
    pitch: float
    roll: float
    count: int
    not_found: int
    undetected: int
    left_out: int
    by_yaw: dict[float, tuple[float, int]]

    @property
    def mean(self) -> float:
        """Mean of the three errors."""
        return (self.yaw + self.pitch + self.roll) / 3

    def to_json(self) -> dict[str, object]:
        """Plain values under the names that the tool documents; None for what is not known."""
        names = ('yaw', 'pitch', 'roll', 'mean')
        return {
            **{name: _known(getattr(self, name)) for name in names},
            'count': self.count,
            'not_found': self.not_found,
            'undetected': self.undetected,
            'left_out': self.left_out,
            'yaw_by_range': {
                f'to {end:g} deg': {'error': _known(error), 'count': count}
                for end, (error, count) in self.by_yaw.items()
            },
        }


def evaluate_head_pose(path: Path) -> HeadPoseScore:
    """
    Score a folder of pictures, each with a ``.mat``, or a simulated film with its truth beside it.

    :raises DataError: if there is nothing to score, or something cannot be read
    :raises ModelError: if a model is missing or broken
    """
    return _score_folder(path) if path.is_dir() else _score_film(path)


def score_angles(
    found_rad: Sequence[tuple[float, float, float]],
    true_rad: Sequence[tuple[float, float, float]],
    *,
    not_found: int = 0,
    undetected: int = 0,
    left_out: int = 0,
) -> HeadPoseScore:
    """
    Errors of angles.

    :param found_rad: yaw, pitch and roll of each head, of the same convention as the true ones
    """
    found, true = (np.reshape(np.array(a, np.float64), (-1, 3)) for a in (found_rad, true_rad))
    off = np.degrees(np.abs((found - true + math.pi) % (2 * math.pi) - math.pi))
    yaw, pitch, roll = (
        (float(value) for value in off.mean(axis=0)) if len(off) else (math.nan,) * 3
    )
    sizes = np.degrees(np.abs(true[:, 0]))
    by_yaw, start = {}, -1.0
    for end in YAW_ENDS_DEG:
        part = off[(sizes > start) & (sizes <= end), 0]
        by_yaw[end] = (float(part.mean()) if len(part) else math.nan, len(part))
        start = end
    return HeadPoseScore(
        yaw=yaw,
        pitch=pitch,
        roll=roll,
        count=len(off),
        not_found=not_found,
        undetected=undetected,
        left_out=left_out,
        by_yaw=by_yaw,
    )


class LabelledHeadFinder:
    """Finds the head that a label is about, and its rotation."""

    def __init__(self) -> None:
        """:raises ModelError: if a model is missing or broken"""
        self._finder = FaceFinder(LightConfig(), DetectionConfig(), TrackingConfig())
        self._mesh = FaceMesh(1)
        self._estimate = HeadPoseEstimator(models_dir() / 'face_shape.json')
        self._count = 0

    def __call__(
        self, image_bgr: ImageBgr, box_xyxy: BoxXyxy | None
    ) -> tuple[FloatArray | None, bool]:
        """
        Estimate the rotation of the labelled head.

        :param image_bgr: shape (height, width, 3), uint8
        :param box_xyxy: around its landmarks; the largest face is taken without
        :return: shape (3, 3), camera axes, None if there is no face; and whether it was detected
        """
        self._count += 1
        faces = self._finder.update(Frame(image_bgr, self._count, self._count, is_still=True))
        face = _face_at(faces, box_xyxy)
        # These pictures are cut out of larger ones: their middle is no camera's.
        if face is not None and face.landmarks is not None:
            return self._estimate.rotation(face.landmarks.points_xyz), True
        points_xyz = self._undetected(image_bgr, box_xyxy) if box_xyxy is not None else None
        return (None if points_xyz is None else self._estimate.rotation(points_xyz)), False

    def close(self) -> None:
        """Stop the threads."""
        self._finder.close()

    def _undetected(self, image_bgr: ImageBgr, box_xyxy: BoxXyxy) -> FloatArray | None:
        x_min, y_min, x_max, y_max = box_xyxy
        side = 1.5 * max(x_max - x_min, y_max - y_min)
        roi = RegionOfInterest((x_min + x_max) / 2, (y_min + y_max) / 2, side, 0.0)
        for _ in range(FITS_UNDETECTED):
            (landmarks,) = self._mesh(image_bgr, [roi])
            roi = roi_from_landmarks(landmarks.points_xy)
        return landmarks.points_xyz if landmarks.quality >= MIN_QUALITY else None


def _score_folder(folder: Path) -> HeadPoseScore:
    labelled = [(picture, read_aflw(mat)) for picture, mat in list_labelled(folder)]
    wanted = [(picture, pose) for picture, pose in labelled if _is_in_range(pose)]
    finder = LabelledHeadFinder()
    try:
        answers = [finder(_read(picture), pose.box_xyxy) for picture, pose in wanted]
    finally:
        finder.close()
    found, true = [], []
    for (rotation, _), (_, pose) in zip(answers, wanted, strict=True):
        if rotation is not None:
            pitch, yaw, roll = aflw_angles(rotation)
            found.append((yaw, pitch, roll))
            true.append((pose.yaw_rad, pose.pitch_rad, pose.roll_rad))
    return score_angles(
        found,
        true,
        not_found=len(wanted) - len(found),
        undetected=sum(rotation is not None and not was for rotation, was in answers),
        left_out=len(labelled) - len(wanted),
    )


def list_labelled(folder: Path) -> list[tuple[Path, Path]]:
    """
    Pictures of a folder, and of those in it, each with its ``.mat``.

    :raises DataError: if there is none, or a ``.mat`` has no picture beside it
    """
    pairs = []
    for mat in sorted(folder.rglob('*.mat')):
        pictures = [p for p in sorted(mat.parent.glob(f'{mat.stem}.*')) if _is_picture(p)]
        if not pictures:
            raise DataError(f'{mat}: no picture of that name beside it')
        pairs.append((pictures[0], mat))
    if not pairs:
        raise DataError(f'{folder} holds no .mat: each picture needs one with its {POSE_KEY}')
    return pairs


def _score_film(film: Path) -> HeadPoseScore:
    truths: dict[int, list[StudentTruth]] = {}
    for frame, truth in read_truth(truth_path(film)):
        truths.setdefault(frame, []).append(truth)
    found, true, missed = [], [], 0
    for index, (faces, angles) in enumerate(_heads_of(film)):
        for truth in truths.get(index, ()):
            face = _face_at(faces, truth.box_xyxy)
            if face is None or math.isnan(angles[face.face_id][0]):
                missed += 1
                continue
            found.append(angles[face.face_id])
            true.append((truth.yaw_rad, truth.pitch_rad, truth.roll_rad))
    return score_angles(found, true, not_found=missed)


def _heads_of(
    film: Path,
) -> Iterator[tuple[tuple[Face, ...], dict[str, tuple[float, float, float]]]]:
    """Faces of every picture of a film; yaw, pitch and roll by face_id, as they are served."""
    tracking = TrackingConfig()
    finder = FaceFinder(LightConfig(), DetectionConfig(), tracking)
    stage = HeadPoseStage(HeadMotionConfig(), tracking.lost_hold_s)
    source = open_film(film)
    try:
        while (frame := source.read()) is not None:
            faces = finder.update(frame)
            poses = stage.update(faces, frame.stamp_s, Intrinsics.usual(frame.size_wh))
            yield faces, {p.face_id: (p.yaw_rad, p.pitch_rad, p.roll_rad) for p in poses}
    finally:
        source.close()
        finder.close()


def _face_at(faces: Sequence[Face], box_xyxy: BoxXyxy | None) -> Face | None:
    """The face whose centre lies in a box, the nearest to its middle; the largest without one."""
    if box_xyxy is None:
        return max(faces, key=lambda face: _size(face.box_xyxy), default=None)
    middle, (width, height) = _middle(box_xyxy), _size_wh(box_xyxy)
    near = [
        face
        for face in faces
        if abs(_middle(face.box_xyxy)[0] - middle[0]) < width / 2
        and abs(_middle(face.box_xyxy)[1] - middle[1]) < height / 2
    ]
    return min(near, key=lambda face: math.dist(_middle(face.box_xyxy), middle), default=None)


def _middle(box_xyxy: BoxXyxy) -> tuple[float, float]:
    x_min, y_min, x_max, y_max = box_xyxy
    return (x_min + x_max) / 2, (y_min + y_max) / 2


def _size_wh(box_xyxy: BoxXyxy) -> tuple[float, float]:
    x_min, y_min, x_max, y_max = box_xyxy
    return x_max - x_min, y_max - y_min


def _size(box_xyxy: BoxXyxy) -> float:
    width, height = _size_wh(box_xyxy)
    return width * height


def _is_in_range(pose: AflwPose) -> bool:
    return max(abs(math.degrees(angle)) for angle in pose.angles_rad) <= MAX_ANGLE_DEG


def _is_picture(path: Path) -> bool:
    return path.suffix.lower() in PICTURE_SUFFIXES


def _read(path: Path) -> ImageBgr:
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise DataError(f'{path} is no picture that can be read')
    return np.asarray(image, np.uint8)


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value
