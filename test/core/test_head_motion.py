"""Head directions and motions, on made signals at every rate and on a real film."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from behaviour import stamps
from hypothesis import given, settings
from hypothesis import strategies as st

from classroom_fer_ros.core.detection import FullRangeDetector
from classroom_fer_ros.core.errors import ConfigError, StampError
from classroom_fer_ros.core.head_motion import HeadMotionConfig, HeadMotionMonitor
from classroom_fer_ros.core.head_pose import HeadPoseEstimator
from classroom_fer_ros.core.mesh import FaceMesh
from classroom_fer_ros.core.results import Direction, HeadPose, Motion
from classroom_fer_ros.core.tracking import FaceTracker, TrackingConfig
from films import read_film

SHAPE = Path(__file__).parents[2] / 'models' / 'face_shape.json'
Course = Callable[[float], float]


def still(_: float) -> float:
    return 0.0


def swing(size_deg: float, hertz: float, start_s: float, cycles: float) -> Course:
    """To and fro around the middle."""

    def course(t: float) -> float:
        phase = (t - start_s) * hertz
        return size_deg * math.sin(2 * math.pi * phase) if 0 <= phase <= cycles else 0.0

    return course


def path(*points: tuple[float, float]) -> Course:
    """Straight lines from one (time, angle) to the next."""
    times, angles = zip(*points, strict=True)
    return lambda t: float(np.interp(t, times, angles))


def watch(
    yaw_deg: Course,
    pitch_deg: Course = still,
    fps: float = 30.0,
    until_s: float = 20.0,
    jitter: float = 0.0,
    noise_deg: float = 0.5,
) -> list[tuple[float, HeadPose]]:
    monitor, noise = HeadMotionMonitor(), np.random.default_rng(1)
    poses = []
    for t in stamps(fps, until_s, jitter):
        yaw, pitch, roll = (
            math.radians(angle + noise.normal(0, noise_deg))
            for angle in (yaw_deg(t), pitch_deg(t), 0.0)
        )
        poses.append((t, monitor.update('a', yaw, pitch, roll, t)))
    return poses


def motions(poses: list[tuple[float, HeadPose]]) -> set[Motion]:
    return {pose.motion for _, pose in poses} - {Motion.NONE}


@dataclass(frozen=True)
class Gesture:
    id: str
    motions: set[Motion]
    yaw_deg: Course = still
    pitch_deg: Course = still


GESTURES = [
    Gesture('still', set()),
    Gesture('a small quick shake', {Motion.SHAKE}, swing(10, 1.5, 10, 2)),
    Gesture('a slow shake', {Motion.SHAKE}, swing(15, 0.8, 10, 2)),
    Gesture('a nod', {Motion.NOD}, pitch_deg=swing(10, 1.5, 10, 2)),
    Gesture(
        'a nod that leaks into yaw', {Motion.NOD}, swing(6, 1.5, 10, 2), swing(12, 1.5, 10, 2)
    ),
    Gesture('a shake that leaks', {Motion.SHAKE}, swing(15, 1.2, 10, 2), swing(6, 1.2, 10, 2)),
    Gesture('a turn', {Motion.TURN}, path((10, 0), (10.5, 35))),
    Gesture('a slow turn', set(), path((10, 0), (12.5, 40))),
    Gesture(
        'glances with rests',
        set(),
        path(
            *((4, 0), (4.3, 18), (4.5, 18), (4.8, 0), (9, 0), (9.3, 18), (9.5, 18), (9.8, 0)),
            *((11.2, 0), (11.5, 18), (11.7, 18), (12.0, 0)),
        ),
    ),
    Gesture('a slow drift', set(), path((5, 0), (20, 25))),
    Gesture('a look aside and back', {Motion.TURN}, path((9, 0), (9.5, 30), (12, 30), (12.5, 0))),
    Gesture(
        'looks to both sides',
        {Motion.TURN, Motion.LEFT_RIGHT},
        path((9, 0), (9.4, 25), (10.4, 25), (11.2, -25), (12.2, -25), (12.6, 0)),
    ),
    Gesture('too small to matter', set(), swing(3, 1.5, 10, 4)),
]


@pytest.mark.parametrize('jitter', [0.0, 0.4], ids=['even', 'uneven'])
@pytest.mark.parametrize('fps', [10.0, 20.0, 30.0])
@pytest.mark.parametrize('gesture', GESTURES, ids=lambda gesture: gesture.id)
def test_motions_at_every_rate(gesture: Gesture, fps: float, jitter: float) -> None:
    assert motions(watch(gesture.yaw_deg, gesture.pitch_deg, fps, jitter=jitter)) == (
        gesture.motions
    )


def test_a_slow_shake_is_seen_at_5_fps() -> None:
    assert Motion.SHAKE in motions(watch(swing(20, 0.7, 10, 2), fps=5.0))


@pytest.mark.parametrize('hertz', [1.0, 1.5, 2.0])
def test_a_shake_is_seen_within_a_second_of_its_second_reversal(hertz: float) -> None:
    poses = watch(swing(15, hertz, 10, 3))
    first_s = next(t for t, pose in poses if pose.motion is Motion.SHAKE)
    assert first_s - (10 + 0.75 / hertz) < 0.3


@pytest.mark.parametrize('fps', [5.0, 10.0, 30.0])
@pytest.mark.parametrize('usual_deg', [-30.0, 0.0, 25.0])
@pytest.mark.parametrize(
    ('yaw', 'pitch', 'direction'),
    [
        (20, 0, Direction.LEFT),
        (-20, 0, Direction.RIGHT),
        (0, 20, Direction.DOWN),
        (0, -20, Direction.UP),
        (5, 5, Direction.AHEAD),
        (25, 16, Direction.LEFT),
    ],
)
def test_directions_are_relative_to_the_usual_pose(
    yaw: float, pitch: float, direction: Direction, usual_deg: float, fps: float
) -> None:
    poses = watch(
        path((12, usual_deg), (12.5, usual_deg + yaw)), path((12, 0), (12.5, pitch)), fps, 14.0
    )
    ahead = [pose for t, pose in poses if 7 < t < 12]
    assert {pose.direction for pose in ahead} == {Direction.AHEAD}
    assert poses[-1][1].direction is direction
    # The angles themselves are those of the camera.
    assert math.degrees(poses[-1][1].yaw_rad) == pytest.approx(usual_deg + yaw, abs=1.5)


def test_directions_do_not_flicker_at_the_threshold() -> None:
    poses = watch(path((8, 0), (9, 11.5)), noise_deg=1.0)
    shown = [pose.direction for t, pose in poses if t > 9.5]
    changes = sum(one is not other for one, other in pairwise(shown))
    assert changes <= 2


@pytest.mark.parametrize('fps', [5.0, 10.0, 30.0])
def test_looking_away_is_reported_after_3_s_with_its_beginning(fps: float) -> None:
    poses = watch(path((12, 0), (12.4, 45), (18, 45), (18.4, 0)), fps=fps)
    reported = [(t, p.looking_away_since_s) for t, p in poses if p.looking_away_since_s > 0]
    assert reported[0][0] == pytest.approx(15.35, abs=0.35)
    assert all(since == pytest.approx(12.3, abs=0.25) for _, since in reported)
    assert reported[-1][0] == pytest.approx(18.2, abs=0.25)


@pytest.mark.parametrize(('yaw', 'pitch'), [(25, 0), (0, 40)], ids=['not far enough', 'writes'])
def test_not_looking_away(yaw: float, pitch: float) -> None:
    poses = watch(path((12, 0), (12.4, yaw)), path((12, 0), (12.4, pitch)))
    assert all(math.isnan(pose.looking_away_since_s) for _, pose in poses)


def test_a_long_look_away_does_not_become_the_usual_pose_soon() -> None:
    poses = watch(path((30, 0), (30.5, 50)), fps=5.0, until_s=60.0)
    assert poses[-1][1].looking_away_since_s == pytest.approx(30.4, abs=0.3)


def test_somebody_who_has_moved_gets_another_usual_pose() -> None:
    poses = watch(path((30, 0), (30.5, 50)), fps=5.0, until_s=400.0)
    assert poses[-1][1].direction is Direction.AHEAD


def test_a_still_head_is_calm_and_a_moving_one_is_followed() -> None:
    poses = watch(path((10, 0), (10.5, 40)), noise_deg=1.0)
    calm = [pose.yaw_rad for t, pose in poses if 5 < t < 10]
    assert math.degrees(float(np.std(calm))) < 0.75
    reached_s = next(t for t, pose in poses if math.degrees(pose.yaw_rad) > 36)
    assert reached_s < 10.65


def test_heads_not_seen_are_survived() -> None:
    monitor = HeadMotionMonitor()
    for t in stamps(20.0, 10.0):
        monitor.update('a', 0.0, 0.0, 0.0, t)
    unseen = monitor.update('a', math.nan, 0.0, 0.0, 10.05)
    assert unseen.direction is Direction.UNKNOWN
    assert math.isnan(unseen.yaw_rad)
    assert unseen.motion is Motion.NONE
    assert monitor.update('a', 0.0, 0.0, 0.0, 10.1).direction is Direction.AHEAD
    # After a gap the filter starts anew.
    late = monitor.update('a', 0.7, 0.0, 0.0, 20.0)
    assert late.yaw_rad == pytest.approx(0.7)
    assert late.motion is Motion.NONE


def test_stamps_go_forward() -> None:
    monitor = HeadMotionMonitor()
    monitor.update('a', 0.0, 0.0, 0.0, 1.0)
    monitor.update('a', 0.0, 0.0, 0.0, 1.0)
    with pytest.raises(StampError):
        monitor.update('a', 0.0, 0.0, 0.0, 0.5)


@pytest.mark.parametrize('name', ['away_deg', 'swing_deg', 'beta', 'direction_margin_deg'])
def test_settings_out_of_range_are_named(name: str) -> None:
    for value in (math.nan, -1.0):
        with pytest.raises(ConfigError, match=name):
            HeadMotionConfig(**{name: value})


def test_the_margin_stays_below_the_direction() -> None:
    with pytest.raises(ConfigError, match='direction_margin_deg'):
        HeadMotionConfig(direction_deg=5.0, direction_margin_deg=5.0)


angles = st.one_of(st.floats(-4, 4), st.sampled_from([math.nan, math.inf, 0.0]))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(0.0, 1.0), angles, angles, angles), max_size=60))
def test_whatever_is_seen(steps: list[tuple[float, float, float, float]]) -> None:
    monitor, t = HeadMotionMonitor(), 0.0
    for elapsed_s, yaw, pitch, roll in steps:
        t += elapsed_s
        pose = monitor.update('a', yaw, pitch, roll, t)
        is_seen = all(math.isfinite(angle) for angle in (yaw, pitch, roll))
        assert math.isnan(pose.yaw_rad) is not is_seen
        assert (pose.direction is Direction.UNKNOWN) is not is_seen
        assert not pose.looking_away_since_s > t - 3.0 + 1e-3


def test_a_real_head_turns_to_both_sides(data_dir: Path) -> None:
    tracker = FaceTracker(FullRangeDetector(), FaceMesh(), TrackingConfig(regions_per_picture=1))
    estimate, monitor = HeadPoseEstimator(SHAPE), HeadMotionMonitor()
    directions = []
    for frame in read_film(data_dir / 'video' / 'face_turning_a.mp4', last=190):
        (face,) = tracker.update(frame.image_bgr, frame.stamp_s)
        angles = estimate(face.landmarks.points_xyz)
        pose = monitor.update(
            'a', angles.yaw_rad, angles.pitch_rad, angles.roll_rad, frame.stamp_s
        )
        directions.append(pose.direction)
    # By eye, in the picture: ahead at the start, to the left at 0.8 s, to the right at 5.8 s.
    assert directions[0] is Direction.AHEAD
    assert directions[24] is Direction.RIGHT
    assert directions[174] is Direction.LEFT
