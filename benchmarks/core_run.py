"""One scene through the fused analysis in this process: what each stage costs."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.accuracy import TruthScore
from benchmarks.films import FPS, pictures_of
from classroom_fer_ros.core.arrays import FloatArray
from classroom_fer_ros.core.frame import Frame
from classroom_fer_ros.core.gallery import Match
from classroom_fer_ros.core.pipeline import ClassroomPipeline, PipelineConfig
from classroom_fer_ros.core.stage_times import StageTimes

#: Pictures before the measurement: models warm up, everybody is found.
WARM_UP_PICTURES = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class StageFigures:
    """
    What the stages cost, on average.

    :param cpu_ms: processor milliseconds a picture by stage, all threads together
    :param identity_hz: times a second and face that somebody is looked up
    :param accuracy: of a simulated class, see `accuracy.TruthScore`
    """

    cpu_ms: dict[str, float]
    faces: float
    identity_hz: float
    accuracy: dict[str, float]

    @property
    def cpu_ms_per_face(self) -> dict[str, float]:
        """Processor milliseconds a face by stage."""
        return {stage: ms / max(self.faces, 1.0) for stage, ms in self.cpu_ms.items()}


def measure(film: Path, pictures: int, gallery: Path) -> StageFigures:
    """
    Analyse the first pictures of a film.

    :param gallery: of enrolled people, so that faces are looked up
    """
    times = StageTimes(time.process_time)  # nothing else works in this process
    # One stage after the other: with more threads, detection works while meshes are fitted.
    config = PipelineConfig(gallery_path=str(gallery), num_threads=1)
    pipeline = ClassroomPipeline(config, times=times)
    lookups = _Lookups(pipeline)
    stages: dict[str, list[float]] = {}
    score, followed = TruthScore(film), []
    for index, picture in enumerate(pictures_of(film, WARM_UP_PICTURES + pictures)):
        result = pipeline.process(Frame(picture, round(index / FPS * 1e9), index))
        if index < WARM_UP_PICTURES:
            lookups.count = 0
            continue
        followed.append(len(result.faces))
        score.add(index, result)
        for stage, spent_ms in result.stage_ms.items():
            stages.setdefault(stage, [0.0] * (len(followed) - 1)).append(spent_ms)
        for spent in stages.values():  # a stage that had nothing to do
            spent += [0.0] * (len(followed) - len(spent))
    pipeline.close()
    face_seconds = sum(followed) / FPS
    return StageFigures(
        cpu_ms={stage: statistics.fmean(values) for stage, values in stages.items()},
        faces=statistics.fmean(followed),
        identity_hz=lookups.count / face_seconds if face_seconds else 0.0,
        accuracy=score.figures(),
    )


class _Lookups:
    """Counts searches of a pipeline's gallery."""

    def __init__(self, pipeline: ClassroomPipeline) -> None:
        self.count = 0
        gallery = pipeline.gallery
        if gallery is None:
            return
        search = gallery.search

        def counted(embedding: FloatArray) -> Match | None:
            self.count += 1
            return search(embedding)

        gallery.search = counted
