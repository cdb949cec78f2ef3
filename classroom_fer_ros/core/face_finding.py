"""The way from a picture to its faces: light, detection, mesh, tracks, and crops of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from classroom_fer_ros.core.alignment import AlignedCrop, align
from classroom_fer_ros.core.arrays import ImageBgr
from classroom_fer_ros.core.detection import (
    DetectionConfig,
    FaceDetector,
    FullRangeDetector,
    YuNetDetector,
)
from classroom_fer_ros.core.frame import Frame
from classroom_fer_ros.core.light import LightConfig, LightCorrection, mean_luminance
from classroom_fer_ros.core.mesh import FaceMesh
from classroom_fer_ros.core.model_manifest import find_model
from classroom_fer_ros.core.results import Face
from classroom_fer_ros.core.stage_times import StageTimes
from classroom_fer_ros.core.tracking import FaceTracker, TrackingConfig


def make_detector(config: DetectionConfig, num_threads: int = 2) -> FaceDetector:
    """
    Build the detector that a configuration names.

    :raises ModelError: if its model file is missing, saying which command fetches it
    """
    if config.detector == 'yunet':
        return YuNetDetector(find_model('yunet'), config)
    return FullRangeDetector(config, num_threads)


class FaceFinder:
    """
    Follows the faces of one camera.

    :ivar faces: those of the last picture
    """

    def __init__(
        self,
        light: LightConfig,
        detection: DetectionConfig,
        tracking: TrackingConfig,
        num_threads: int = 2,
        times: StageTimes | None = None,
    ) -> None:
        """
        :param times: where the stages' times are noted
        :raises ModelError: if a model is missing or broken
        """
        self.faces: tuple[Face, ...] = ()
        self._times = times or StageTimes()
        self._light = LightCorrection(light)
        self._tracker = FaceTracker(
            make_detector(detection, num_threads),
            FaceMesh(num_threads),
            tracking,
            self._times,
            is_parallel=num_threads > 1,
        )
        self._raw_bgr: ImageBgr = np.empty((0, 0, 3), np.uint8)
        self._image_bgr = self._raw_bgr
        self._crops: dict[str, AlignedCrop] = {}

    def update(self, frame: Frame, is_enabled: bool = True) -> tuple[Face, ...]:
        """
        Find the faces of the next picture.

        :param is_enabled: False finds nobody
        :raises StampError: if its stamp lies before that of the picture before it
        """
        if frame.is_still:
            self.reset()
        with self._times('light'):
            image_bgr = self._light(frame.image_bgr)
        with self._times('track'):
            faces = self._tracker.update(image_bgr, frame.stamp_s) if is_enabled else ()
        self._raw_bgr, self._image_bgr = frame.image_bgr, image_bgr
        self.faces, self._crops = faces, {}
        return faces

    def set_min_score(self, min_score: float) -> None:
        """Let the detector take another lowest score from the next picture on."""
        self._tracker.set_min_score(min_score)

    def set_regions_per_picture(self, count: int) -> None:
        """Let the detector look at so many regions in each picture from now on; 0: at all."""
        self._tracker.set_regions_per_picture(count)

    def cut(self, faces: Iterable[Face]) -> dict[str, AlignedCrop]:
        """Aligned crops of some faces of the last picture, by face_id; each is cut only once."""
        crops = {}
        for face in faces:
            if face.face_id not in self._crops:
                self._crops[face.face_id] = self._cut(face)
            crops[face.face_id] = self._crops[face.face_id]
        return crops

    def _cut(self, face: Face) -> AlignedCrop:
        crop = align(self._image_bgr, face.keypoints_xy)
        if self._image_bgr is self._raw_bgr:
            return crop
        x_min, y_min, x_max, y_max = (max(0, round(edge)) for edge in face.box_xyxy)
        raw_bgr = self._raw_bgr[y_min : y_max + 1, x_min : x_max + 1]
        return replace(crop, raw_luminance=mean_luminance(raw_bgr) if raw_bgr.size else 0.0)

    def crops(self) -> dict[str, AlignedCrop]:
        """Aligned crop of every face of the last picture, by face_id."""
        return self.cut(self.faces)

    def reset(self) -> None:
        """Forget every face, as after closing the camera."""
        self._tracker.reset()
        self.faces, self._crops = (), {}

    def close(self) -> None:
        """Stop the threads."""
        self._tracker.close()
