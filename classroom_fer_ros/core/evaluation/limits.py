"""
Where judging eyes stops working: simulated students, ever smaller, slower, darker, blurred.

The script that moves the students says when their eyes were shut. Each moment is rendered once,
and seen at every rate and in every light, each with a watcher of its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import cv2
import numpy as np

from classroom_fer_ros.core.arrays import FloatArray, ImageBgr
from classroom_fer_ros.core.detection import DetectionConfig
from classroom_fer_ros.core.evaluation.events import EventScore, score_events
from classroom_fer_ros.core.evaluation.perclos import PerclosCourse, PerclosScore, score_perclos
from classroom_fer_ros.core.events import Event
from classroom_fer_ros.core.eye_closures import ClosureKind, EyeClosures
from classroom_fer_ros.core.face_finding import FaceFinder
from classroom_fer_ros.core.fatigue import CLOSURE_BOUNDS_S, FatigueConfig
from classroom_fer_ros.core.fatigue_stage import FatigueStage
from classroom_fer_ros.core.frame import Frame
from classroom_fer_ros.core.head_motion_config import HeadMotionConfig
from classroom_fer_ros.core.light import LightConfig
from classroom_fer_ros.core.results import Behaviour, Face, Fatigue
from classroom_fer_ros.core.simulation import SimulatedClassroom, SimulationConfig, StudentTruth
from classroom_fer_ros.core.stages import HeadPoseStage
from classroom_fer_ros.core.tracking import TrackingConfig

FACE_SIZES_PX = (40, 60, 80, 120, 200)
RATES_FPS = (5, 10, 20, 30)
#: All rates are divisors of it.
GRID_FPS = 60
#: One tired, one restless, one lively.
STUDENTS = 3
HOLD_S = 3.0
#: Eyes at most this open are shut (P80), as the script has them.
P80 = 0.2
#: Noise of a picture in gray levels, in daylight and of a sensor in the dark; blur in pixels.
NOISE_LEVELS, DARK_LEVELS, BLUR_PX = 12.0, 3.0, 1.5
DARKENING = 0.25
NUM_NOISES = 8
#: How often pictures come is not known before, so no blink is counted.
WARM_UP_S = 1.0
#: A closure is seen by the pictures around it.
EDGE_S = 0.1

Light = Callable[[ImageBgr], ImageBgr]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """
    How well eyes are judged under one condition; closures in unjudged time are left out.

    :param judged_share: share of the time that students were in the picture in which their eyes
        were judged
    :param blinks: None where their rate was said to be unknown all the time
    :param long_closures: microsleeps among them
    """

    face_px: int
    rate_fps: int
    light: str
    judged_share: float
    blinks: EventScore | None
    long_closures: EventScore
    perclos: PerclosScore

    def to_json(self) -> dict[str, object]:
        """Plain values; None for what is unknown."""
        return {
            'face_px': self.face_px,
            'rate_fps': self.rate_fps,
            'light': self.light,
            'judged_share': round(self.judged_share, 4),
            'blink': self.blinks.to_json() if self.blinks else None,
            'long_closure': self.long_closures.to_json(),
            'perclos': self.perclos.to_json(),
        }


def lights(size_wh: tuple[int, int], names: Sequence[str] = ()) -> dict[str, Light]:
    """What is done to pictures of a size, by name, the same each time; all if none is named."""
    random = np.random.default_rng(0)
    noises = random.normal(0.0, 1.0, (NUM_NOISES, size_wh[1], size_wh[0], 3)).astype(np.float32)

    def noisy(image_bgr: ImageBgr, levels: float, brightness: float = 1.0) -> ImageBgr:
        noise = noises[random.integers(NUM_NOISES)]
        changed = np.clip(brightness * image_bgr + levels * noise, 0, 255)
        return np.asarray(changed, np.uint8)

    known: dict[str, Light] = {
        'plain': lambda image: image,
        'dim': lambda image: noisy(image, DARK_LEVELS, DARKENING),
        'noise': lambda image: noisy(image, NOISE_LEVELS),
        'blur': lambda image: np.asarray(cv2.GaussianBlur(image, (0, 0), BLUR_PX), np.uint8),
    }
    return {name: light for name, light in known.items() if not names or name in names}


LIGHTS = ('plain', 'dim', 'noise', 'blur')


def measure_limits(
    seconds: float,
    sizes_px: Sequence[int] = FACE_SIZES_PX,
    rates_fps: Sequence[int] = RATES_FPS,
    light_names: Sequence[str] = LIGHTS,
    seed: int = 1,
) -> Iterator[Limit]:
    """
    Watch a class for each size of faces.

    :param seconds: length of each simulated lesson; PERCLOS is known from 30 s on
    :param rates_fps: divisors of `GRID_FPS`
    :raises ModelError: if a model is missing or broken
    """
    for place, face_px in enumerate(sizes_px):
        room = classroom_of(face_px, seed + place)
        size_wh = (room.config.width, room.config.height)
        seen_in = lights(size_wh, light_names)
        watchers = {(name, fps): _Watcher() for name in seen_in for fps in rates_fps}
        truth = _Truth()
        for step in range(round(seconds * GRID_FPS)):
            due = [fps for fps in rates_fps if step % (GRID_FPS // fps) == 0]
            if not due:
                continue
            stamp_s = step / GRID_FPS
            picture, students = room.render(stamp_s)
            truth.add(students, stamp_s)
            for name, light in seen_in.items():
                image = light(picture)
                for fps in due:
                    watchers[name, fps].see(image, students, stamp_s)
        for (name, fps), watcher in watchers.items():
            watcher.close()
            yield watcher.limit(truth, face_px, fps, name)


def classroom_of(face_px: int, seed: int) -> SimulatedClassroom:
    """A class whose smallest face is so high, in a picture that just holds everybody."""
    height = round(face_px / 0.2)
    config = SimulationConfig(students=STUDENTS, seed=seed, height=height, width=height * 16 // 9)
    _, students = SimulatedClassroom(config).render(0.0)
    scale = face_px / min(student.size_px for student in students)
    config = replace(
        config, height=max(round(height * scale), 120), width=max(round(config.width * scale), 160)
    )
    return SimulatedClassroom(config)


class _Truth:
    """When eyes were shut: closures as the analysis would call them, and time below P80."""

    def __init__(self) -> None:
        self._closures: dict[str, EyeClosures] = {}
        self._shut_since_s: dict[str, float] = {}
        self.closures: list[Event] = []
        self.shut: list[Event] = []

    def add(self, students: Sequence[StudentTruth], stamp_s: float) -> None:
        for truth in students:
            name = truth.student
            watch = self._closures.setdefault(
                name, EyeClosures(FatigueConfig().closure_openness, CLOSURE_BOUNDS_S)
            )
            closure = watch.update(truth.eyes_open, stamp_s)
            if closure is not None and closure.kind is not ClosureKind.FLICKER:
                kind = closure.kind.name.lower()
                self.closures.append(_event(kind, closure.start_s, closure.end_s, name))
            if truth.eyes_open <= P80:
                self._shut_since_s.setdefault(name, stamp_s)
            elif name in self._shut_since_s:
                self.shut.append(_event('closure', self._shut_since_s.pop(name), stamp_s, name))


@dataclass
class _Course:
    """One student as one watcher sees it."""

    stamps_s: list[float] = field(default_factory=list)
    are_judged: list[bool] = field(default_factory=list)
    perclos: list[float] = field(default_factory=list)
    has_blink_rate: bool = False


class _Watcher:
    """The part of the analysis that eyes need, at one rate and in one light."""

    def __init__(self) -> None:
        self._finder = FaceFinder(LightConfig(), DetectionConfig(), TrackingConfig(), 1)
        self._heads = HeadPoseStage(HeadMotionConfig(), HOLD_S)
        self._eyes = FatigueStage(FatigueConfig(), HOLD_S)
        self._student_of: dict[str, str] = {}
        self._courses: dict[str, _Course] = {}
        self._events: dict[tuple[str, str, float], Event] = {}
        self._pictures = 0

    def see(self, image_bgr: ImageBgr, students: Sequence[StudentTruth], stamp_s: float) -> None:
        self._pictures += len(students)
        faces = self._finder.update(Frame(image_bgr, round(stamp_s * 1e9), 0))
        poses = {pose.face_id: pose for pose in self._heads.update(faces, stamp_s)}
        for face, fatigue in zip(
            faces, self._eyes.update(faces, poses, self._finder.cut, stamp_s), strict=True
        ):
            name = self._student_of.setdefault(face.face_id, _nearest(face, students))
            if name:
                self._note(name, fatigue, stamp_s)
        for behaviour in self._eyes.behaviours:
            self._note_event(behaviour)

    def _note(self, name: str, fatigue: Fatigue, stamp_s: float) -> None:
        course = self._courses.setdefault(name, _Course())
        course.stamps_s.append(stamp_s)
        course.are_judged.append(not math.isnan(fatigue.left_openness))
        course.perclos.append(fatigue.perclos)
        course.has_blink_rate |= not math.isnan(fatigue.blinks_per_minute)

    def _note_event(self, behaviour: Behaviour) -> None:
        name, kind = self._student_of.get(behaviour.face_id, ''), behaviour.kind.value
        # What goes on is told again with the same beginning.
        self._events[name, kind, behaviour.start_s] = _event(
            kind, behaviour.start_s, behaviour.end_s, name
        )

    def _is_judged(self, event: Event) -> bool:
        """Whether the eyes were judged throughout, and for long enough to know the rate."""
        course = self._courses.get(event.face, _Course())
        stamps_s = np.array(course.stamps_s)
        during = (stamps_s >= event.start_s - EDGE_S) & (stamps_s <= event.end_s + EDGE_S)
        is_known = during.any() and event.start_s >= stamps_s[0] + WARM_UP_S
        return bool(is_known and np.array(course.are_judged)[during].all())

    def close(self) -> None:
        self._finder.close()

    def limit(self, truth: _Truth, face_px: int, rate_fps: int, light: str) -> Limit:
        courses = [
            PerclosCourse(
                face=name,
                stamps_s=np.array(course.stamps_s),
                are_eyes_judged=np.array(course.are_judged),
                perclos=np.array(course.perclos),
            )
            for name, course in self._courses.items()
        ]
        labelled = [event for event in truth.closures if self._is_judged(event)]
        found = list(self._events.values())
        blinks = score_events(found, labelled)['blink']
        long_ones = score_events(_long(found), _long(labelled))['closure']
        has_blinks = any(course.has_blink_rate for course in self._courses.values())
        judged = sum(sum(course.are_judged) for course in self._courses.values())
        return Limit(
            face_px=face_px,
            rate_fps=rate_fps,
            light=light,
            judged_share=judged / max(self._pictures, 1),
            blinks=blinks if has_blinks or blinks.found else None,
            long_closures=long_ones,
            perclos=score_perclos(courses, truth.shut),
        )


def _long(events: Sequence[Event]) -> list[Event]:
    """Those that are closures of half a second or more."""
    return [event for event in events if event.kind in ('long_closure', 'microsleep')]


def _event(kind: str, start_s: float, end_s: float, face: str) -> Event:
    return Event(kind=kind, start_s=start_s, end_s=end_s, face=face)


def _nearest(face: Face, students: Sequence[StudentTruth]) -> str:
    """Student whose face this is, empty if it is nobody's."""
    place = _middle(face.box_xyxy)
    away = [float(np.linalg.norm(_middle(student.box_xyxy) - place)) for student in students]
    best = int(np.argmin(away))
    return students[best].student if away[best] <= students[best].size_px / 2 else ''


def _middle(box_xyxy: Sequence[float]) -> FloatArray:
    return np.asarray(np.reshape(box_xyxy, (2, 2)).mean(axis=0), np.float64)
