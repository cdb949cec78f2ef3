"""
What one picture costs in calls, conversions and memory, which no busy machine changes.

``make bench-counts`` counts over simulated classrooms and compares with `baseline.json`;
``ARGS=--write`` makes the counts the new baseline. `make test` refuses counts above it.
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest import mock

import cv2
import numpy as np

from benchmarks.people import make_gallery
from benchmarks.report import machine
from classroom_fer_ros.core.detection import FullRangeDetector
from classroom_fer_ros.core.embedding import FaceEmbedder
from classroom_fer_ros.core.expression import ExpressionClassifier
from classroom_fer_ros.core.eye_state import EyeStateClassifier
from classroom_fer_ros.core.frame import Frame
from classroom_fer_ros.core.mesh import FaceMesh
from classroom_fer_ros.core.pipeline import ClassroomPipeline, PipelineConfig
from classroom_fer_ros.core.simulation import SimulatedClassroom, SimulationConfig

BASELINE = Path(__file__).with_name('baseline.json')
FPS = 25
#: Small, so that the test is quick, but large enough for a copy of the picture to be the peak.
CONFIG = SimulationConfig(students=3, width=960, height=540, fps=FPS)
#: Until everybody is found.
WARM_UP_PICTURES = 5
PICTURES = 60
#: Functions of OpenCV that make one picture out of another.
CONVERSIONS = ('cvtColor', 'resize', 'warpAffine', 'LUT', 'split', 'merge', 'copyMakeBorder')
#: Of a picture's pixels, what makes a conversion one of the whole picture.
WHOLE = 0.5
#: Other processors round otherwise, and may look at a face once more or less; objects of other
#: releases of Python are larger.
CALLS_TOLERANCE, MEMORY_TOLERANCE = 0.1, 0.25


def count() -> dict[str, float]:
    """
    Analyse a simulated classroom and count.

    :return: averages a picture: ``mesh_calls`` and ``mesh_faces``, ``detector_regions``,
        ``expression_batches`` and ``expression_faces``, the same of ``identity`` and ``eye``,
        conversions of whole pictures and of parts, ``peak_kb`` of memory that is taken and given
        back, ``kept_kb`` that stays
    """
    classroom = SimulatedClassroom(CONFIG)
    frames = [
        Frame(classroom.render(index / FPS)[0], round(index / FPS * 1e9), index)
        for index in range(WARM_UP_PICTURES + PICTURES)
    ]
    # Of one thread, so that what is in work at a time does not depend on their turns.
    counter: Counter[str] = Counter()
    with TemporaryDirectory() as folder:
        gallery = str(make_gallery(Path(folder)))
        pipeline = ClassroomPipeline(PipelineConfig(num_threads=1, gallery_path=gallery))
        for frame in frames[:WARM_UP_PICTURES]:
            pipeline.process(frame)
        with _counting(counter):
            peaks_kb, kept_kb = _memory(counter, pipeline, frames[WARM_UP_PICTURES:])
        pipeline.close()
    averages = {name: counter[name] / PICTURES for name in sorted(counter)}
    return {
        **{name: round(value, 3) for name, value in averages.items()},
        'peak_kb': round(float(np.median(peaks_kb)), 1),
        'kept_kb': round(kept_kb / PICTURES, 1),
    }


def excesses(counts: dict[str, float], baseline: dict[str, float]) -> list[str]:
    """
    What is more than the baseline allows, in words.

    Fewer faces are no saving: `faces` must be what it was.
    """
    found = []
    if counts['faces'] != baseline['faces']:
        found.append(
            f'faces: {counts["faces"]:g} a picture, the baseline has {baseline["faces"]:g}'
        )
    for name in sorted(set(counts) | set(baseline)):
        tolerance = MEMORY_TOLERANCE if name.endswith('_kb') else CALLS_TOLERANCE
        limit = baseline.get(name, 0.0) * (1.0 + tolerance)
        if counts.get(name, 0.0) > limit:
            found.append(
                f'{name}: {counts[name]:g} a picture, the baseline has {baseline.get(name, 0.0):g}'
            )
    return found


def read_baseline() -> dict[str, float]:
    """The committed counts."""
    counts: dict[str, float] = json.loads(BASELINE.read_text())['counts']
    return counts


def _memory(
    counter: Counter[str], pipeline: ClassroomPipeline, frames: list[Frame]
) -> tuple[list[float], float]:
    """Peaks above what was there before, picture by picture, and what stays in the end, in kB."""
    gc.collect()
    tracemalloc.start()
    try:
        start, peaks_kb = tracemalloc.get_traced_memory()[0], []
        for frame in frames:
            before = tracemalloc.get_traced_memory()[0]
            tracemalloc.reset_peak()
            result = pipeline.process(frame)
            counter['faces'] += len(result.faces)
            peaks_kb.append((tracemalloc.get_traced_memory()[1] - before) / 1e3)
        del result
        gc.collect()
        return peaks_kb, (tracemalloc.get_traced_memory()[0] - start) / 1e3
    finally:
        tracemalloc.stop()


@contextmanager
def _counting(counter: Counter[str]) -> Iterator[None]:
    """Count calls of the models and conversions of pictures meanwhile."""
    whole = WHOLE * CONFIG.width * CONFIG.height

    def on_conversion(name: str, arguments: tuple[Any, ...]) -> None:
        image = arguments[0][0] if isinstance(arguments[0], (list, tuple)) else arguments[0]
        # warpAffine and resize look at what they make only.
        height, width = image.shape[:2]
        is_whole = name not in ('warpAffine', 'resize') and height * width >= whole
        counter['whole_conversions' if is_whole else 'part_conversions'] += 1

    def on_mesh(name: str, arguments: tuple[Any, ...]) -> None:
        counter['mesh_calls'] += bool(arguments[2])
        counter['mesh_faces'] += len(arguments[2])

    def on_detection(name: str, arguments: tuple[Any, ...]) -> None:
        counter['detector_regions'] += len(arguments[2])

    def on_expression(name: str, arguments: tuple[Any, ...]) -> None:
        counter['expression_batches'] += 1
        counter['expression_faces'] += len(arguments[1])

    def on_identity(name: str, arguments: tuple[Any, ...]) -> None:
        counter['identity_batches'] += 1
        counter['identity_faces'] += len(arguments[1])

    def on_eyes(name: str, arguments: tuple[Any, ...]) -> None:
        counter['eye_batches'] += 1
        counter['eye_patches'] += len(arguments[1])

    with ExitStack() as stack:
        for name in CONVERSIONS:
            stack.enter_context(_watched(cv2, name, on_conversion))
        stack.enter_context(_watched(FaceMesh, '__call__', on_mesh))
        stack.enter_context(_watched(FullRangeDetector, 'detect', on_detection))
        stack.enter_context(_watched(ExpressionClassifier, '__call__', on_expression))
        stack.enter_context(_watched(EyeStateClassifier, '__call__', on_eyes))
        stack.enter_context(_watched(FaceEmbedder, '__call__', on_identity))
        yield


@contextmanager
def _watched(
    owner: Any, name: str, note: Callable[[str, tuple[Any, ...]], None]
) -> Iterator[None]:
    original = getattr(owner, name)

    def call(*arguments: Any, **named: Any) -> Any:
        note(name, arguments)
        return original(*arguments, **named)

    with mock.patch.object(owner, name, call):
        yield


def main() -> int:
    """Entry point: 0 if nothing is above the baseline, 1 if something is."""
    parser = argparse.ArgumentParser(prog='bench-counts', description=__doc__.strip())
    parser.add_argument('--write', action='store_true', help='make these counts the baseline')
    options = parser.parse_args()
    counts = count()
    print(json.dumps(counts, indent=1))
    if options.write:
        BASELINE.write_text(json.dumps({'machine': machine(), 'counts': counts}, indent=1) + '\n')
        return 0
    found = excesses(counts, read_baseline())
    for text in found:
        print(f'bench-counts: {text}', file=sys.stderr)
    return 1 if found else 0


if __name__ == '__main__':
    sys.exit(main())
