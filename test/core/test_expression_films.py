"""What real films show of expressions: calm in a classroom, quick where a face changes."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from classroom_fer_ros.core.expression import ExpressionClassifier
from classroom_fer_ros.core.face_finding import FaceFinder
from classroom_fer_ros.core.labels import EXPRESSION_LABELS
from classroom_fer_ros.core.model_files import models_dir
from classroom_fer_ros.core.pipeline import PipelineConfig, make_expression_stage
from films import read_film

#: A change of the raw answers is real if the new label stays for as long.
REAL_S = 0.7
#: Answers that differ for a shorter time are slips.
SLIP_S = 0.12


def play(
    film: Path, step: int = 1, last: int | None = None
) -> tuple[dict[str, list[tuple[float, str]]], list]:
    """
    Run the analysis up to expressions.

    :return: what is shown of each face, with its stamps, and the unsmoothed answers of the first
        face in the same way
    """
    config = PipelineConfig()
    finder = FaceFinder(config.light, config.detection, config.tracking)
    stage = make_expression_stage(config)
    classify = ExpressionClassifier(models_dir() / config.expression.card)
    shown: dict[str, list[tuple[float, str]]] = {}
    raw: list[tuple[float, str]] = []
    for frame in list(read_film(film, last=last))[::step]:
        faces = finder.update(frame)
        crops = finder.cut(faces)
        for one in stage.update(faces, crops, frame.stamp_s):
            if one.label:
                shown.setdefault(one.face_id, []).append((frame.stamp_s, one.label))
        if len(faces) == 1:
            answer = classify(crops[faces[0].face_id].image_bgr[None])[0].argmax()
            raw.append((frame.stamp_s, EXPRESSION_LABELS[answer]))
    finder.close()
    return shown, raw


def count_changes(shown: Sequence[tuple[float, str]]) -> int:
    return sum(a[1] != b[1] for a, b in itertools.pairwise(shown))


def real_changes(raw: Sequence[tuple[float, str]]) -> list[tuple[float, str]]:
    """Begin and label of every stretch of equal answers that is a real change."""
    stretches: list[list] = []  # begin, end, label
    for stamp_s, label in raw:
        if stretches and stretches[-1][2] == label:
            stretches[-1][1] = stamp_s
        else:
            if len(stretches) > 1 and stretches[-1][1] - stretches[-1][0] < SLIP_S:
                stretches.pop()
            if stretches and stretches[-1][2] == label:
                stretches[-1][1] = stamp_s
            else:
                stretches.append([stamp_s, stamp_s, label])
    return [(begin, label) for begin, end, label in stretches[1:] if end - begin >= REAL_S]


def test_what_counts_as_a_real_change() -> None:
    labels = ['sad'] * 20 + ['happy'] * 2 + ['sad'] * 20 + ['happy'] * 25 + ['neutral'] * 10
    raw = [(index / 25, label) for index, label in enumerate(labels)]
    assert real_changes(raw) == [(42 / 25, 'happy')]


def test_a_label_in_the_classroom_is_calm(data_dir: Path) -> None:
    """Less than once in two seconds, over all faces and for each that stays for a while."""
    shown, _ = play(data_dir / 'video' / 'classroom_pupils_720p.mp4', step=3)
    seconds = {face_id: each[-1][0] - each[0][0] for face_id, each in shown.items()}
    changes = {face_id: count_changes(each) for face_id, each in shown.items()}
    assert sum(seconds.values()) > 40.0
    assert sum(changes.values()) / sum(seconds.values()) < 0.5
    for face_id, lasted_s in seconds.items():
        if lasted_s > 4.0:
            assert changes[face_id] / lasted_s < 0.5, face_id


@pytest.mark.parametrize('film', ['face_expressions_a.mp4', 'face_smile.mp4'])
def test_a_real_change_shows_soon(data_dir: Path, film: str) -> None:
    shown, raw = play(data_dir / 'video' / film, last=170)
    (answers,) = shown.values()
    changes = real_changes(raw)
    assert changes, 'the face changes'
    for begin_s, label in changes:
        delays = [
            stamp_s - begin_s for stamp_s, at in answers if stamp_s >= begin_s and at == label
        ]
        assert np.min(delays, initial=np.inf) <= 0.7, (begin_s, label)
