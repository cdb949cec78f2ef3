"""What a face shows over time: smoothed probabilities and a label that does not flicker."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from classroom_fer_ros.core.arrays import FloatArray
from classroom_fer_ros.core.errors import StampError
from classroom_fer_ros.core.labels import EXPRESSION_LABELS, NUM_EXPRESSIONS
from classroom_fer_ros.core.results import Expression, Judgement
from classroom_fer_ros.core.settings import check


@dataclass(frozen=True, slots=True, kw_only=True)
class SmootherConfig:
    """How quickly the shown expression follows the classifier."""

    time_constant_s: float = field(
        default=0.5,
        metadata={
            'description': 'the shown probabilities follow the classifier within this time',
            'unit': 's',
            'range': (0.01, 60.0),
            'is_live': True,
        },
    )
    min_confidence: float = field(
        default=0.0,
        metadata={
            'description': 'an expression of less smoothed probability is called uncertain; '
            "0 takes the limit on the model's card",
            'range': (0.0, 1.0),
            'is_live': True,
        },
    )
    hysteresis: float = field(
        default=0.12,
        metadata={
            'description': 'another expression must lead by this probability to be shown instead',
            'range': (0.0, 1.0),
            'is_live': True,
        },
    )

    def __post_init__(self) -> None:
        check(self)


class ExpressionSmoother:
    """Exponential smoothing of one face, right at irregular frame rates. Holds no clock."""

    def __init__(self, config: SmootherConfig | None = None) -> None:
        self._config = config or SmootherConfig()
        self._smoothed: FloatArray | None = None
        self._shown = 0
        self._stamp_s = -math.inf

    def reconfigure(self, config: SmootherConfig) -> None:
        """Go on with other settings; what is shown stays until the next output."""
        self._config = config

    def update(self, face_id: str, probabilities: FloatArray, stamp_s: float) -> Expression:
        """
        Fold one classifier output into what is shown.

        :param probabilities: shape (7,), summing to 1, order of `labels.EXPRESSION_LABELS`; one
            that is not a number cannot be judged and is forgotten
        :param stamp_s: image acquisition time in seconds, never decreasing
        :raises StampError: if `stamp_s` goes back in time
        :raises ValueError: if the shape is another
        """
        if probabilities.shape != (NUM_EXPRESSIONS,):
            raise ValueError(f'probabilities of shape {probabilities.shape}, not (7,)')
        if stamp_s < self._stamp_s:
            raise StampError(stamp_s, self._stamp_s)
        if not np.isfinite(probabilities).all():
            return Expression(face_id=face_id)
        smoothed = self._smooth(probabilities.astype(np.float64), stamp_s)
        confidence = float(smoothed[self._shown])
        is_sure = confidence >= self._config.min_confidence
        return Expression(
            face_id=face_id,
            status=Judgement.JUDGED if is_sure else Judgement.UNCERTAIN,
            label=EXPRESSION_LABELS[self._shown],
            confidence=confidence,
            probabilities=smoothed.astype(np.float32),
        )

    def _smooth(self, probabilities: FloatArray, stamp_s: float) -> FloatArray:
        if self._smoothed is None:
            self._smoothed = probabilities
            self._shown = int(probabilities.argmax())
        else:
            elapsed_s = stamp_s - self._stamp_s
            share = -math.expm1(-elapsed_s / self._config.time_constant_s)
            self._smoothed = self._smoothed + share * (probabilities - self._smoothed)
            leader = int(self._smoothed.argmax())
            lead = self._smoothed[leader] - self._smoothed[self._shown]
            if lead > self._config.hysteresis:
                self._shown = leader
        self._stamp_s = stamp_s
        return self._smoothed
