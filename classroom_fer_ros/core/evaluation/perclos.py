"""
How far the PERCLOS that was found lies from that of labelled closures.

For every picture in which a PERCLOS is known, the labelled one is the share of the eyes' judged
time in the last minute that lies within labelled closures.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from classroom_fer_ros.core.arrays import FloatArray
from classroom_fer_ros.core.evaluation.events import CLOSURE_KINDS
from classroom_fer_ros.core.events import Event
from classroom_fer_ros.core.fatigue import PERCLOS_WINDOW_S, FatigueConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class PerclosCourse:
    """
    PERCLOS of one face over a film, one value a picture.

    :param stamps_s: shape (n,), rising
    :param are_eyes_judged: shape (n,), bool
    :param perclos: shape (n,), NaN where it is not known
    """

    face: str
    stamps_s: FloatArray
    are_eyes_judged: FloatArray
    perclos: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class PerclosScore:
    """
    Errors in percentage points, NaN where no PERCLOS is known.

    :param faces: with labels and a known PERCLOS
    :param pictures: in which it is known, summed over the faces
    """

    mean_error_points: float
    max_error_points: float
    faces: int
    pictures: int

    def to_json(self) -> dict[str, float | int | None]:
        """Plain values under the names that the tool documents; None for NaN."""
        is_known = self.pictures > 0
        return {
            'mean_error_points': self.mean_error_points if is_known else None,
            'max_error_points': self.max_error_points if is_known else None,
            'faces': self.faces,
            'pictures': self.pictures,
        }


def score_perclos(courses: Sequence[PerclosCourse], labelled: Sequence[Event]) -> PerclosScore:
    """
    Compare; faces that the labels do not name are left out if they name any.

    :param labelled: events of every kind; closures without a face are everybody's
    """
    named = {event.face for event in labelled} - {''}
    errors = [
        error
        for course in courses
        if course.face in named or not named
        for error in (np.abs(_labelled_perclos(course, labelled) - course.perclos),)
    ]
    known = [error[np.isfinite(error)] for error in errors]
    points = 100.0 * np.concatenate([np.zeros(0), *known])
    return PerclosScore(
        mean_error_points=float(points.mean()) if points.size else math.nan,
        max_error_points=float(points.max()) if points.size else math.nan,
        faces=sum(error.size > 0 for error in known),
        pictures=int(points.size),
    )


def _labelled_perclos(course: PerclosCourse, labelled: Sequence[Event]) -> FloatArray:
    """Labelled PERCLOS at each picture, shape (n,); NaN without judged time."""
    stamps_s = course.stamps_s
    steps_s = np.diff(stamps_s, prepend=stamps_s[:1])
    is_judged = course.are_eyes_judged.astype(bool)
    is_watched = is_judged & np.concatenate([[False], is_judged[:-1]])
    is_watched &= steps_s <= FatigueConfig().max_gap_s
    closed_until_s = _closed_until(stamps_s, course.face, labelled)
    judged_s = np.cumsum(np.where(is_watched, steps_s, 0.0))
    closed_s = np.cumsum(np.where(is_watched, np.diff(closed_until_s, prepend=0.0), 0.0))
    # What had been summed up one window ago; within the first picture's step it grows evenly.
    before_s = stamps_s - PERCLOS_WINDOW_S
    judged_s = judged_s - np.interp(before_s, stamps_s, judged_s, left=0.0)
    closed_s = closed_s - np.interp(before_s, stamps_s, closed_s, left=0.0)
    share = np.full(len(stamps_s), np.nan)
    np.divide(closed_s, judged_s, out=share, where=judged_s > 0)
    return share


def _closed_until(stamps_s: FloatArray, face: str, labelled: Sequence[Event]) -> FloatArray:
    """Seconds of labelled closures up to each stamp, overlapping ones counted once; shape (n,)."""
    total_s = np.zeros(len(stamps_s))
    end_s = -math.inf
    for event in sorted(labelled, key=lambda event: event.start_s):
        if event.kind not in CLOSURE_KINDS or event.face not in ('', face):
            continue
        start_s, end_s = max(event.start_s, end_s), max(event.end_s, end_s)
        if end_s > start_s:
            total_s += np.clip(stamps_s - start_s, 0.0, end_s - start_s)
    return total_s
