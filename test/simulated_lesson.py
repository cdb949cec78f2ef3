"""Watching simulated students with the whole analysis, beside what is true of them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np

from classroom_fer_ros.core.arrays import BoxXyxy
from classroom_fer_ros.core.frame import Frame
from classroom_fer_ros.core.pipeline import ClassroomPipeline
from classroom_fer_ros.core.results import AlertKind, FatigueState, FrameResult, Motion
from classroom_fer_ros.core.simulation import SimulatedClassroom, SimulationConfig, StudentTruth

FPS = 25


def center(box_xyxy: BoxXyxy) -> np.ndarray:
    """Centre of a box, shape (2,)."""
    return np.reshape(box_xyxy, (2, 2)).mean(axis=0)


@dataclass
class Seen:
    """One simulated student: what is true, and what the analysis said."""

    truth: list[StudentTruth] = field(default_factory=list)
    yaw_rad: list[float] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)
    motions: set[Motion] = field(default_factory=set)
    states: set[FatigueState] = field(default_factory=set)
    blink_count: int = 0
    yawn_count: int = 0
    alerts: set[AlertKind] = field(default_factory=set)

    @property
    def true_closures(self) -> int:
        """How often the eyes really closed."""
        is_closed = np.array([truth.eyes_open < 0.3 for truth in self.truth])
        return int((is_closed[1:] & ~is_closed[:-1]).sum())

    @property
    def yaw_error_deg(self) -> float:
        """Mean absolute error of yaw."""
        truth = np.array([truth.yaw_rad for truth in self.truth])
        return float(np.degrees(np.abs(truth - self.yaw_rad).mean()))


def watch(config: SimulationConfig, seconds: float) -> dict[str, Seen]:
    """Analyse a simulated classroom; what was seen by student."""
    classroom, pipeline = SimulatedClassroom(config), ClassroomPipeline()
    seen: dict[str, Seen] = defaultdict(Seen)
    for index in range(round(seconds * FPS)):
        image, truths = classroom.render(index / FPS)
        result = pipeline.process(Frame(image, round(index / FPS * 1e9), index))
        for truth in truths:
            _note(seen[truth.student], truth, result)
    pipeline.close()
    return seen


def _note(student: Seen, truth: StudentTruth, result: FrameResult) -> None:
    place = center(truth.box_xyxy)
    distances = [np.linalg.norm(center(face.box_xyxy) - place) for face in result.faces]
    if not distances or min(distances) > truth.size_px / 2:
        return
    index = int(np.argmin(distances))
    fatigue, pose = result.fatigue[index], result.head_poses[index]
    student.truth.append(truth)
    student.yaw_rad.append(pose.yaw_rad)
    student.ids.add(result.faces[index].face_id)
    student.motions.add(pose.motion)
    student.states.add(fatigue.state)
    student.alerts |= {
        alert.kind
        for alert in result.active_alerts
        if alert.face_id == result.faces[index].face_id
    }
    student.blink_count, student.yawn_count = fatigue.blink_count, fatigue.yawn_count
