"""
Fatigue of one person from the opening of eyes and mouth.

PERCLOS (P80): the share of time in which the eyes are at least 80 % closed; Wierwille et al.,
"Research on vehicle-based driver status/performance monitoring", 1994, and FHWA-MCRT-98-006.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from classroom_fer_ros.core.errors import StampError
from classroom_fer_ros.core.eye_closures import Closure, ClosureKind, EyeClosures
from classroom_fer_ros.core.eye_openness import EyeMeasures, OpennessScale
from classroom_fer_ros.core.fatigue_config import RULES, FatigueConfig
from classroom_fer_ros.core.fatigue_level import (
    PERCLOS_WINDOW_S,
    FatigueMeasures,
    approach,
    judge,
    next_state,
)
from classroom_fer_ros.core.frame_rate import FrameRate, RateGate
from classroom_fer_ros.core.recent import RecentSum
from classroom_fer_ros.core.results import (
    NAN,
    Behaviour,
    BehaviourKind,
    Fatigue,
    FatigueState,
)
from classroom_fer_ros.core.yawns import YawnDetector

__all__ = ['PERCLOS_WINDOW_S', 'RULES', 'EyeMouthObservation', 'FatigueConfig', 'FatigueMonitor']

MIN_PERCLOS_S = 30.0
#: A rate of blinks is not told from less.
MIN_BLINK_RATE_S = 10.0
YAWN_WINDOW_S = 300.0
#: Shortest blink, long closure and microsleep, seconds.
CLOSURE_BOUNDS_S = (0.05, 0.5, 1.0)
#: A mouth below this share of the yawn's ratio has shut: lips move during a long yawn.
YAWN_CLOSE_SHARE = 0.5
#: Pictures a second: below the first blinks become unknown, from the second on they are back.
BLINK_FPS = (14.0, 16.0)
MIN_BLINK_FPS = 15.0
#: The same for everything else; a camera of 5 fps must not fall out by its jitter.
ALL_FPS = (4.5, 4.95)
MIN_ALL_FPS = 4.95


@dataclass(frozen=True, slots=True, kw_only=True)
class EyeMouthObservation:
    """
    What was measured in one picture.

    :param mouth_ratio: height over width of the mouth's opening, as in `eyes.Openings`
    :param is_visible: whether the face is large enough and not turned too far
    """

    eyes: EyeMeasures
    mouth_ratio: float
    is_visible: bool


class FatigueMonitor:
    """
    Follows one person's eyes and mouth. Holds no clock.

    :ivar scale: what is known of how far this person's eyes open; may be exchanged for one that
        was learned before
    :ivar behaviours: closures that count and ended in the last picture; microsleeps and yawns
        that count and go on or ended in it
    """

    def __init__(
        self, config: FatigueConfig | None = None, scale: OpennessScale | None = None
    ) -> None:
        self._config = config or FatigueConfig()
        self.scale = scale or OpennessScale(self._config.closed_ratio)
        self._rate = FrameRate()
        low, back = BLINK_FPS
        self._blink_gate = RateGate(start_fps=MIN_BLINK_FPS, off_fps=low, on_fps=back)
        low, back = ALL_FPS
        self._gate = RateGate(start_fps=MIN_ALL_FPS, off_fps=low, on_fps=back)
        self._closures = EyeClosures(self._config.closure_openness, CLOSURE_BOUNDS_S)
        yawn_ratio = self._config.yawn_ratio
        self._yawns = YawnDetector(
            open_ratio=yawn_ratio,
            close_ratio=YAWN_CLOSE_SHARE * yawn_ratio,
            min_s=self._config.yawn_s,
        )
        self._stamp_s = -math.inf
        self._judged_at_s = -math.inf
        self._openness = NAN
        self._is_microsleep_counted = False
        self._judged, self._closed = RecentSum(PERCLOS_WINDOW_S), RecentSum(PERCLOS_WINDOW_S)
        self._blink_judged, self._blinks = RecentSum(PERCLOS_WINDOW_S), RecentSum(PERCLOS_WINDOW_S)
        self._microsleeps = RecentSum(PERCLOS_WINDOW_S)
        self._long_closures = RecentSum(PERCLOS_WINDOW_S)
        self._recent_yawns = RecentSum(YAWN_WINDOW_S)
        self._blink_count = self._yawn_count = 0
        self._state = FatigueState.UNKNOWN
        self._level, self._level_at_s = NAN, -math.inf
        self._is_yawn_counted = False
        self._spans_s: dict[BehaviourKind, tuple[float, float]] = {}
        self.behaviours: tuple[Behaviour, ...] = ()

    def update(self, face_id: str, observation: EyeMouthObservation, stamp_s: float) -> Fatigue:
        """
        Add what one picture showed.

        `longest_closure_s` is of the last minute; `blink_count` and `yawn_count` are of all time.

        :param stamp_s: image acquisition time in seconds, never decreasing
        :raises StampError: if `stamp_s` goes back in time
        """
        if stamp_s < self._stamp_s:
            raise StampError(stamp_s, self._stamp_s)
        elapsed_s = stamp_s - self._stamp_s
        if elapsed_s > self._config.max_gap_s:
            self._rate.reset()
            self._interrupt()
        self._stamp_s = stamp_s
        rate_fps = self._rate.update(stamp_s)
        self._gate.update(rate_fps)
        self._blink_gate.update(rate_fps)
        self._spans_s.clear()
        self._look(observation, elapsed_s, stamp_s)
        self.behaviours = tuple(
            Behaviour(face_id=face_id, kind=kind, start_s=start_s, end_s=end_s)
            for kind, (start_s, end_s) in self._spans_s.items()
        )
        return self._result(face_id, observation, stamp_s)

    def _interrupt(self) -> None:
        self._openness = NAN
        self._is_microsleep_counted = False
        self._closures.interrupt()
        self._yawns.interrupt()

    def _look(self, observation: EyeMouthObservation, elapsed_s: float, stamp_s: float) -> None:
        eyes = observation.eyes
        if not observation.is_visible or not math.isfinite(eyes.ratio + observation.mouth_ratio):
            self._interrupt()
            return
        previous = self._openness
        if not math.isnan(previous):
            self.scale.learn(eyes, elapsed_s)
        self._openness = self.scale.of_both(eyes)
        if self._gate.is_open and not math.isnan(previous):
            self._count_time(previous, elapsed_s, stamp_s)
        closure = self._closures.update(self._openness, stamp_s)
        is_yawn = self._yawns.update(observation.mouth_ratio, self._openness, stamp_s)
        if self._gate.is_open:
            self._count_closures(closure, stamp_s)
            self._count_yawn(is_yawn, stamp_s)

    def _count_time(self, previous: float, elapsed_s: float, stamp_s: float) -> None:
        self._judged_at_s = stamp_s
        self._judged.add(elapsed_s, stamp_s)
        # Lids move faster than pictures follow: each picture stands for half the time around it.
        line = self._config.perclos_openness
        halves = (previous <= line) + (self._openness <= line)
        self._closed.add(elapsed_s * halves / 2, stamp_s)
        if self._blink_gate.is_open:
            self._blink_judged.add(elapsed_s, stamp_s)

    def _count_yawn(self, is_new: bool, stamp_s: float) -> None:
        span_s = self._yawns.span_s
        self._is_yawn_counted = (self._is_yawn_counted or is_new) and span_s is not None
        if is_new:
            self._yawn_count += 1
            self._recent_yawns.add(1.0, stamp_s)
        if self._is_yawn_counted and span_s is not None:
            self._spans_s[BehaviourKind.YAWN] = span_s

    def _count_closures(self, closure: Closure | None, stamp_s: float) -> None:
        """A microsleep counts as soon as it is one, everything else when it is over."""
        is_asleep = self._closures.current_s(stamp_s) >= CLOSURE_BOUNDS_S[2] - 1e-6
        is_over = closure is not None and closure.kind is ClosureKind.MICROSLEEP
        if (is_asleep or is_over) and not self._is_microsleep_counted:
            self._microsleeps.add(1.0, stamp_s)
        self._is_microsleep_counted = is_asleep
        if is_asleep:
            start_s = self._closures.start_s
            end_s = start_s + self._closures.current_s(stamp_s)
            self._spans_s[BehaviourKind.MICROSLEEP] = (start_s, end_s)
        if closure is None:
            return
        if closure.kind is not ClosureKind.FLICKER and (
            closure.kind is not ClosureKind.BLINK or self._blink_gate.is_open
        ):
            kind = BehaviourKind[closure.kind.name]
            self._spans_s[kind] = (closure.start_s, closure.end_s)
        if closure.kind is ClosureKind.BLINK and self._blink_gate.is_open:
            self._blink_count += 1
            self._blinks.add(1.0, stamp_s)
        if closure.kind is not ClosureKind.FLICKER:
            self._long_closures.add(closure.duration_s, stamp_s)

    def _result(self, face_id: str, observation: EyeMouthObservation, stamp_s: float) -> Fatigue:
        is_seen = not math.isnan(self._openness)
        judged_s = self._judged.at(stamp_s)
        perclos = self._perclos(judged_s, stamp_s)
        closed_s = self._closures.current_s(stamp_s)
        level, reasons = self._judge(perclos, closed_s, judged_s, stamp_s)
        self._long_closures.at(stamp_s)
        return Fatigue(
            face_id=face_id,
            left_openness=self._shown(observation.eyes.left_ratio, observation.eyes.left_open),
            right_openness=self._shown(observation.eyes.right_ratio, observation.eyes.right_open),
            mouth_openness=observation.mouth_ratio if is_seen else NAN,
            is_closed=is_seen and self._openness <= self._config.perclos_openness,
            blink_count=self._blink_count,
            blinks_per_minute=self._blinks_per_minute(stamp_s),
            perclos=perclos,
            judged_s=min(judged_s, PERCLOS_WINDOW_S),
            longest_closure_s=max(self._long_closures.largest(), closed_s),
            yawn_count=self._yawn_count,
            level=level,
            state=self._state,
            reasons=reasons,
        )

    def _shown(self, ratio: float, open_probability: float) -> float:
        if math.isnan(self._openness):
            return NAN
        return min(self.scale.openness(ratio, open_probability), 1.0)

    def _perclos(self, judged_s: float, stamp_s: float) -> float:
        closed_s = self._closed.at(stamp_s)
        # 30 s summed from intervals may miss 30 by rounding.
        if self._gate.is_shut or judged_s < MIN_PERCLOS_S - 1e-6:
            return NAN
        return min(closed_s / judged_s, 1.0)

    def _blinks_per_minute(self, stamp_s: float) -> float:
        judged_s = self._blink_judged.at(stamp_s)
        count = self._blinks.at(stamp_s)
        if not self._blink_gate.is_open or judged_s < MIN_BLINK_RATE_S:
            return NAN
        return 60.0 * count / judged_s

    def _judge(
        self, perclos: float, closed_s: float, judged_s: float, stamp_s: float
    ) -> tuple[float, tuple[str, ...]]:
        """Level and reasons; moves the state on. NaN and none where nothing can be judged."""
        config = self._config
        is_blind = self._gate.is_shut or (
            config.rule == 'blink_count' and not self._blink_gate.is_open
        )
        unseen_s = stamp_s - self._judged_at_s
        if is_blind or judged_s < config.min_judged_s or unseen_s > config.unknown_after_s:
            self._state, self._level = FatigueState.UNKNOWN, NAN
            return NAN, ()
        measures = FatigueMeasures(
            perclos=0.0 if math.isnan(perclos) else perclos,
            judged_s=judged_s,
            microsleeps=round(self._microsleeps.at(stamp_s)),
            yawns=round(self._recent_yawns.at(stamp_s)),
            closed_s=closed_s,
            blink_count=self._blink_count,
        )
        target, reasons = judge(measures, config)
        self._level = approach(self._level, target, stamp_s - self._level_at_s)
        self._level_at_s = stamp_s
        self._state = next_state(self._state, self._level, closed_s, config)
        return self._level, reasons
