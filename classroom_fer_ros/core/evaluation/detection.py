"""Detection recall on a folder of pictures with labelled boxes."""

from __future__ import annotations

import csv
import itertools
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from scipy.optimize import linear_sum_assignment

from classroom_fer_ros.core.arrays import BoxXyxy, FloatArray
from classroom_fer_ros.core.detection import FaceDetector
from classroom_fer_ros.core.errors import DataError
from classroom_fer_ros.core.geometry import pairwise_overlap

BOXES_FILE = 'boxes.csv'
COLUMNS = ('file', 'x_min', 'y_min', 'x_max', 'y_max', 'ignore')
MIN_IOU = 0.4
#: Upper bounds of the face sizes that recall is told apart for, in pixels of box width.
SIZE_BOUNDS_PX = (40, 80, 160)


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledBox:
    """A face that a person marked; `is_ignored` where even a person could not tell."""

    box_xyxy: BoxXyxy
    is_ignored: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectionScore:
    """
    How well a detector finds labelled faces.

    :param recall_by_size: recall and number of faces by width in pixels, for example '40-80'
    """

    detector: str
    pictures: int
    faces: int
    found: int
    false_positives: int
    milliseconds_per_picture: float
    recall_by_size: dict[str, tuple[float, int]]

    @property
    def recall(self) -> float:
        """Share of labelled faces that were found; NaN without faces."""
        return self.found / self.faces if self.faces else float('nan')

    def to_json(self) -> dict[str, object]:
        """Plain values under the names that the tool documents."""
        return {
            'detector': self.detector,
            'recall': self.recall,
            'false_positives': self.false_positives,
            'faces': self.faces,
            'pictures': self.pictures,
            'milliseconds_per_picture': self.milliseconds_per_picture,
            'recall_by_size': {
                size: {'recall': recall, 'faces': count}
                for size, (recall, count) in self.recall_by_size.items()
            },
        }


def read_boxes(folder: Path) -> dict[str, list[LabelledBox]]:
    """
    Read ``boxes.csv``: columns file, x_min, y_min, x_max, y_max and, if wanted, ignore.

    :raises DataError: if the file is missing or a line is not of this layout
    """
    path = folder / BOXES_FILE
    if not path.is_file():
        raise DataError(f'{path} is missing: one line a face, {",".join(COLUMNS)}')
    boxes: dict[str, list[LabelledBox]] = defaultdict(list)
    with path.open(newline='', encoding='utf-8') as lines:
        for number, row in enumerate(csv.DictReader(lines), start=2):
            try:
                x_min, y_min, x_max, y_max = (
                    float(row[name]) for name in ('x_min', 'y_min', 'x_max', 'y_max')
                )
                is_ignored = bool(int(row.get('ignore') or 0))
                file = row['file']
            except (KeyError, TypeError, ValueError) as error:
                raise DataError(f'{path}, line {number}: not a box ({error!r})') from error
            boxes[file].append(
                LabelledBox(box_xyxy=(x_min, y_min, x_max, y_max), is_ignored=is_ignored)
            )
    return dict(boxes)


def evaluate_detection(folder: Path, detector: FaceDetector, detector_name: str) -> DetectionScore:
    """
    Detect in every labelled picture of a folder and match one to one by overlap.

    A detection counts as false if it matches neither a labelled face nor an ignored one.

    :raises DataError: if labels or pictures are missing or broken
    """
    is_found: list[bool] = []
    widths: list[float] = []
    false_positives = 0
    seconds: list[float] = []
    labels = read_boxes(folder)
    for file, boxes in labels.items():
        image = cv2.imread(str(folder / file))
        if image is None:
            raise DataError(f'{folder / file} is named in {BOXES_FILE} but is not a picture')
        start = time.perf_counter()
        found = detector(np.asarray(image, np.uint8))
        seconds.append(time.perf_counter() - start)
        hits, missed_detections = _match(boxes, np.array([face.box_xyxy for face in found]))
        is_found += hits
        widths += [box.box_xyxy[2] - box.box_xyxy[0] for box in boxes if not box.is_ignored]
        false_positives += missed_detections
    return DetectionScore(
        detector=detector_name,
        pictures=len(labels),
        faces=len(is_found),
        found=sum(is_found),
        false_positives=false_positives,
        milliseconds_per_picture=float(np.median(seconds)) * 1e3 if seconds else float('nan'),
        recall_by_size=_recall_by_size(np.array(widths), np.array(is_found, bool)),
    )


def _match(boxes: list[LabelledBox], found_xyxy: FloatArray) -> tuple[list[bool], int]:
    """Whether each box that counts was found, and how many detections match no box at all."""
    if found_xyxy.size == 0:
        return [False for box in boxes if not box.is_ignored], 0
    iou, containment = pairwise_overlap(np.array([box.box_xyxy for box in boxes]), found_xyxy)
    rows, columns = linear_sum_assignment(-np.where(iou >= MIN_IOU, iou, 0.0))
    matched = {r: c for r, c in zip(rows, columns, strict=True) if iou[r, c] >= MIN_IOU}
    hits = [row in matched for row, box in enumerate(boxes) if not box.is_ignored]
    explained = set(matched.values())
    for row, box in enumerate(boxes):
        if box.is_ignored:
            explained |= set(np.flatnonzero(containment[row] >= MIN_IOU).tolist())
    return hits, len(found_xyxy) - len(explained)


def _recall_by_size(widths: FloatArray, is_found: FloatArray) -> dict[str, tuple[float, int]]:
    bounds = (0, *SIZE_BOUNDS_PX, np.inf)
    by_size: dict[str, tuple[float, int]] = {}
    for low, high in itertools.pairwise(bounds):
        chosen = is_found[(widths >= low) & (widths < high)]
        if chosen.size:
            name = f'{low}-{high}' if np.isfinite(high) else f'{low}-'
            by_size[name] = (float(chosen.mean()), int(chosen.size))
    return by_size
