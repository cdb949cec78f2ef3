"""
Head motions and alerts of a simulated lesson against the script that drove it.

A motion counts as found if it is shown no later than a second after the moment that could decide
it: the second reversal of a shake or nod, the rest after a turn.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np

from classroom_fer_ros.core.arrays import ImageBgr
from classroom_fer_ros.core.evaluation.events import EventScore
from classroom_fer_ros.core.frame import Frame
from classroom_fer_ros.core.pipeline import ClassroomPipeline
from classroom_fer_ros.core.results import AlertStatus, FrameResult, Motion
from classroom_fer_ros.core.simulation import SimulatedClassroom, SimulationConfig, StudentTruth
from classroom_fer_ros.core.simulation.script import (
    BLOCK_S,
    LOOK_AWAY,
    NOD,
    SHAKE,
    TURN,
    Action,
    StudentScript,
    kinds_of_class,
)

MOTIONS = (SHAKE, NOD, TURN)
LATE_S = 1.0
#: A turn of about the smallest that counts may be called one or not.
SURE_TURN_RAD = math.radians(24.0)
#: A turn takes so long, and the head must rest so long until it is one.
TURN_S, REST_S = 0.5, 0.4
#: Shown again within this time it is the same motion.
SAME_S = 0.3
MAX_YAW_RAD = math.radians(30.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """
    How the lesson is seen.

    :param brightness: share of the light that is left
    :param noise: standard deviation of the sensor's noise, gray levels
    :param blur_px: standard deviation of a blur
    """

    brightness: float = 1.0
    noise: float = 0.0
    blur_px: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TrueMotion:
    """
    What a student really does.

    :param due_s: it can be known from here on
    :param is_sure: False where it may be called so or not
    """

    motion: str
    start_s: float
    due_s: float
    is_sure: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class LessonScore:
    """
    How a lesson was judged.

    :param found_share: of the students and pictures, those where the face was found
    :param yaw_error_deg: mean absolute error of yaw up to 30 degrees, NaN where nothing was found
    :param alerts: first alert of a kind about a student: seconds, student, its kind, alert's kind
    """

    fps: float
    seconds: float
    found_share: float
    yaw_error_deg: float
    motions: dict[str, EventScore]
    alerts: tuple[tuple[float, str, str, str], ...]

    def to_json(self) -> dict[str, object]:
        """Plain values under the names that the tool documents; None for what is not known."""
        return {
            'fps': self.fps,
            'seconds': self.seconds,
            'found_share': self.found_share,
            'yaw_error_deg': None if math.isnan(self.yaw_error_deg) else self.yaw_error_deg,
            'motions': {name: score.to_json() for name, score in self.motions.items()},
            'alerts': [
                {'stamp_s': stamp_s, 'student': student, 'behaves': behaves, 'kind': kind}
                for stamp_s, student, behaves, kind in self.alerts
            ],
        }


@dataclass(slots=True)
class _Student:
    """What was seen of one student."""

    pictures: int = 0
    yaw_errors_rad: list[float] = field(default_factory=list)
    seen: int = 0
    shown: list[tuple[str, float]] = field(default_factory=list)
    last_s: dict[str, float] = field(default_factory=dict)

    def show(self, motion: str, stamp_s: float) -> None:
        """Note a motion that is shown; one that goes on is noted once."""
        if stamp_s - self.last_s.get(motion, -math.inf) > SAME_S:
            self.shown.append((motion, stamp_s))
        self.last_s[motion] = stamp_s


def score_lesson(
    config: SimulationConfig, seconds: float, conditions: Conditions | None = None
) -> LessonScore:
    """
    Render a lesson, analyse it, and compare; ten minutes take several.

    :raises ModelError: if a model is missing or broken
    """
    conditions = conditions or Conditions()
    kinds = [kind.value for kind in kinds_of_class(config.students, config.seed)]
    names = [f'student_{number + 1:02d}' for number in range(config.students)]
    students = {name: _Student() for name in names}
    behaves = dict(zip(names, kinds, strict=True))
    classroom, pipeline = SimulatedClassroom(config), ClassroomPipeline()
    pipeline.set_enabled('expression', False)
    noise = np.random.default_rng(config.seed)
    alerts: dict[tuple[str, str], float] = {}
    for index in range(round(seconds * config.fps)):
        stamp_s = index / config.fps
        image, truths = classroom.render(stamp_s)
        image = seen_under(image, conditions, noise)
        result = pipeline.process(Frame(image, round(stamp_s * 1e9), index))
        owners = _note(students, truths, result, stamp_s)
        for alert in result.alert_changes:
            if alert.status is AlertStatus.RAISED:
                owner = owners.get(alert.face_id, '')
                alerts.setdefault((owner, alert.kind.value), stamp_s)
    pipeline.close()
    errors = [error for student in students.values() for error in student.yaw_errors_rad]
    return LessonScore(
        fps=config.fps,
        seconds=seconds,
        found_share=sum(s.seen for s in students.values())
        / max(1, sum(s.pictures for s in students.values())),
        yaw_error_deg=math.degrees(float(np.mean(errors))) if errors else math.nan,
        motions=_score_motions(config, list(students.values()), seconds),
        alerts=tuple(
            (stamp_s, owner, behaves.get(owner, ''), kind)
            for (owner, kind), stamp_s in alerts.items()
        ),
    )


def seen_under(
    image_bgr: ImageBgr, conditions: Conditions, noise: np.random.Generator
) -> ImageBgr:
    """
    A picture under worse conditions; as it is where they are the best.

    :param image_bgr: shape (height, width, 3), uint8
    """
    if conditions == Conditions():
        return image_bgr
    seen = image_bgr.astype(np.float32) * conditions.brightness
    if conditions.blur_px > 0.0:
        seen = np.asarray(cv2.GaussianBlur(seen, (0, 0), conditions.blur_px), np.float32)
    if conditions.noise > 0.0:
        seen += noise.normal(0.0, conditions.noise, seen.shape).astype(np.float32)
    return np.asarray(np.clip(np.round(seen), 0, 255), np.uint8)


def true_motions(script: StudentScript, seconds: float) -> list[TrueMotion]:
    """Shakes, nods and turns of a student, in order."""
    blocks = range(math.ceil(seconds / BLOCK_S))
    actions = (action for block in blocks for action in script.actions(block))
    motions = [motion for action in actions for motion in _motions_of(action)]
    return [motion for motion in motions if motion.due_s + LATE_S <= seconds]


def match(
    shown: Sequence[tuple[str, float]], true: Sequence[TrueMotion], motion: str
) -> EventScore:
    """Score one motion of one student; each true one is found by the first that fits."""
    found = [stamp_s for name, stamp_s in shown if name == motion]
    labelled = [one for one in true if one.motion == motion]
    matched, forgiven, is_taken = 0, 0, [False] * len(found)
    unsure = 0
    for one in labelled:
        fits = [
            place
            for place, stamp_s in enumerate(found)
            if not is_taken[place] and one.start_s <= stamp_s <= one.due_s + LATE_S
        ]
        unsure += not one.is_sure
        if fits:
            is_taken[fits[0]] = True
            matched += one.is_sure
            forgiven += not one.is_sure
    return EventScore(
        labelled=len(labelled) - unsure, found=len(found) - forgiven, matched=matched
    )


def _motions_of(action: Action) -> list[TrueMotion]:
    if action.event in (SHAKE, NOD):
        # The second reversal of a swing that begins in its middle.
        due_s = action.start_s + 0.75 / action.hz
        return [TrueMotion(motion=action.event, start_s=action.start_s, due_s=due_s)]
    if action.event not in (TURN, LOOK_AWAY):
        return []
    is_sure = abs(action.angle_rad) >= SURE_TURN_RAD
    return [
        TrueMotion(motion=TURN, start_s=start_s, due_s=start_s + TURN_S + REST_S, is_sure=is_sure)
        for start_s in (action.start_s, action.end_s - TURN_S)
    ]


def _score_motions(
    config: SimulationConfig, students: Sequence[_Student], seconds: float
) -> dict[str, EventScore]:
    kinds = kinds_of_class(config.students, config.seed)
    scripts = [StudentScript(config.seed, i, kind) for i, kind in enumerate(kinds)]
    true = [true_motions(script, seconds) for script in scripts]
    scores = {}
    for motion in MOTIONS:
        parts = [match(s.shown, t, motion) for s, t in zip(students, true, strict=True)]
        scores[motion] = EventScore(
            labelled=sum(part.labelled for part in parts),
            found=sum(part.found for part in parts),
            matched=sum(part.matched for part in parts),
        )
    return scores


def _note(
    students: dict[str, _Student],
    truths: Sequence[StudentTruth],
    result: FrameResult,
    stamp_s: float,
) -> dict[str, str]:
    """Take in one picture; the student by face_id."""
    owners = {}
    for truth in truths:
        student = students[truth.student]
        student.pictures += 1
        place = np.reshape(truth.box_xyxy, (2, 2)).mean(axis=0)
        distances = [
            float(np.linalg.norm(np.reshape(face.box_xyxy, (2, 2)).mean(axis=0) - place))
            for face in result.faces
        ]
        if not distances or min(distances) > truth.size_px / 2:
            continue
        pose = result.head_poses[int(np.argmin(distances))]
        owners[pose.face_id] = truth.student
        if math.isnan(pose.yaw_rad):
            continue
        student.seen += 1
        if abs(truth.yaw_rad) <= MAX_YAW_RAD:
            student.yaw_errors_rad.append(abs(pose.yaw_rad - truth.yaw_rad))
        if pose.motion is not Motion.NONE:
            student.show(pose.motion.name.lower(), stamp_s)
    return owners
