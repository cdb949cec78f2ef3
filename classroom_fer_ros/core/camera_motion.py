"""
What all heads of a class seem to do at once is the camera's doing.

A camera that shakes or turns hardly changes how a head is turned towards it, but one that walks
past does, for everybody alike. The common part of the angles is told, so that it can be taken off.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from classroom_fer_ros.core.arrays import FloatArray

#: Of fewer heads nobody can say whether they or the camera move.
MIN_HEADS = 4
#: Angles are looked at relative to their mean of about this time: only what is quicker is common.
MEAN_S = 2.0
#: A head seen for less has no mean yet; one not seen for longer begins anew.
MIN_SEEN_S = 0.7
MAX_GAP_S = 0.5
#: Less is noise, degrees.
MIN_COMMON_DEG = 1.0
#: Motion is common if so many heads do it, each to within so many degrees or this share of it.
MIN_AGREEING = 0.7
AGREEMENT_DEG = 2.5
AGREEMENT_SHARE = 0.3
#: What was common fades away within about this time once the heads do not agree any more.
FADE_S = 0.3


@dataclass(slots=True)
class _Head:
    mean_rad: FloatArray
    since_s: float
    seen_s: float

    def deviation(self, angles_rad: FloatArray, stamp_s: float) -> FloatArray:
        """How far the angles are from their mean, which follows them."""
        share = 1.0 - math.exp(-(stamp_s - self.seen_s) / MEAN_S)
        # Young means learn quicker: each is that of the time that there is.
        share = max(share, (stamp_s - self.seen_s) / max(stamp_s - self.since_s, 1e-9) / 2)
        self.mean_rad = self.mean_rad + min(share, 1.0) * (angles_rad - self.mean_rad)
        self.seen_s = stamp_s
        return angles_rad - self.mean_rad


class CommonMotion:
    """Follows the heads of one camera. Holds no clock."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget every head."""
        self._heads: dict[str, _Head] = {}
        self._common_rad = np.zeros(2)
        self._stamp_s = -math.inf

    def update(
        self, angles_rad: Mapping[str, tuple[float, float]], stamp_s: float
    ) -> tuple[float, float]:
        """
        Take in one picture.

        :param angles_rad: yaw and pitch of every head that was seen, by face_id
        :return: yaw and pitch that all of them share in this moment, 0 where they do not
        """
        deviations = []
        for face_id, angles in angles_rad.items():
            now = np.array(angles)
            head = self._heads.get(face_id)
            if head is None or not 0.0 <= stamp_s - head.seen_s <= MAX_GAP_S:
                self._heads[face_id] = _Head(now, stamp_s, stamp_s)
                continue
            deviation = head.deviation(now, stamp_s)
            if stamp_s - head.since_s >= MIN_SEEN_S:
                deviations.append(deviation)
        self._heads = {
            name: head for name, head in self._heads.items() if stamp_s - head.seen_s <= MAX_GAP_S
        }
        self._follow(np.reshape(deviations, (-1, 2)), stamp_s)
        yaw_rad, pitch_rad = self._common_rad
        return float(yaw_rad), float(pitch_rad)

    def _follow(self, deviations_rad: FloatArray, stamp_s: float) -> None:
        """Move the common part on; each angle for itself."""
        faded = self._common_rad * math.exp(-max(stamp_s - self._stamp_s, 0.0) / FADE_S)
        self._stamp_s = stamp_s
        if len(deviations_rad) < MIN_HEADS:
            self._common_rad = faded
            return
        median = np.median(deviations_rad, axis=0)
        limit = np.maximum(math.radians(AGREEMENT_DEG), AGREEMENT_SHARE * np.abs(median))
        agreeing = (np.abs(deviations_rad - median) <= limit).mean(axis=0)
        is_common = (agreeing >= MIN_AGREEING) & (np.abs(median) >= math.radians(MIN_COMMON_DEG))
        self._common_rad = np.where(is_common, median, faded)
