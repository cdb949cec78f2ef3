"""What has changed, as lines for a terminal, a table (CSV) and a page (HTML)."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from classroom_fer_ros.regression import Difference
from classroom_fer_ros.reporting.html_page import document, table

#: Of very many differences the page shows no more than the first; the table has them all.
MOST_ROWS = 2000
STYLE = (
    'body{font:14px sans-serif;margin:2em}table{border-collapse:collapse;margin:1em 0}'
    'td,th{border:1px solid #999;padding:2px 8px;text-align:left}th{background:#eee}'
    'td.before{background:#fdd}td.after{background:#dfd}'
)
#: Of the cells that tell of one difference.
CLASSES = ('', '', '', '', 'before', 'after')


@dataclass(frozen=True, slots=True)
class Change:
    """
    All differences of one field of a topic.

    :param first: the one of the earliest stamp
    """

    first: Difference
    count: int


def changes_of(differences: Sequence[Difference]) -> list[Change]:
    """One entry a field, that which changed first at the top."""
    groups: dict[tuple[str, str], list[Difference]] = {}
    for difference in differences:
        groups.setdefault((difference.topic, difference.field), []).append(difference)
    return [Change(group[0], len(group)) for group in groups.values()]


def lines_of(differences: Sequence[Difference]) -> Iterator[str]:
    """What changed first of each field, and how often."""
    for change in changes_of(differences):
        one = change.first
        face = f', {one.face}' if one.face else ''
        yield (
            f'{_seconds(one)} s{face}: {one.topic}.{one.field} {one.before} -> {one.after} '
            f'({change.count} differ)'
        )


def write_csv(differences: Sequence[Difference], path: Path) -> None:
    """One row a difference."""
    with path.open('w', newline='', encoding='utf-8') as lines:
        writer = csv.writer(lines)
        writer.writerow([field.name for field in fields(Difference)])
        writer.writerows(astuple(difference) for difference in differences)


def write_html(differences: Sequence[Difference], title: str, path: Path) -> None:
    """A page that needs nothing else."""
    head = ('first at (s)', 'face', 'topic', 'field', 'before', 'after')
    summary = [(*_cells(change.first), str(change.count)) for change in changes_of(differences)]
    shown = differences[:MOST_ROWS]
    parts = [
        f'<p>{len(differences)} differences in {len(summary)} fields.</p>',
        table((*head, 'differ'), summary, (*CLASSES, '')),
        f'<h2>The first {len(shown)} of {len(differences)}</h2>' if differences else '',
        table(('at (s)', *head[1:]), [_cells(one) for one in shown], CLASSES),
    ]
    path.write_text(document(title, STYLE, '\n'.join(parts)), encoding='utf-8')


def _cells(one: Difference) -> tuple[str, ...]:
    return (_seconds(one), one.face, one.topic, one.field, one.before, one.after)


def _seconds(one: Difference) -> str:
    return f'{one.stamp_ns * 1e-9:.3f}'
