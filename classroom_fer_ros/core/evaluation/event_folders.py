"""Events of many films against their labels: each film for itself, then all together."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from classroom_fer_ros.core.errors import DataError
from classroom_fer_ros.core.evaluation.events import EventScore, score_events
from classroom_fer_ros.core.events import EVENTS_NAME, Event, read_events


def score_paths(found: Path, labels: Path) -> tuple[dict[str, EventScore], list[Event]]:
    """
    Score a file against a file, or a folder of results against a folder of labels.

    In folders, ``labels/NAME.csv`` belongs to ``found/NAME/events.csv``; films without labels are
    left out.

    :return: by kind, as `score_events`, and all labels
    :raises DataError: if a file is missing or broken, one of both is no folder, or nothing is
        labelled
    """
    if found.is_dir() != labels.is_dir():
        raise DataError(f'{found} and {labels}: one is a folder, the other is none')
    pairs = list(_pairs(found, labels)) if labels.is_dir() else [(found, labels)]
    if not pairs:
        raise DataError(f'{labels} holds no labels: they must be NAME.csv for a film NAME')
    events = [(read_events(path), read_events(label_path)) for path, label_path in pairs]
    scores = [score_events(one, other) for one, other in events]
    return _summed(scores), [event for _, labelled in events for event in labelled]


def _pairs(found: Path, labels: Path) -> Iterator[tuple[Path, Path]]:
    for path in sorted(labels.glob('*.csv')):
        yield found / path.stem / EVENTS_NAME, path


def _summed(scores: list[dict[str, EventScore]]) -> dict[str, EventScore]:
    """Sums by kind, in the order in which kinds first occur."""
    kinds = dict.fromkeys(kind for score in scores for kind in score)
    return {kind: _sum([score[kind] for score in scores if kind in score]) for kind in kinds}


def _sum(scores: list[EventScore]) -> EventScore:
    return EventScore(
        labelled=sum(score.labelled for score in scores),
        found=sum(score.found for score in scores),
        matched=sum(score.matched for score in scores),
    )
