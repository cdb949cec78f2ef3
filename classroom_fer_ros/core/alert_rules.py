"""When something about a student or the class deserves an alert."""

from __future__ import annotations

import math
from dataclasses import dataclass

from classroom_fer_ros.core.alert_config import AlertConfig
from classroom_fer_ros.core.class_state import RESTLESS_MOTIONS, is_looking_away
from classroom_fer_ros.core.results import (
    NAN,
    AlertKind,
    ClassState,
    Direction,
    FatigueState,
)
from classroom_fer_ros.core.student_state import StudentState


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """
    Whether the cause of one kind of alert holds now.

    :param holds: None where it cannot be judged
    :param began_s: when it began, NaN where that is now
    :param value: measure behind it, in its own unit
    :param reason: English phrase, may be empty
    """

    kind: AlertKind
    holds: bool | None
    began_s: float = NAN
    value: float = NAN
    reason: str = ''


def student_conditions(student: StudentState, stamp_s: float) -> tuple[Condition, ...]:
    """Conditions of one student. Values: fatigue level, seconds closed, seconds away, none."""
    fatigue, pose = student.fatigue, student.head_pose
    is_fatigue_known = fatigue.state is not FatigueState.UNKNOWN
    is_asleep = fatigue.state is FatigueState.ASLEEP
    is_head_known = pose.direction is not Direction.UNKNOWN
    reason = fatigue.reasons[0] if fatigue.reasons else ''
    return (
        Condition(
            kind=AlertKind.TIRED,
            # Whoever is asleep has not stopped being tired; there is an alert for it already.
            holds=fatigue.state is FatigueState.TIRED
            if is_fatigue_known and not is_asleep
            else None,
            value=fatigue.level,
            reason=reason,
        ),
        Condition(
            kind=AlertKind.ASLEEP,
            holds=is_asleep if is_fatigue_known else None,
            value=fatigue.longest_closure_s,
            reason=reason,
        ),
        Condition(
            kind=AlertKind.LOOKING_AWAY,
            holds=is_looking_away(student) if is_head_known else None,
            began_s=pose.looking_away_since_s,
            value=stamp_s - pose.looking_away_since_s,
        ),
        Condition(
            kind=AlertKind.LEFT_RIGHT,
            holds=pose.motion in RESTLESS_MOTIONS if is_head_known else None,
        ),
    )


def class_conditions(
    state: ClassState, config: AlertConfig, active: frozenset[AlertKind]
) -> tuple[Condition, ...]:
    """
    Conditions of the class; shares of too few judged faces are NaN and cannot be judged.

    :param active: kinds of alert that stand: their shares must come back by a margin
    """
    attentive, tired = state.attentive_share, state.tired_share
    low, many = config.class_attention, config.class_tired
    is_low_already = AlertKind.CLASS_ATTENTION in active
    is_tired_already = AlertKind.CLASS_TIRED in active
    is_low = attentive < low.below + (low.margin if is_low_already else 0.0)
    is_tired = tired >= many.from_share - (many.margin if is_tired_already else 0.0)
    return (
        Condition(
            kind=AlertKind.CLASS_ATTENTION,
            holds=None if math.isnan(attentive) else is_low,
            value=attentive,
        ),
        Condition(
            kind=AlertKind.CLASS_TIRED, holds=None if math.isnan(tired) else is_tired, value=tired
        ),
    )
