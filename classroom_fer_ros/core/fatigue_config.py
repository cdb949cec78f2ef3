"""Settings of the fatigue rules."""

from __future__ import annotations

from dataclasses import dataclass, field

from classroom_fer_ros.core.eye_state import EYE_STATE_CARD
from classroom_fer_ros.core.settings import check

RULES = ('perclos', 'blink_count')


@dataclass(frozen=True, slots=True, kw_only=True)
class FatigueConfig:
    """
    What counts as closed, as a yawn and as tired.

    The closed reference was read off real films: the mesh of closed eyes still measures 0.14 to
    0.20 (four people), that of open ones 0.30 to 0.34.
    """

    rule: str = field(
        default='perclos',
        metadata={
            'description': 'what makes tired: perclos (with microsleeps and yawns) or '
            'blink_count (blinks counted up to a threshold, as published)',
            'options': RULES,
        },
    )
    eye_card: str = field(
        default=EYE_STATE_CARD,
        metadata={
            'description': 'card of the model that tells open from shut eyes, a file name in the '
            'folder of models or a path; empty to go by the mesh alone'
        },
    )
    closed_ratio: float = field(
        default=0.16,
        metadata={
            'description': 'eye aspect ratio of closed eyes, at most 0.55 of the open ones',
            'range': (0.0, 0.22),
        },
    )
    perclos_openness: float = field(
        default=0.2,
        metadata={
            'description': 'eyes at most this open are closed for PERCLOS',
            'range': (0.01, 0.9),
        },
    )
    closure_openness: float = field(
        default=0.3,
        metadata={
            'description': 'eyes must shut this far for a blink or a microsleep',
            'range': (0.01, 0.45),
        },
    )
    yawn_ratio: float = field(
        default=0.5,
        metadata={
            'description': 'height over width of a mouth that is wide open',
            'range': (0.2, 2.0),
        },
    )
    yawn_s: float = field(
        default=1.5,
        metadata={
            'description': 'a mouth wide open for this long yawns',
            'unit': 's',
            'range': (0.5, 10.0),
        },
    )
    tired_perclos: float = field(
        default=0.12,
        metadata={'description': 'PERCLOS above this is tired', 'range': (0.01, 1.0)},
    )
    tired_microsleeps: int = field(
        default=2,
        metadata={'description': 'microsleeps within a minute that are tired', 'range': (1, 60)},
    )
    tired_yawns: int = field(
        default=3,
        metadata={'description': 'yawns within 5 minutes that are tired', 'range': (1, 100)},
    )
    asleep_s: float = field(
        default=5.0,
        metadata={
            'description': 'eyes closed for this long are asleep',
            'unit': 's',
            'range': (2.0, 600.0),
        },
    )
    blink_count_limit: int = field(
        default=30,
        metadata={
            'description': 'blinks that are tired under the rule blink_count',
            'range': (1, 10000),
        },
    )
    max_gap_s: float = field(
        default=0.5,
        metadata={
            'description': 'longer times between pictures are not judged',
            'unit': 's',
            'range': (0.05, 5.0),
        },
    )
    min_judged_s: float = field(
        default=3.0,
        metadata={
            'description': 'seconds that must be judged before a state is given',
            'unit': 's',
            'range': (0.0, 60.0),
        },
    )
    unknown_after_s: float = field(
        default=5.0,
        metadata={
            'description': 'eyes not seen for this long make the state unknown',
            'unit': 's',
            'range': (0.0, 60.0),
        },
    )

    def __post_init__(self) -> None:
        check(self)
