"""The state of a class, or of a room of several cameras, in a sentence."""

from __future__ import annotations

import math

from classroom_fer_ros.core.results import ClassState, Trend
from classroom_fer_ros.core.texts import Texts


def class_words(state: ClassState, texts: Texts) -> str:
    """What is known of the class; of too few judged faces only how many they are."""
    parts = [texts('class.counts', seen=state.num_seen, judged=state.num_judged)]
    if math.isnan(state.tired_share):
        parts.append(texts('class.too_few'))
    elif math.isnan(state.attentive_share):  # the profile leaves attention out
        parts.append(texts('class.tired', tired=_percent(state.tired_share)))
    else:
        parts.append(
            texts(
                'class.shares',
                attentive=_percent(state.attentive_share),
                tired=_percent(state.tired_share),
                away=_percent(state.looking_away_share),
            )
        )
    if state.trend is not Trend.UNKNOWN:
        parts.append(texts('class.trend', trend=texts(f'trend.{state.trend.name.lower()}')))
    return '; '.join(parts)


def _percent(share: float) -> int:
    return round(100 * share)
