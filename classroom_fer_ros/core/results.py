"""
What the analysis says about one picture. The messages of `classroom_fer_msgs` mirror these.

Angles follow REP-103 in the person's own frame: yaw > 0 towards the person's left (right in the
picture), pitch > 0 down, roll > 0 towards their right shoulder; radians. Times are seconds of the
pictures' stamps. "Not known" is NaN for a measure, an empty string for a name, never a guess.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

import numpy as np

from classroom_fer_ros.core.arrays import BoxXyxy, FloatArray
from classroom_fer_ros.core.labels import NUM_EXPRESSIONS

NAN = float('nan')


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection:
    """
    One face found by a detector.

    :param keypoints_xy: shape (k, 2), pixels: right eye, left eye, nose tip, mouth centre first
    """

    box_xyxy: BoxXyxy
    score: float
    keypoints_xy: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Landmarks:
    """
    Face mesh of one face.

    :param points_xyz: shape (468, 3), x and y in image pixels, z in pixels (towards the camera is
        negative, relative to the head's centre), points in MediaPipe's order
    :param quality: probability in [0, 1] that the points lie on a face
    """

    points_xyz: FloatArray
    quality: float

    @property
    def points_xy(self) -> FloatArray:
        """Shape (468, 2), image pixels."""
        return self.points_xyz[:, :2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """
    One tracked face in one picture.

    :param keypoints_xy: shape (5, 2), pixels: right eye, left eye, nose tip, right and left mouth
        corner (the person's own right and left)
    :param landmarks: None when the mesh was not fitted in this picture
    """

    face_id: str
    box_xyxy: BoxXyxy
    score: float
    keypoints_xy: FloatArray
    landmarks: Landmarks | None = None
    person_id: str = ''
    person_name: str = ''
    similarity: float = NAN


class Judgement(Enum):
    """Whether a question about a face could be answered."""

    CANNOT_JUDGE = 0
    UNCERTAIN = 1
    JUDGED = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Expression:
    """
    What a face shows, not what the person feels.

    :param label: one of `labels.EXPRESSION_LABELS`, empty where `status` is CANNOT_JUDGE
    :param probabilities: shape (7,), summing to 1; all zero where `status` is CANNOT_JUDGE
    """

    face_id: str
    status: Judgement = Judgement.CANNOT_JUDGE
    label: str = ''
    confidence: float = 0.0
    probabilities: FloatArray = field(
        default_factory=lambda: np.zeros(NUM_EXPRESSIONS, np.float32)
    )


class FatigueState(Enum):
    """How awake somebody looks, in rising order."""

    UNKNOWN = 0
    AWAKE = 1
    DROWSY = 2
    TIRED = 3
    ASLEEP = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Fatigue:
    """
    Eyes, blinks, yawns and what follows from them. Openness: 0 closed, 1 as open as usual.

    :param perclos: share in [0, 1] of the judged time of the last 60 s with openness <= 0.2
    :param judged_s: seconds of the last 60 s in which the eyes could be judged
    :param level: fatigue index in [0, 1]
    """

    face_id: str
    left_openness: float = NAN
    right_openness: float = NAN
    mouth_openness: float = NAN
    is_closed: bool = False
    blink_count: int = 0
    blinks_per_minute: float = NAN
    perclos: float = NAN
    judged_s: float = 0.0
    longest_closure_s: float = 0.0
    yawn_count: int = 0
    level: float = NAN
    state: FatigueState = FatigueState.UNKNOWN
    reasons: tuple[str, ...] = ()


class Direction(Enum):
    """Where a head points, relative to the person's usual pose, seen from the person."""

    UNKNOWN = 0
    AHEAD = 1
    LEFT = 2
    RIGHT = 3
    UP = 4
    DOWN = 5


class Motion(Enum):
    """What a head is doing."""

    NONE = 0
    SHAKE = 1
    NOD = 2
    TURN = 3
    LEFT_RIGHT = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadPose:
    """Direction of one head; `looking_away_since_s` is NaN while the person does not look away."""

    face_id: str
    yaw_rad: float = NAN
    pitch_rad: float = NAN
    roll_rad: float = NAN
    direction: Direction = Direction.UNKNOWN
    looking_away_since_s: float = NAN
    motion: Motion = Motion.NONE


class BehaviourKind(str, Enum):
    """What has a beginning and an end; the values are the words used in files."""

    BLINK = 'blink'
    LONG_CLOSURE = 'long_closure'
    MICROSLEEP = 'microsleep'
    YAWN = 'yawn'
    SHAKE = 'shake'
    NOD = 'nod'
    TURN = 'turn'
    LOOK_AWAY = 'look_away'
    LEFT_RIGHT = 'left_right'


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """
    From when to when a face did something, as far as is known now, in seconds.

    It is told again while it goes on: one that overlaps another of the same face and kind is it.
    """

    face_id: str
    kind: BehaviourKind
    start_s: float
    end_s: float


class AlertKind(str, Enum):
    """What an alert is about; the values are the words used in messages and files."""

    TIRED = 'tired'
    ASLEEP = 'asleep'
    LOOKING_AWAY = 'looking_away'
    LEFT_RIGHT = 'left_right'
    CLASS_ATTENTION = 'class_attention'
    CLASS_TIRED = 'class_tired'
    CAMERA = 'camera'
    SYSTEM = 'system'


class Severity(Enum):
    """How much an alert matters."""

    NOTICE = 0
    WARNING = 1
    URGENT = 2


class AlertStatus(Enum):
    """Where in its life an alert is."""

    RAISED = 0
    CLEARED = 1
    ACKNOWLEDGED = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """
    Something a teacher should know.

    :param subject: name of the person, or the seat in words; empty for the class and the system
    :param face_id: track that it was raised for, empty where there is none
    :param value: the measure that satisfied the rule, in the rule's unit
    """

    alert_id: str
    kind: AlertKind
    severity: Severity
    status: AlertStatus
    since_s: float
    text: str
    subject: str = ''
    face_id: str = ''
    person_id: str = ''
    value: float = NAN


class Trend(Enum):
    """How the attentive share has been moving."""

    UNKNOWN = 0
    STEADY = 1
    RISING = 2
    FALLING = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassState:
    """
    The class as a whole. Shares are of the judged faces, NaN below 5 of them.

    :param expression_shares: shape (7,), order of `labels.EXPRESSION_LABELS`, summing to 1
    """

    stamp_s: float
    num_seen: int = 0
    num_judged: int = 0
    num_not_judged: int = 0
    attentive_share: float = NAN
    tired_share: float = NAN
    looking_away_share: float = NAN
    expression_shares: FloatArray = field(
        default_factory=lambda: np.full(NUM_EXPRESSIONS, NAN, np.float32)
    )
    trend: Trend = Trend.UNKNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameResult:
    """
    Everything known about one picture. The tuples run in the same order, one entry a face.

    :param behaviours: what ended in this picture, goes on, or is still shown
    :param alert_changes: alerts raised, cleared or acknowledged by this picture
    :param active_alerts: all that stand now
    :param stage_ms: wall milliseconds spent in each stage, by its name
    """

    stamp_ns: int
    index: int
    size_wh: tuple[int, int]
    faces: tuple[Face, ...] = ()
    expressions: tuple[Expression, ...] = ()
    fatigue: tuple[Fatigue, ...] = ()
    head_poses: tuple[HeadPose, ...] = ()
    behaviours: tuple[Behaviour, ...] = ()
    alert_changes: tuple[Alert, ...] = ()
    active_alerts: tuple[Alert, ...] = ()
    class_state: ClassState | None = None
    stage_ms: dict[str, float] = field(default_factory=dict)
