"""
What one simulated student does: a pure function of the seed and the time.

Time is cut into blocks. The actions of a block are drawn from the seed, the student and the
block's number, and none reaches into the next block, so any moment can be asked for on its own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

import numpy as np

BLOCK_S = 30.0
#: A head turns no further than this, in any sum of movements.
MAX_ANGLE_RAD = math.radians(30.0)
#: Movements of no event: the sway of a living body.
IDLE_YAW_RAD, IDLE_PITCH_RAD, IDLE_ROLL_RAD = (math.radians(a) for a in (2.5, 1.8, 1.6))
LID_DOWN_S, LID_UP_S = 0.07, 0.10
#: Half of either ramp: what a lid's movement adds to the time that the eye is more than half shut.
LID_RAMPS_S = (LID_DOWN_S + LID_UP_S) / 2

BLINK, LONG_CLOSURE, MICROSLEEP = 'blink', 'long_closure', 'microsleep'
YAWN, SHAKE, NOD, TURN, LOOK_AWAY = 'yawn', 'shake', 'nod', 'turn', 'look_away'
EVENTS = (BLINK, LONG_CLOSURE, MICROSLEEP, YAWN, SHAKE, NOD, TURN, LOOK_AWAY)
_CLOSURES = (LONG_CLOSURE, MICROSLEEP)


class StudentKind(Enum):
    """How a student behaves."""

    LIVELY = 'lively'
    TIRED = 'tired'
    RESTLESS = 'restless'


#: What each kind does, and how likely each next action is.
REPERTOIRES: dict[StudentKind, dict[str, float]] = {
    StudentKind.LIVELY: {TURN: 0.5, NOD: 0.3, LOOK_AWAY: 0.2},
    StudentKind.TIRED: {MICROSLEEP: 0.4, LONG_CLOSURE: 0.35, YAWN: 0.25},
    StudentKind.RESTLESS: {SHAKE: 0.45, TURN: 0.3, LOOK_AWAY: 0.25},
}
#: Shortest and longest rest between two actions, seconds.
RESTS_S: dict[StudentKind, tuple[float, float]] = {
    StudentKind.LIVELY: (3.0, 8.0),
    StudentKind.TIRED: (2.0, 5.0),
    StudentKind.RESTLESS: (3.0, 6.0),
}
#: The first actions of a film, so that a newcomer soon sees each of them.
OPENINGS: dict[StudentKind, tuple[str, ...]] = {
    StudentKind.LIVELY: (),
    StudentKind.TIRED: (YAWN, MICROSLEEP),
    StudentKind.RESTLESS: (SHAKE,),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """
    Something that a student does.

    :param angle_rad: how far the head moves, with its sign
    :param hz: rhythm of a shake or a nod
    """

    event: str
    start_s: float
    duration_s: float
    angle_rad: float = 0.0
    hz: float = 0.0

    @property
    def end_s(self) -> float:
        """When it is over."""
        return self.start_s + self.duration_s


@dataclass(frozen=True, slots=True, kw_only=True)
class StudentState:
    """
    What a student looks like at one moment.

    :param mouth_open: 0 at rest, 1 at a full yawn
    :param smile: -1 hardly, 0 as in the photograph, 1 broadly
    :param sway_xy: shift of the body, in face heights
    :param mood: running number whose whole part chooses one of a person's photographs, and whose
        fraction says how far the face has changed to the next one
    """

    yaw_rad: float
    pitch_rad: float
    roll_rad: float
    eyes_open: float
    mouth_open: float
    smile: float
    sway_xy: tuple[float, float]
    mood: float
    event: str


class StudentScript:
    """The script of one student."""

    def __init__(self, seed: int, student: int, kind: StudentKind) -> None:
        self._key = (seed, student)
        self.kind = kind
        random = np.random.default_rng((seed, student, 0))
        self._phases = random.uniform(0.0, 2 * math.pi, 16)
        self._rates = random.uniform(0.85, 1.2, 16)
        self._mood_s = float(random.uniform(9.0, 14.0))
        self.actions = lru_cache(maxsize=4)(self._draw_actions)
        self.blinks = lru_cache(maxsize=4)(self._draw_blinks)

    def __call__(self, stamp_s: float) -> StudentState:
        """State at some time, in seconds from the start of the class."""
        block = math.floor(stamp_s / BLOCK_S)
        action = next(
            (a for a in self.actions(block) if a.start_s <= stamp_s < a.end_s),
            None,
        )
        blink = next((b for b in self.blinks(block) if b.start_s <= stamp_s < b.end_s), None)
        yaw, pitch, roll = self._idle_angles(stamp_s)
        eyes_open, mouth_open, smile = 1.0, 0.0, self._smile(stamp_s)
        if action is not None:
            turn, tilt = _head_offset(action, stamp_s)
            yaw, pitch = yaw + turn, pitch + tilt
            eyes_open, mouth_open = _lids_and_lips(action, stamp_s)
            smile += (-1.0 - smile) * mouth_open
        if blink is not None:
            eyes_open = min(eyes_open, _lids(blink, stamp_s))
        return StudentState(
            yaw_rad=_limited(yaw),
            pitch_rad=_limited(pitch),
            roll_rad=roll,
            eyes_open=eyes_open,
            mouth_open=mouth_open,
            smile=smile,
            sway_xy=(0.07 * self._wave(6, 0.11, stamp_s), 0.03 * self._wave(8, 0.17, stamp_s)),
            mood=self._mood(stamp_s),
            event=action.event if action else BLINK if blink else '',
        )

    def _draw_actions(self, block: int) -> tuple[Action, ...]:
        random = np.random.default_rng((*self._key, 1, block % 2**32))
        wanted = list(OPENINGS[self.kind] if block == 0 else ())
        if block == 0 and self.kind is StudentKind.LIVELY:
            wanted = [NOD, TURN] if self._key[1] % 2 else [TURN, NOD]
        names, weights = zip(*REPERTOIRES[self.kind].items(), strict=True)
        actions: list[Action] = []
        now_s = block * BLOCK_S + float(random.uniform(1.5, 3.5))
        while True:
            event = wanted.pop(0) if wanted else str(random.choice(names, p=weights))
            action = _draw_action(event, now_s, random)
            if action.end_s > (block + 1) * BLOCK_S - 0.5:
                return tuple(actions)
            actions.append(action)
            now_s = action.end_s + float(random.uniform(*RESTS_S[self.kind]))

    def _draw_blinks(self, block: int) -> tuple[Action, ...]:
        random = np.random.default_rng((*self._key, 2, block % 2**32))
        busy = [a for a in self.actions(block) if a.event in (*_CLOSURES, YAWN)]
        blinks: list[Action] = []
        now_s = block * BLOCK_S + float(random.uniform(0.5, 4.0))
        while now_s < (block + 1) * BLOCK_S - 0.5:
            duration_s = float(random.uniform(0.12, 0.26)) + LID_RAMPS_S
            blink = Action(event=BLINK, start_s=now_s, duration_s=duration_s)
            if all(blink.end_s + 0.3 < a.start_s or a.end_s + 0.3 < now_s for a in busy):
                blinks.append(blink)
            now_s += float(random.uniform(3.0, 6.0))
        return tuple(blinks)

    def _wave(self, channel: int, hz: float, stamp_s: float) -> float:
        """Slow irregular movement within -1 and 1."""
        one, other = self._rates[channel], self._rates[channel + 1]
        return float(
            0.6 * math.sin(2 * math.pi * hz * one * stamp_s + self._phases[channel])
            + 0.4 * math.sin(2 * math.pi * 2.3 * hz * other * stamp_s + self._phases[channel + 1])
        )

    def _idle_angles(self, stamp_s: float) -> tuple[float, float, float]:
        return (
            IDLE_YAW_RAD * self._wave(0, 0.13, stamp_s),
            IDLE_PITCH_RAD * self._wave(2, 0.10, stamp_s),
            IDLE_ROLL_RAD * self._wave(4, 0.08, stamp_s),
        )

    def _smile(self, stamp_s: float) -> float:
        if self.kind is StudentKind.TIRED:
            return -1.0
        return float(np.clip(-0.35 + 1.6 * self._wave(10, 0.06, stamp_s), -1.0, 1.0))

    def _mood(self, stamp_s: float) -> float:
        """Holds a photograph, then changes to the next one within 0.8 s."""
        turns = (stamp_s + float(self._phases[12])) / self._mood_s
        whole = math.floor(turns)
        return whole + _smoothstep(((turns - whole) * self._mood_s - self._mood_s + 0.8) / 0.8)


def _draw_action(event: str, start_s: float, random: np.random.Generator) -> Action:
    """One action with its measures drawn."""
    sign = 1.0 if random.random() < 0.5 else -1.0
    # Name: shortest and longest duration, smallest and largest angle, slowest and fastest rhythm.
    ranges: dict[str, tuple[float, float, float, float, float, float]] = {
        LONG_CLOSURE: (0.60, 0.90, 2, 5, 0, 0),
        MICROSLEEP: (1.1, 2.0, 8, 14, 0, 0),
        YAWN: (2.8, 4.2, -8, -5, 0, 0),
        SHAKE: (2.2, 2.8, 20, 26, 1.0, 1.25),
        NOD: (1.6, 2.2, 11, 15, 1.2, 1.5),
        TURN: (2.0, 3.2, 18, 27, 0, 0),
        LOOK_AWAY: (4.2, 5.5, 24, 28, 0, 0),
    }
    shortest, longest, smallest, largest, slowest, fastest = ranges[event]
    duration_s = float(random.uniform(shortest, longest))
    return Action(
        event=event,
        start_s=start_s,
        duration_s=duration_s + (LID_RAMPS_S if event in _CLOSURES else 0.0),
        angle_rad=math.radians(float(random.uniform(smallest, largest)))
        * (sign if event in (TURN, LOOK_AWAY, SHAKE) else 1.0),
        hz=float(random.uniform(slowest, fastest)),
    )


def _head_offset(action: Action, stamp_s: float) -> tuple[float, float]:
    """Yaw and pitch that an action adds, radians."""
    passed_s, left_s = stamp_s - action.start_s, action.end_s - stamp_s
    if action.event in (SHAKE, NOD):
        strength = _smoothstep(passed_s / 0.35) * _smoothstep(left_s / 0.35)
        swing = action.angle_rad * strength * math.sin(2 * math.pi * action.hz * passed_s)
        return (swing, 0.0) if action.event == SHAKE else (0.0, swing)
    if action.event in (TURN, LOOK_AWAY):
        return action.angle_rad * _smoothstep(passed_s / 0.5) * _smoothstep(left_s / 0.5), 0.0
    ramp_s = action.duration_s * 0.45
    return 0.0, action.angle_rad * _smoothstep(passed_s / ramp_s) * _smoothstep(left_s / ramp_s)


def _lids_and_lips(action: Action, stamp_s: float) -> tuple[float, float]:
    """Openness of eyes and mouth during an action."""
    if action.event in _CLOSURES:
        return _lids(action, stamp_s), 0.0
    if action.event != YAWN:
        return 1.0, 0.0
    passed_s, left_s = stamp_s - action.start_s, action.end_s - stamp_s
    wide = _smoothstep(passed_s / 0.6) * _smoothstep(left_s / 0.5)
    return 1.0 - 0.3 * wide, wide


def _lids(closure: Action, stamp_s: float) -> float:
    down = _smoothstep((stamp_s - closure.start_s) / LID_DOWN_S)
    return 1.0 - down * _smoothstep((closure.end_s - stamp_s) / LID_UP_S)


def _smoothstep(share: float) -> float:
    share = min(max(share, 0.0), 1.0)
    return share * share * (3.0 - 2.0 * share)


def _limited(angle_rad: float) -> float:
    return min(max(angle_rad, -MAX_ANGLE_RAD), MAX_ANGLE_RAD)


def kinds_of_class(students: int, seed: int) -> list[StudentKind]:
    """One tired and one restless student, the others lively; a single student is lively."""
    kinds = [StudentKind.LIVELY] * students
    if students > 1:
        tired, restless = np.random.default_rng((seed, 7)).choice(students, 2, replace=False)
        kinds[int(tired)], kinds[int(restless)] = StudentKind.TIRED, StudentKind.RESTLESS
    return kinds
