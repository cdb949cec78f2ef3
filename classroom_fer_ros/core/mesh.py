"""
Face mesh: 468 landmarks of a face whose place is roughly known.

Runs ``face_landmark.tflite`` of MediaPipe 0.10.21 through LiteRT (input 192x192 RGB in [0, 1],
outputs 468 x 3 coordinates in input pixels and one face-presence logit). The region of interest
follows MediaPipe's face-landmark graph: a square turned so that the eyes are level, 1.5 times the
size of the face. Source: Kartynnik et al., "Real-time Facial Surface Geometry from Monocular Video
on Mobile GPUs", 2019.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from classroom_fer_ros.core.arrays import FloatArray, ImageBgr
from classroom_fer_ros.core.package_files import package_file
from classroom_fer_ros.core.results import Detection, Landmarks
from classroom_fer_ros.core.workers import Workers

INPUT_SIZE = 192
NUM_LANDMARKS = 468
ROI_SCALE = 1.5
TO_UNIT = np.float32(1 / 255)

# Landmark indices in MediaPipe's topology; left and right are the person's own.
RIGHT_EYE_OUTER, RIGHT_EYE_INNER = 33, 133
LEFT_EYE_INNER, LEFT_EYE_OUTER = 362, 263
NOSE_TIP = 1
MOUTH_RIGHT, MOUTH_LEFT = 61, 291


@dataclass(frozen=True, slots=True)
class RegionOfInterest:
    """A turned square of the picture: centre and side in pixels, rotation in radians."""

    center_x: float
    center_y: float
    side: float
    rotation_rad: float

    def to_image(self) -> FloatArray:
        """Affine map, shape (2, 3), from input pixels of the network to image pixels."""
        scale = self.side / INPUT_SIZE
        cos = math.cos(self.rotation_rad) * scale
        sin = math.sin(self.rotation_rad) * scale
        half = INPUT_SIZE / 2
        return np.array(
            [
                [cos, -sin, self.center_x - cos * half + sin * half],
                [sin, cos, self.center_y - sin * half - cos * half],
            ],
            np.float32,
        )


def roi_from_detection(detection: Detection) -> RegionOfInterest:
    """Region around a detected face, turned by the line between its eyes."""
    x_min, y_min, x_max, y_max = detection.box_xyxy
    right_eye, left_eye = detection.keypoints_xy[0], detection.keypoints_xy[1]
    return RegionOfInterest(
        (x_min + x_max) / 2,
        (y_min + y_max) / 2,
        max(x_max - x_min, y_max - y_min) * ROI_SCALE,
        math.atan2(float(left_eye[1] - right_eye[1]), float(left_eye[0] - right_eye[0])),
    )


def roi_from_landmarks(points_xy: FloatArray) -> RegionOfInterest:
    """
    Region around a face in the next picture, from its landmarks in this one.

    :param points_xy: shape (468, 2), image pixels
    """
    across = points_xy[LEFT_EYE_OUTER] - points_xy[RIGHT_EYE_OUTER]
    rotation = math.atan2(float(across[1]), float(across[0]))
    cos, sin = math.cos(rotation), math.sin(rotation)
    turn = np.array([[cos, -sin], [sin, cos]], points_xy.dtype)
    levelled = np.ascontiguousarray((points_xy @ turn).T)  # far faster along rows
    low, high = levelled.min(axis=1), levelled.max(axis=1)
    center = turn @ ((low + high) / 2)
    return RegionOfInterest(
        float(center[0]), float(center[1]), float((high - low).max()) * ROI_SCALE, rotation
    )


class FaceMesh:
    """
    Fits the mesh to any number of faces of one picture.

    One single-threaded interpreter a thread uses two cores better than one interpreter with two
    threads, since each face is a small network of its own.
    """

    def __init__(self, num_threads: int = 2) -> None:
        """
        :param num_threads: interpreters working side by side, at least 1
        :raises ModelError: if the model file is not installed
        """
        # LiteRT is imported where it is used, so that a machine without it can still load `core`.
        from ai_edge_litert.interpreter import Interpreter

        path = str(
            package_file('mediapipe', 'mediapipe/modules/face_landmark/face_landmark.tflite')
        )
        self._workers = Workers(
            [_MeshWorker(Interpreter(path, num_threads=1)) for _ in range(num_threads)], 'mesh'
        )

    def __call__(self, image_bgr: ImageBgr, rois: Sequence[RegionOfInterest]) -> list[Landmarks]:
        """
        Fit one mesh per region.

        :param image_bgr: shape (height, width, 3), uint8; black beyond its border
        :return: one `Landmarks` per region, in the same order
        """
        return self._workers.map(lambda worker, roi: worker.fit(image_bgr, roi), rois)

    def close(self) -> None:
        """Stop the threads."""
        self._workers.close()


class _MeshWorker:
    """One interpreter and its input buffer, used by one thread at a time."""

    def __init__(self, interpreter: Any) -> None:
        interpreter.allocate_tensors()
        self._interpreter = interpreter
        self._input = interpreter.tensor(interpreter.get_input_details()[0]['index'])
        points, presence = sorted(
            interpreter.get_output_details(), key=lambda output: -int(np.prod(output['shape']))
        )
        self._points_index, self._presence_index = points['index'], presence['index']

    def fit(self, image_bgr: ImageBgr, roi: RegionOfInterest) -> Landmarks:
        to_image = roi.to_image()
        crop = cv2.warpAffine(
            image_bgr,
            to_image,
            (INPUT_SIZE, INPUT_SIZE),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_CONSTANT,
        )
        crop_rgb = cv2.cvtColor(crop, cv2.COLOR_BGR2RGB)
        # Into the network's own memory, which nobody may hold a view of while it works.
        np.multiply(crop_rgb, TO_UNIT, out=self._input()[0])
        self._interpreter.invoke()
        points = self._interpreter.get_tensor(self._points_index).reshape(NUM_LANDMARKS, 3)
        logit = float(self._interpreter.get_tensor(self._presence_index).reshape(()))
        placed = np.empty_like(points)
        placed[:, :2] = points[:, :2] @ to_image[:, :2].T + to_image[:, 2]
        placed[:, 2] = points[:, 2] * (roi.side / INPUT_SIZE)
        return Landmarks(points_xyz=placed, quality=1 / (1 + math.exp(-logit)))


def keypoints_from_landmarks(points_xy: FloatArray) -> FloatArray:
    """
    Reduce a mesh to the five keypoints of face alignment.

    :param points_xy: shape (468, 2), image pixels
    :return: shape (5, 2): right eye, left eye, nose tip, right and left mouth corner
    """
    return np.stack(
        [
            (points_xy[RIGHT_EYE_OUTER] + points_xy[RIGHT_EYE_INNER]) / 2,
            (points_xy[LEFT_EYE_OUTER] + points_xy[LEFT_EYE_INNER]) / 2,
            points_xy[NOSE_TIP],
            points_xy[MOUTH_RIGHT],
            points_xy[MOUTH_LEFT],
        ]
    )
