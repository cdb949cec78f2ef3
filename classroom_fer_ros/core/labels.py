"""Expression labels: their order is the order of every probability vector in the system."""

from __future__ import annotations

#: Strings as in hri_msgs/Expression; the order is part of the message interface.
EXPRESSION_LABELS: tuple[str, ...] = (
    'angry',
    'disgusted',
    'scared',
    'happy',
    'sad',
    'surprised',
    'neutral',
)
NUM_EXPRESSIONS = len(EXPRESSION_LABELS)
