"""A moving camera is no class of shaking heads, and a shaking head is no moving camera."""

from __future__ import annotations

import math
from collections.abc import Callable

import cv2
import numpy as np
import pytest
from behaviour import stamps
from hypothesis import given, settings
from hypothesis import strategies as st

from classroom_fer_ros.core.camera_motion import CommonMotion
from classroom_fer_ros.core.detection import DetectionConfig
from classroom_fer_ros.core.face_finding import FaceFinder
from classroom_fer_ros.core.frame import Frame
from classroom_fer_ros.core.head_motion import HeadMotionConfig, HeadMotionMonitor
from classroom_fer_ros.core.light import LightConfig
from classroom_fer_ros.core.results import Motion
from classroom_fer_ros.core.simulation import SimulatedClassroom, SimulationConfig
from classroom_fer_ros.core.stages import HeadPoseStage
from classroom_fer_ros.core.tracking import TrackingConfig

Course = Callable[[float], float]


def swing(size_deg: float, hertz: float, from_s: float = 4.0, to_s: float = 1e9) -> Course:
    return lambda t: (
        size_deg * math.sin(2 * math.pi * hertz * (t - from_s)) if from_s <= t <= to_s else 0.0
    )


def watch(
    camera: tuple[Course, Course], own: dict[int, Course], heads: int, fps: float, until_s: float
) -> dict[int, set[Motion]]:
    """Motions of heads that each move by themselves, in front of a camera that moves as well."""
    common, noise = CommonMotion(), np.random.default_rng(3)
    monitors = [HeadMotionMonitor() for _ in range(heads)]
    usual = noise.uniform(-20, 20, (heads, 2))
    seen: dict[int, set[Motion]] = {number: set() for number in range(heads)}
    for t in stamps(fps, until_s, jitter=0.3):
        angles = {}
        for number in range(heads):
            yaw, pitch = usual[number] + (camera[0](t), camera[1](t)) + noise.normal(0, 0.5, 2)
            yaw += own[number](t) if number in own else 0.0
            angles[str(number)] = (math.radians(yaw), math.radians(pitch))
        camera_rad = common.update(angles, t)
        for number, monitor in enumerate(monitors):
            yaw, pitch = angles[str(number)]
            pose = monitor.update(str(number), yaw, pitch, 0.0, t, camera_rad)
            assert math.degrees(abs(pose.yaw_rad - yaw)) < 12.0, 'angles stay those of the camera'
            seen[number].add(pose.motion)
    return {number: motions - {Motion.NONE} for number, motions in seen.items()}


def still(_: float) -> float:
    return 0.0


@pytest.mark.parametrize('fps', [10.0, 30.0])
@pytest.mark.parametrize('heads', [4, 20])
@pytest.mark.parametrize(
    'camera',
    [(swing(12, 1.0), still), (swing(10, 1.8), swing(7, 0.9)), (still, swing(12, 1.2))],
    ids=['sways', 'walks', 'bobs'],
)
def test_a_moving_camera_is_no_class_of_shaking_heads(
    camera: tuple[Course, Course], heads: int, fps: float
) -> None:
    assert set().union(*watch(camera, {}, heads, fps, 16.0).values()) == set()


@pytest.mark.parametrize('camera', [still, swing(12, 0.7)], ids=['standing', 'moving'])
def test_who_shakes_the_head_in_front_of_it_is_seen(camera: Course) -> None:
    shakers = {2: swing(16, 1.3, 8.0, 11.0)}
    found = watch((camera, still), shakers, 8, 20.0, 14.0)
    assert {number for number, motions in found.items() if Motion.SHAKE in motions} == {2}


def test_half_a_class_that_shakes_is_no_moving_camera() -> None:
    shakers = {number: swing(15, 1.2, 8.0, 11.0) for number in range(4)}
    found = watch((still, still), shakers, 8, 20.0, 14.0)
    assert {number for number, motions in found.items() if Motion.SHAKE in motions} == set(shakers)


def test_of_three_heads_nobody_can_say() -> None:
    found = watch((swing(12, 1.0), still), {}, 3, 20.0, 12.0)
    assert all(motions == {Motion.SHAKE} for motions in found.values())


def test_common_motion_fades_where_the_heads_no_longer_agree() -> None:
    common = CommonMotion()
    for step in range(40):
        t = step / 20
        yaw = math.radians(swing(15, 1.0, 0.0)(t))
        told = common.update({str(n): (yaw, 0.0) for n in range(6)}, t)
    assert abs(told[0]) > math.radians(3.0)
    for step in range(40, 80):
        told = common.update({str(n): (math.radians(30.0 * n), 0.0) for n in range(6)}, step / 20)
    assert told[0] == pytest.approx(0.0, abs=math.radians(0.2))


angles = st.tuples(st.floats(-1.5, 1.5), st.floats(-1.5, 1.5))
pictures = st.dictionaries(st.sampled_from('abcdefg'), angles, max_size=7)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(0.0, 2.0), pictures), max_size=30))
def test_whoever_comes_and_goes(steps: list) -> None:
    """What is common is finite, no larger than what was seen, and nothing for a few heads."""
    common, t = CommonMotion(), 0.0
    few_since_s: float | None = 0.0
    for elapsed_s, seen in steps:
        t += elapsed_s
        told = common.update(seen, t)
        assert all(math.isfinite(angle) and abs(angle) <= 3.0 for angle in told)
        few_since_s = None if len(seen) >= 4 else t if few_since_s is None else few_since_s
        if few_since_s == 0.0:
            assert told == (0.0, 0.0)


def shaken(image: np.ndarray, t: float) -> np.ndarray:
    """As a camera in a walking hand sees it: by 3 % of its height and 2 deg, at 1 to 2 Hz."""
    height, width = image.shape[:2]
    far = height / 36
    turn = cv2.getRotationMatrix2D(
        (width / 2, height / 2), 2 * math.sin(2 * math.pi * 1.7 * t + 2), 1.0
    )
    turn[0, 2] += far * math.sin(2 * math.pi * 1.3 * t)
    turn[1, 2] += 0.7 * far * math.sin(2 * math.pi * 2.1 * t + 1)
    return cv2.warpAffine(image, turn, (width, height), borderMode=cv2.BORDER_REFLECT)


def test_in_a_shaking_picture_only_those_shake_and_nod_who_do() -> None:
    """At 20 pictures a second; at 10 the mesh falls behind and errs by up to 28 degrees."""
    classroom = SimulatedClassroom(SimulationConfig(students=4, width=800, height=450, seed=5))
    finder = FaceFinder(LightConfig(), DetectionConfig(), TrackingConfig(), 1)
    stage = HeadPoseStage(HeadMotionConfig(), 3.0)
    seen: dict[str, set[str]] = {}
    true: dict[str, set[str]] = {}
    for index in range(120):
        t = index / 20
        image, truths = classroom.render(t)
        faces = finder.update(Frame(shaken(image, t), index * 50_000_000, index))
        for face, pose in zip(faces, stage.update(faces, t), strict=True):
            x, y = (sum(face.box_xyxy[i::2]) / 2 for i in (0, 1))
            truth = min(truths, key=lambda one: math.dist(one.box_xyxy[:2], (x - 45, y - 50)))
            seen.setdefault(face.face_id, set()).add(pose.motion.name.lower())
            true.setdefault(face.face_id, set()).add(truth.event)
    finder.close()
    assert len(seen) == 4, 'nobody is lost'
    heads = {'shake', 'nod'}
    assert {name: found & heads for name, found in seen.items()} == {
        name: done & heads for name, done in true.items()
    }
    assert set().union(*true.values()) >= heads
