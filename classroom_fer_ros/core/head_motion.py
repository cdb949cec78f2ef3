"""
Where a head points and how it moves, relative to the person's usual pose.

Motions, the first that holds is shown:

- SHAKE: at least two reversals of the yaw within 2 s, larger than those of the pitch;
- NOD: the same of the pitch;
- LEFT_RIGHT: looks of some duration to both sides within 5 s;
- TURN: the yaw left one rest and came to another far from it, within the last second.

So a quick to and fro is a shake however far it goes, and looking around is left-right. Both are
the cause of a left_right alert.
"""

from __future__ import annotations

import math

from classroom_fer_ros.core.errors import StampError
from classroom_fer_ros.core.head_motion_config import HeadMotionConfig
from classroom_fer_ros.core.head_swings import LooksAside, Reversals, Turns
from classroom_fer_ros.core.one_euro import OneEuroFilter
from classroom_fer_ros.core.results import (
    NAN,
    Behaviour,
    BehaviourKind,
    Direction,
    HeadPose,
    Motion,
)
from classroom_fer_ros.core.running_quantile import RunningQuantile

__all__ = ['HeadMotionConfig', 'HeadMotionMonitor']

#: Filters start anew when a head was not seen for longer.
MAX_GAP_S = 0.5
#: A rest lasts this long within this band, degrees; a turn between two rests takes at most this.
REST_S = 0.4
REST_BAND_DEG = 5.0
MAX_TURN_S = 1.5
TURN_SHOWN_S = 1.0
#: Reading and writing lower the head: down counts less than to the sides (45 deg as 30).
DOWN_SHARE = 30.0 / 45.0
#: Somebody new is taken to face the camera, with the weight of this many seconds.
NEUTRAL_PRIOR_S = 2.0
#: After these seconds, who looks away teaches the usual pose only slowly.
LEARN_ALL_S = 10.0
AWAY_WEIGHT = 0.2
#: Before, the usual pose still moves, and with it what is left and right: looks do not count.
LOOKS_AFTER_S = 3.0
MIN_REVERSALS = 2


class HeadMotionMonitor:
    """
    Follows one person's head. Holds no clock.

    :ivar behaviours: the motion shown in the last picture, and looking away
    """

    def __init__(self, config: HeadMotionConfig | None = None) -> None:
        self._config = config or HeadMotionConfig()
        cutoff_hz, beta = self._config.min_cutoff_hz, self._config.beta
        self._filters = [OneEuroFilter(min_cutoff_hz=cutoff_hz, beta=beta) for _ in range(3)]
        self._neutral = [_neutral(self._config.neutral_memory_s) for _ in range(2)]
        swing, window_s = self._config.swing_deg, self._config.swing_window_s
        self._yaw_swings = Reversals(swing=swing, window_s=window_s)
        self._pitch_swings = Reversals(swing=swing, window_s=window_s)
        self._turns = Turns(
            min_turn=self._config.turn_deg,
            max_turn_s=MAX_TURN_S,
            rest_band=REST_BAND_DEG,
            rest_s=REST_S,
        )
        self._looks = LooksAside(dwell_s=self._config.look_s, window_s=self._config.both_sides_s)
        self._stamp_s = self._seen_s = -math.inf
        self._learned_s = 0.0
        self._direction = Direction.UNKNOWN
        self._away_since_s = NAN
        self.behaviours: tuple[Behaviour, ...] = ()

    def update(
        self,
        face_id: str,
        yaw_rad: float,
        pitch_rad: float,
        roll_rad: float,
        stamp_s: float,
        camera_rad: tuple[float, float] = (0.0, 0.0),
    ) -> HeadPose:
        """
        Add the angles of one picture; NaN where the head was not seen.

        The angles of the result are filtered, those of the camera; its direction is relative to
        the usual pose.

        :param stamp_s: image acquisition time in seconds, never decreasing
        :param camera_rad: yaw and pitch that are the camera's doing (`core.camera_motion`)
        :raises StampError: if `stamp_s` goes back in time
        """
        if stamp_s < self._stamp_s:
            raise StampError(stamp_s, self._stamp_s)
        self._stamp_s = stamp_s
        self.behaviours = ()
        angles = (yaw_rad - camera_rad[0], pitch_rad - camera_rad[1], roll_rad)
        if not all(math.isfinite(angle) for angle in angles):
            if stamp_s - self._seen_s > MAX_GAP_S:
                self._away_since_s = NAN
            self._looks.update(0, stamp_s)
            return HeadPose(face_id=face_id)
        elapsed_s = stamp_s - self._seen_s
        if elapsed_s > MAX_GAP_S:
            self._restart()
            elapsed_s = 0.0
        self._seen_s = stamp_s
        yaw_rad, pitch_rad, roll_rad = (
            one.update(angle, elapsed_s) for one, angle in zip(self._filters, angles, strict=True)
        )
        yaw_deg, pitch_deg = self._relative_deg(yaw_rad, pitch_rad, elapsed_s)
        self._direction = self._direct(yaw_deg, pitch_deg)
        pose = HeadPose(
            face_id=face_id,
            yaw_rad=yaw_rad + camera_rad[0],
            pitch_rad=pitch_rad + camera_rad[1],
            roll_rad=roll_rad,
            direction=self._direction,
            looking_away_since_s=self._look_away(yaw_deg, pitch_deg, stamp_s),
            motion=self._move(yaw_rad, pitch_rad, stamp_s),
        )
        self.behaviours = self._behaviours(pose, stamp_s)
        return pose

    def _behaviours(self, pose: HeadPose, stamp_s: float) -> tuple[Behaviour, ...]:
        spans_s: dict[BehaviourKind, tuple[float, float]] = {}
        if pose.motion is not Motion.NONE:
            sources: dict[Motion, Reversals | LooksAside | Turns] = {
                Motion.SHAKE: self._yaw_swings,
                Motion.NOD: self._pitch_swings,
                Motion.LEFT_RIGHT: self._looks,
                Motion.TURN: self._turns,
            }
            spans_s[BehaviourKind[pose.motion.name]] = sources[pose.motion].span_s
        if not math.isnan(pose.looking_away_since_s):
            spans_s[BehaviourKind.LOOK_AWAY] = (pose.looking_away_since_s, stamp_s)
        return tuple(
            Behaviour(face_id=pose.face_id, kind=kind, start_s=start_s, end_s=end_s)
            for kind, (start_s, end_s) in spans_s.items()
        )

    def _restart(self) -> None:
        """What happened meanwhile is not known: nothing goes on over it."""
        for one in self._filters:
            one.reset()
        for swings in (self._yaw_swings, self._pitch_swings):
            swings.reset()
        self._turns.reset()
        self._away_since_s = NAN

    def _relative_deg(
        self, yaw_rad: float, pitch_rad: float, elapsed_s: float
    ) -> tuple[float, float]:
        """Yaw and pitch relative to the usual pose, which learns from them."""
        absolute = math.degrees(yaw_rad), math.degrees(pitch_rad)
        yaw, pitch = self._neutral
        away_deg = self._away_deg(absolute[0] - yaw.value, absolute[1] - pitch.value)
        is_away = self._learned_s > LEARN_ALL_S and away_deg > self._config.away_deg
        self._learned_s += elapsed_s
        for angle, neutral in zip(absolute, self._neutral, strict=True):
            neutral.add(angle, elapsed_s * (AWAY_WEIGHT if is_away else 1.0))
        return absolute[0] - yaw.value, absolute[1] - pitch.value

    @staticmethod
    def _away_deg(yaw_deg: float, pitch_deg: float) -> float:
        return math.hypot(yaw_deg, pitch_deg * (DOWN_SHARE if pitch_deg > 0.0 else 1.0))

    def _direct(self, yaw_deg: float, pitch_deg: float) -> Direction:
        """Direction with hysteresis; that of the larger angle."""
        sizes = {
            Direction.LEFT: yaw_deg,
            Direction.RIGHT: -yaw_deg,
            Direction.UP: -pitch_deg,
            Direction.DOWN: pitch_deg,
        }
        farthest = max(sizes, key=lambda direction: sizes[direction])
        limit_deg = self._config.direction_deg
        if sizes[farthest] > limit_deg:
            held = sizes.get(self._direction, -math.inf)
            # Between two directions the one before is held until the other clearly leads.
            is_held = held > limit_deg and sizes[farthest] - held < (
                self._config.direction_margin_deg
            )
            return self._direction if is_held else farthest
        held = sizes.get(self._direction, -math.inf)
        is_still = held > limit_deg - self._config.direction_margin_deg
        return self._direction if is_still else Direction.AHEAD

    def _look_away(self, yaw_deg: float, pitch_deg: float, stamp_s: float) -> float:
        """When looking away began, NaN until it has lasted long enough."""
        margin_deg = self._config.direction_margin_deg
        is_away_already = not math.isnan(self._away_since_s)
        limit_deg = self._config.away_deg - (margin_deg if is_away_already else 0.0)
        if self._away_deg(yaw_deg, pitch_deg) <= limit_deg:
            self._away_since_s = NAN
        elif not is_away_already:
            self._away_since_s = stamp_s
        is_long = stamp_s - self._away_since_s >= self._config.away_s - 1e-6
        return self._away_since_s if is_long else NAN

    def _move(self, yaw_rad: float, pitch_rad: float, stamp_s: float) -> Motion:
        self._yaw_swings.update(math.degrees(yaw_rad), stamp_s)
        self._pitch_swings.update(math.degrees(pitch_rad), stamp_s)
        self._turns.update(math.degrees(yaw_rad), stamp_s)
        side = {Direction.LEFT: 1, Direction.RIGHT: -1}.get(self._direction, 0)
        is_left_right = self._looks.update(side if self._learned_s > LOOKS_AFTER_S else 0, stamp_s)
        is_shake = self._yaw_swings.count >= MIN_REVERSALS
        is_nod = self._pitch_swings.count >= MIN_REVERSALS
        if is_shake and (not is_nod or self._yaw_swings.size >= self._pitch_swings.size):
            return Motion.SHAKE
        if is_nod:
            return Motion.NOD
        if is_left_right:
            return Motion.LEFT_RIGHT
        is_turn = stamp_s - self._turns.turned_s <= TURN_SHOWN_S
        return Motion.TURN if is_turn else Motion.NONE


def _neutral(memory_s: float) -> RunningQuantile:
    """Slow median of an angle in degrees."""
    return RunningQuantile(
        low=-90.0,
        high=90.0,
        num_bins=180,
        quantile=0.5,
        memory_s=memory_s,
        prior=0.0,
        prior_s=NEUTRAL_PRIOR_S,
    )
