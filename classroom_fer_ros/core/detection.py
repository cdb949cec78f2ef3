"""
Face detection in whole pictures and in parts of them.

A detector names the regions that it would look at in a picture of some size and looks at any of
them, so that a tracker can spread one sweep over several pictures.
"""

from __future__ import annotations

import itertools
import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from classroom_fer_ros.core.arrays import FloatArray, ImageBgr
from classroom_fer_ros.core.errors import ModelError
from classroom_fer_ros.core.geometry import non_maximum_suppression
from classroom_fer_ros.core.package_files import package_file
from classroom_fer_ros.core.results import Detection
from classroom_fer_ros.core.settings import check
from classroom_fer_ros.core.workers import Workers

#: What is looked at in one go: x_min, y_min, x_max, y_max in pixels of the picture. It may reach
#: beyond the picture, where everything is black.
Region = tuple[int, int, int, int]
#: Boxes (n, 4), scores (n,) and keypoints (n, 6, 2) of one region, in pixels of the picture.
_Found = tuple[FloatArray, FloatArray, FloatArray]

DETECTORS = ('full_range', 'yunet')
FULL_RANGE_FILE = 'mediapipe/modules/face_detection/face_detection_full_range_sparse.tflite'
FULL_RANGE_INPUT_SIZE = 192
FULL_RANGE_GRID = 48  # one anchor a cell, of the size of the input
#: Larger pictures have larger tiles, or 8K would take a thousand of them.
MAX_TILES_ACROSS = 12
#: A face that fills the picture is found only with as much black on every side as the picture is
#: long: of 664 tight portraits, 90 without it, 583 with half as much, 625 with it.
PORTRAIT_MARGIN = 1.0
MAX_IOU = 0.35
MAX_CONTAINMENT = 0.6
BORDER_PX = 3
TO_TWO = np.float32(2.0 / 255.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectionConfig:
    """Which detector looks for faces, and how closely."""

    detector: str = field(
        default='full_range',
        metadata={
            'description': 'full_range (ships with MediaPipe) or yunet (fetched)',
            'options': DETECTORS,
        },
    )
    min_score: float = field(
        default=0.6,
        metadata={
            'description': 'lowest score of a face',
            'unit': '',
            'range': (0.05, 0.99),
            'is_live': True,
        },
    )
    tile_size: int = field(
        default=256,
        metadata={
            'description': 'side of the smallest tiles of full_range; smaller finds smaller faces',
            'unit': 'px',
            'range': (96, 1920),
        },
    )
    tile_overlap: float = field(
        default=0.25,
        metadata={
            'description': 'share of a tile that its neighbour repeats',
            'range': (0.0, 0.6),
        },
    )

    def __post_init__(self) -> None:
        check(self)


class FaceDetector(ABC):
    """Finds faces in regions of a picture."""

    @abstractmethod
    def regions(self, size_wh: tuple[int, int]) -> list[Region]:
        """Regions that together cover a picture of this width and height, largest first."""

    @abstractmethod
    def detect(self, image_bgr: ImageBgr, regions: Sequence[Region]) -> list[Detection]:
        """
        Look for faces in some regions.

        :param image_bgr: shape (height, width, 3), uint8
        :param regions: as `regions` gave them for this size
        :return: one entry a face, best first, in pixels of the whole picture
        """

    @abstractmethod
    def set_min_score(self, min_score: float) -> None:
        """Take another lowest score from the next picture on."""

    @abstractmethod
    def close(self) -> None:
        """Stop the threads."""

    def __call__(self, image_bgr: ImageBgr) -> list[Detection]:
        """Look for faces everywhere; an empty picture has none."""
        height, width = image_bgr.shape[:2]
        if height == 0 or width == 0:
            return []
        return self.detect(image_bgr, self.regions((width, height)))


class FullRangeDetector(FaceDetector):
    """
    MediaPipe's full-range face detector (BlazeFace family) in tiles, through LiteRT.

    The network sees 192x192 pixels, in which a classroom's faces vanish: tiles of `tile_size`
    find the far ones, ever larger tiles up to the whole picture the near ones, the picture within
    a wide border those that fill it. Source: Bazarevsky et al., "BlazeFace: Sub-millisecond Neural
    Face Detection on Mobile GPUs", 2019.

    One single-threaded interpreter a thread takes three quarters of the processor time that one
    interpreter takes with two threads.
    """

    def __init__(self, config: DetectionConfig | None = None, num_threads: int = 2) -> None:
        """
        :param num_threads: interpreters working side by side, at least 1
        :raises ModelError: if the model file is not installed
        """
        from ai_edge_litert.interpreter import Interpreter

        self._config = config or DetectionConfig()
        path = str(package_file('mediapipe', FULL_RANGE_FILE))
        self._workers = Workers(
            [_FullRangeWorker(Interpreter(path, num_threads=1)) for _ in range(num_threads)],
            'detection',
        )

    def set_min_score(self, min_score: float) -> None:
        self._config = replace(self._config, min_score=min_score)

    def regions(self, size_wh: tuple[int, int]) -> list[Region]:
        longest = max(size_wh)
        side = max(self._config.tile_size, longest // MAX_TILES_ACROSS)
        levels: list[list[Region]] = []
        while side < longest:
            levels.append(_tiles(size_wh, side, self._config.tile_overlap))
            side *= 2
        margin = round(PORTRAIT_MARGIN * longest)
        levels.append([(0, 0, *size_wh)])
        levels.append([(-margin, -margin, size_wh[0] + margin, size_wh[1] + margin)])
        return list(itertools.chain.from_iterable(reversed(levels)))

    def detect(self, image_bgr: ImageBgr, regions: Sequence[Region]) -> list[Detection]:
        if not regions:
            return []
        min_score = self._config.min_score
        found = self._workers.map(
            lambda worker, region: worker.look(image_bgr, region, min_score), regions
        )
        boxes, scores, points = map(np.concatenate, zip(*found, strict=True))
        kept = non_maximum_suppression(boxes, scores, MAX_IOU, MAX_CONTAINMENT)
        return [_detection(boxes[i], scores[i], points[i]) for i in kept]

    def close(self) -> None:
        self._workers.close()


class _FullRangeWorker:
    """One interpreter and its input buffer, used by one thread at a time."""

    def __init__(self, interpreter: Any) -> None:
        interpreter.allocate_tensors()
        self._interpreter = interpreter
        self._input = interpreter.tensor(interpreter.get_input_details()[0]['index'])
        boxes, scores = sorted(
            interpreter.get_output_details(), key=lambda output: -int(output['shape'][-1])
        )
        self._boxes_index, self._scores_index = boxes['index'], scores['index']
        cells = (np.arange(FULL_RANGE_GRID, dtype=np.float32) + 0.5) / FULL_RANGE_GRID
        self._anchors_xy = np.stack(np.meshgrid(cells, cells), axis=-1).reshape(-1, 2)

    def look(self, image_bgr: ImageBgr, region: Region, min_score: float) -> _Found:
        x_min, y_min, x_max, y_max = region
        scale = FULL_RANGE_INPUT_SIZE / max(x_max - x_min, y_max - y_min)
        _fill_network_input(image_bgr, region, scale, self._input()[0])
        self._interpreter.invoke()
        logits = self._interpreter.get_tensor(self._scores_index)[0, :, 0]
        is_face = logits > math.log(min_score / (1.0 - min_score))
        raw = self._interpreter.get_tensor(self._boxes_index)[0, is_face] / FULL_RANGE_INPUT_SIZE
        anchors = self._anchors_xy[is_face]
        center, size = raw[:, :2] + anchors, raw[:, 2:4]
        points = raw[:, 4:].reshape(-1, 6, 2) + anchors[:, None]
        to_pixels = FULL_RANGE_INPUT_SIZE / scale
        boxes = np.concatenate([center - size / 2, center + size / 2], axis=1) * to_pixels
        boxes += np.array([x_min, y_min, x_min, y_min], np.float32)
        whole = ~_is_cut(boxes, region, image_bgr.shape[1::-1])
        scores = 1.0 / (1.0 + np.exp(-logits[is_face]))
        points = points * to_pixels + np.array([x_min, y_min], np.float32)
        return boxes[whole], scores[whole], points[whole]


class YuNetDetector(FaceDetector):
    """
    YuNet by OpenCV's `FaceDetectorYN`, on the whole picture.

    Source: Wu et al., "YuNet: A Tiny Millisecond-level Face Detector", 2023. The file is fetched
    by an explicit command (see `models/manifest.yaml`) and needs OpenCV 4.8 or later.
    """

    def __init__(self, model_path: Path, config: DetectionConfig | None = None) -> None:
        """:raises ModelError: if OpenCV cannot read the model file"""
        config = config or DetectionConfig(detector='yunet')
        try:
            self._network = cv2.FaceDetectorYN.create(
                str(model_path), '', (320, 320), config.min_score, MAX_IOU, 5000
            )
        except cv2.error as error:
            raise ModelError(
                f'OpenCV {cv2.__version__} cannot read {model_path} ({error.err}): '
                'it takes OpenCV 4.8 or later and YuNet 2023mar'
            ) from error

    def set_min_score(self, min_score: float) -> None:
        self._network.setScoreThreshold(min_score)

    def close(self) -> None:
        """OpenCV's threads are not ours."""

    def regions(self, size_wh: tuple[int, int]) -> list[Region]:
        return [(0, 0, *size_wh)]

    def detect(self, image_bgr: ImageBgr, regions: Sequence[Region]) -> list[Detection]:
        return [face for region in regions for face in self._detect_region(image_bgr, region)]

    def _detect_region(self, image_bgr: ImageBgr, region: Region) -> list[Detection]:
        x_min, y_min, x_max, y_max = region
        self._network.setInputSize((x_max - x_min, y_max - y_min))
        rows: Any = self._network.detect(image_bgr[y_min:y_max, x_min:x_max])[1]
        if rows is None:
            return []
        offset = np.array([x_min, y_min], np.float32)
        corners = np.stack([rows[:, :2], rows[:, :2] + rows[:, 2:4]], axis=1) + offset
        points = rows[:, 4:14].reshape(-1, 5, 2) + offset
        # Two mouth corners become the mouth's centre, as the other detector gives it.
        points = np.concatenate([points[:, :3], points[:, 3:].mean(axis=1, keepdims=True)], axis=1)
        order = np.argsort(-rows[:, 14], kind='stable')
        return [_detection(corners[i].ravel(), rows[i, 14], points[i]) for i in order]


def _tiles(size_wh: tuple[int, int], side: int, overlap: float) -> list[Region]:
    """Squares of one size over the picture, evenly spread, overlapping by at least `overlap`."""
    width, height = size_wh
    return [
        (x, y, min(x + side, width), min(y + side, height))
        for y in _starts(height, side, overlap)
        for x in _starts(width, side, overlap)
    ]


def _starts(length: int, side: int, overlap: float) -> list[int]:
    if length <= side:
        return [0]
    count = math.ceil((length - side * overlap) / (side * (1.0 - overlap)))
    return [round(i * (length - side) / (count - 1)) for i in range(count)]


def _fill_network_input(
    image_bgr: ImageBgr, region: Region, scale: float, tensor: FloatArray
) -> None:
    """RGB in [-1, 1], shape (192, 192, 3), black where the region or the picture ends."""
    left, top = max(0, region[0]), max(0, region[1])
    tile_bgr = image_bgr[top : max(0, region[3]), left : max(0, region[2])]
    height, width = tile_bgr.shape[:2]
    padded = np.zeros((FULL_RANGE_INPUT_SIZE, FULL_RANGE_INPUT_SIZE, 3), np.uint8)
    size_wh = (max(1, round(width * scale)), max(1, round(height * scale)))
    shrunk = cv2.resize(
        tile_bgr, size_wh, interpolation=cv2.INTER_AREA if scale < 1.0 else cv2.INTER_LINEAR
    )
    x, y = round((left - region[0]) * scale), round((top - region[1]) * scale)
    padded[y : y + size_wh[1], x : x + size_wh[0]] = shrunk
    np.multiply(cv2.cvtColor(padded, cv2.COLOR_BGR2RGB), TO_TWO, out=tensor)
    tensor -= 1.0


def _is_cut(boxes_xyxy: FloatArray, region: Region, size_wh: Sequence[int]) -> FloatArray:
    """Whether a border of the region that is no border of the picture cuts a box; shape (n,)."""
    x_min, y_min, x_max, y_max = region
    width, height = size_wh
    return np.asarray(
        ((x_min > 0) & (boxes_xyxy[:, 0] < x_min + BORDER_PX))
        | ((y_min > 0) & (boxes_xyxy[:, 1] < y_min + BORDER_PX))
        | ((x_max < width) & (boxes_xyxy[:, 2] > x_max - BORDER_PX))
        | ((y_max < height) & (boxes_xyxy[:, 3] > y_max - BORDER_PX))
    )


def _detection(box: FloatArray, score: float, keypoints_xy: FloatArray) -> Detection:
    x_min, y_min, x_max, y_max = (float(value) for value in box)
    return Detection(
        box_xyxy=(x_min, y_min, x_max, y_max), score=float(score), keypoints_xy=keypoints_xy
    )
