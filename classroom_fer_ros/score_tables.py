"""Scores as tables in the terminal."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from rich.console import Console
from rich.table import Table

from classroom_fer_ros.core.evaluation.events import EventScore
from classroom_fer_ros.core.evaluation.expression import ExpressionScore
from classroom_fer_ros.core.evaluation.label_scores import LabelSetScore
from classroom_fer_ros.core.evaluation.limits import Limit
from classroom_fer_ros.core.evaluation.motions import LessonScore
from classroom_fer_ros.core.evaluation.photographs import PhotographScore


def print_expression(score: ExpressionScore) -> None:
    """Print what a file of faces says about a model."""
    console = Console()
    columns = ('labels', 'faces', 'accuracy', 'without near-duplicates', 'macro F1')
    table = Table(*columns, title=score.model)
    for name, result in score.by_label_set.items():
        table.add_row(
            name,
            str(result.count),
            percent(result.accuracy),
            percent(result.accuracy_without_near_duplicates),
            f'{result.macro_f1:.3f}',
        )
    console.print(table)
    for name, result in score.by_label_set.items():
        console.print(confusion_table(name, result))
    console.print(f'served head {score.served_head}: ' + _honesty(score))
    console.print(
        f'{score.parameters} parameters, {score.milliseconds_per_face:.2f} ms a face alone on one '
        f'core, {score.milliseconds_per_face_in_batch:.2f} ms in a batch of 16 on two (medians)'
    )


def print_photographs(score: PhotographScore) -> None:
    """Print what photographs say about a model and the way to it."""
    console = Console()
    console.print(confusion_table(f'{score.model}, head {score.head}', score.labels))
    console.print(
        f'mean recall {percent(score.mean_recall)}, accuracy {percent(score.accuracy)} of '
        f'{score.count} photographs; no face found in {score.not_found} of them '
        f'({_by_label(score.not_found_by_label)}), which count as wrong'
    )


def print_events(scores: Mapping[str, EventScore]) -> None:
    """Print a row for each kind of event that was labelled or found."""
    table = Table('kind', 'precision', 'recall', 'F1', 'labelled', 'found')
    for kind, score in scores.items():
        if score.labelled or score.found:
            shares = (f'{share:.3f}' for share in (score.precision, score.recall, score.f1))
            table.add_row(kind, *shares, str(score.labelled), str(score.found))
    Console().print(table)


def print_limits(limits: Iterable[Limit]) -> None:
    """Print a row for each condition as soon as it is known, in Markdown for docs/figures.md."""
    columns = ('faces', 'fps', 'light', 'judged', 'blinks, F1', 'long closures, F1', 'PERCLOS')
    print(f'| {" | ".join(columns)} |')
    print('|' + ' --- |' * len(columns))
    for limit in limits:
        points = limit.perclos.mean_error_points
        print(
            f'| {limit.face_px} px | {limit.rate_fps} | {limit.light} | '
            f'{limit.judged_share:.0%} | {_score(limit.blinks)} | {_score(limit.long_closures)} | '
            f'{"unknown" if math.isnan(points) else f"{points:.1f} points off"} |',
            flush=True,
        )


def _score(score: EventScore | None) -> str:
    """F1 and how many it rests on; a rate at which nothing can be said has none."""
    if score is None or math.isnan(score.f1):
        return 'unknown'
    return f'{score.f1:.3f} of {score.labelled}'


def confusion_table(title: str, score: LabelSetScore) -> Table:
    """A row for each label, with its recall; a column for each answer."""
    names = list(score.recall)
    # Without lines, nine columns fit into 80 characters.
    table = Table('label', 'recall', *names, title=title, box=None, padding=(0, 1, 0, 0))
    for (name, recall), counts in zip(score.recall.items(), score.confusion, strict=True):
        table.add_row(name, percent(recall), *(str(count) for count in counts))
    return table


def percent(share: float) -> str:
    """A share in words; a dash where there is none."""
    return '–' if math.isnan(share) else f'{share:.1%}'


def _honesty(score: ExpressionScore) -> str:
    error = f'calibration error {score.calibration_error:.3f}'
    if math.isnan(score.uncertain_below):
        return f'{error}, no limit of uncertainty on its card'
    return (
        f'{error}, {percent(score.coverage)} of the answers are surer than '
        f'{score.uncertain_below:.2f}, {percent(score.accuracy_when_sure)} of those are right'
    )


def _by_label(counts: dict[str, int]) -> str:
    return ', '.join(f'{name} {count}' for name, count in counts.items() if count) or 'none'


def print_motions(score: LessonScore) -> None:
    """A row a motion, and below what else a simulated lesson came to."""
    table = Table('motion', 'precision', 'recall', 'F1', 'labelled', 'found')
    for name, motion in score.motions.items():
        shares = (f'{share:.3f}' for share in (motion.precision, motion.recall, motion.f1))
        table.add_row(name, *shares, str(motion.labelled), str(motion.found))
    Console().print(table)
    print(
        f'{score.seconds:g} s at {score.fps:g} pictures a second: yaw off by '
        f'{score.yaw_error_deg:.2f} deg in the mean, faces found {score.found_share:.1%}'
    )
    for stamp_s, student, behaves, kind in score.alerts:
        print(f'{stamp_s:.1f} s: {kind}, {student or "class"} {behaves}'.rstrip())
