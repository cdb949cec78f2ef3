"""Photographs through a camera that the model gets wrong, captured and labelled by who knows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np

from captures import NOW_S
from classroom_fer_ros.core.arrays import ImageBgr
from classroom_fer_ros.core.capture import FaceCapture
from classroom_fer_ros.core.capture_config import CaptureConfig
from classroom_fer_ros.core.capture_store import CaptureStore
from classroom_fer_ros.core.frame import Frame
from classroom_fer_ros.core.labelling import LabelQueue
from classroom_fer_ros.core.labels import EXPRESSION_LABELS
from classroom_fer_ros.core.model_files import models_dir
from classroom_fer_ros.core.pipeline import ClassroomPipeline, PipelineConfig
from classroom_fer_ros.core.profiles import profile_named
from classroom_fer_ros.core.sources.pictures import read_picture

Lens = Callable[[ImageBgr], ImageBgr]
#: One photograph so often: each counts as another moment.
STEP_NS = 60_000_000_000
#: The camera below the ceiling: faces are this much shorter, narrower below, and out of focus;
#: the window is at the right.
SHORTENED, BLUR, SIDE_LIGHT, DIMMED = 0.65, 1.5, 0.6, 0.8


def from_above(image_bgr: ImageBgr) -> ImageBgr:
    """A photograph as a badly focused camera high above would see it, lit from one side."""
    height, width = image_bgr.shape[:2]
    edges = (height // 4, height // 4, width // 4, width // 4)
    image = cv2.copyMakeBorder(image_bgr, *edges, cv2.BORDER_REPLICATE)
    height, width = image.shape[:2]
    inset, bottom = width * (1.0 - SHORTENED) / 4.0, height * SHORTENED
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    seen = np.array([[0, 0], [width, 0], [width - inset, bottom], [inset, bottom]], np.float32)
    keystone = cv2.getPerspectiveTransform(corners, seen)
    image = cv2.warpPerspective(image, keystone, (width, int(bottom)))
    image = cv2.GaussianBlur(image, (0, 0), BLUR * width / 320.0)
    light = DIMMED * np.linspace(1.0 - SIDE_LIGHT, 1.0 + SIDE_LIGHT, width)[None, :, None]
    return np.clip(image * light, 0, 255).astype(np.uint8)


def capture(photographs: Sequence[Path], lens: Lens, folder: Path) -> dict[int, Path]:
    """
    Let the analysis see every photograph through a lens, and keep what it keeps.

    :return: photographs by the stamp that they were seen at
    """
    pipeline = ClassroomPipeline(PipelineConfig(profile='research', num_threads=1))
    settings = CaptureConfig(is_enabled=True, folder=str(folder), max_per_hour=3600)
    keeper = FaceCapture(
        settings, profile_named('research'), [models_dir() / 'expression.json'], NOW_S
    )
    seen = {}
    for number, path in enumerate(photographs):
        seen[number * STEP_NS] = path
        image = lens(read_picture(path))
        frame = Frame(image, number * STEP_NS, number, is_still=True)
        keeper.update(pipeline.process(frame), pipeline.cut, NOW_S)
        keeper.reset()
    pipeline.close()
    keeper.close()
    return seen


def label(folder: Path, seen: dict[int, Path], out: Path) -> LabelQueue:
    """Label every captured face as the folder of its photograph is named, and export the set."""
    queue = LabelQueue(CaptureStore.open(folder))
    while queue.current is not None:
        label = seen[queue.current.stamp_ns].parent.name
        assert label in EXPRESSION_LABELS
        queue.say(label, NOW_S)
    queue.export(out)
    return queue
