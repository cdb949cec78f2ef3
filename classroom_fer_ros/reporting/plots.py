"""The plots of a report, each as SVG in a text."""

from __future__ import annotations

import io
import math
import time
from collections.abc import Sequence

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from classroom_fer_ros.core.labels import EXPRESSION_LABELS
from classroom_fer_ros.reporting.lesson_tables import (
    EXPRESSION_SHARES,
    AlertSpan,
    ClassRow,
    LessonTables,
)

#: Inches of a plot: as wide as a printed page.
WIDTH_IN = 7.6
#: Stamps from here on are times of day, below they are seconds of a film.
EPOCH_FROM_S = 1e8
#: Okabe and Ito (2008), which colour-blind people can tell apart; severities have hatches too.
CURVES = {
    'attentive_share': ('attentive', '#0072b2', '-'),
    'tired_share': ('tired', '#d55e00', '--'),
    'looking_away_share': ('looking away', '#e69f00', ':'),
}
SEVERITIES = {
    'notice': ('#56b4e9', ''),
    'warning': ('#e69f00', '//'),
    'urgent': ('#d55e00', 'xx'),
}
EXPRESSION_COLORS = ('#d55e00', '#8c6d31', '#9467bd', '#e69f00', '#0072b2', '#cc79a7', '#bdbdbd')
#: A curve is broken where nothing was said for longer.
GAP_S = 5.0
STYLE = {
    'svg.fonttype': 'none',
    'svg.hashsalt': 'report',
    'font.family': 'sans-serif',
    'font.size': 9,
    'axes.spines.top': False,
    'axes.spines.right': False,
}


def clock(stamp_s: float, first_s: float) -> str:
    """Time of day, or minutes and seconds of a film."""
    if first_s >= EPOCH_FROM_S:
        return time.strftime('%H:%M:%S', time.localtime(stamp_s))
    seconds = max(0, round(stamp_s))
    return f'{seconds // 60}:{seconds % 60:02d}'


def class_plot(lesson: LessonTables) -> str:
    """Shares of the class over time."""
    with matplotlib.rc_context(STYLE):
        figure, axes = _figure(lesson, 2.6)
        stamps, rows = _with_gaps(lesson.class_rows)
        for name, (word, color, style) in CURVES.items():
            shares = [100 * row.shares[name] if row else math.nan for row in rows]
            if not all(math.isnan(share) for share in shares):
                axes.plot(stamps, shares, color=color, linestyle=style, label=word)
        axes.set_ylim(0, 100)
        axes.set_ylabel('% of those judged')
        _legend(axes)
        return _svg(figure)


def expression_plot(lesson: LessonTables) -> str:
    """What the faces showed, as shares on top of each other; empty where nothing was judged."""
    rows = [row for row in lesson.class_rows if not math.isnan(row.shares[EXPRESSION_SHARES[0]])]
    if not rows:
        return ''
    with matplotlib.rc_context(STYLE):
        figure, axes = _figure(lesson, 2.4)
        shares = np.array([[100 * row.shares[name] for name in EXPRESSION_SHARES] for row in rows])
        stamps = [row.stamp_s for row in rows]
        axes.stackplot(stamps, shares.T, labels=EXPRESSION_LABELS, colors=EXPRESSION_COLORS)
        axes.set_ylim(0, 100)
        axes.set_ylabel('% of those judged')
        _legend(axes)
        return _svg(figure)


def judged_plot(lesson: LessonTables) -> str:
    """How many were seen, and how many of them well enough for every question."""
    with matplotlib.rc_context(STYLE):
        figure, axes = _figure(lesson, 1.8)
        stamps, rows = _with_gaps(lesson.class_rows)
        seen = np.array([row.seen if row else math.nan for row in rows])
        judged = np.array([row.judged if row else math.nan for row in rows])
        axes.fill_between(stamps, seen, color='#d0d0d0', label='seen', step='mid')
        axes.fill_between(stamps, judged, color='#0072b2', label='judged', step='mid')
        axes.set_ylim(bottom=0)
        axes.set_ylabel('faces')
        _legend(axes)
        return _svg(figure)


def alert_plot(lesson: LessonTables) -> str:
    """Alerts on a time line, one line a kind; empty where there was none."""
    if not lesson.alerts:
        return ''
    kinds = sorted({alert.kind for alert in lesson.alerts})
    with matplotlib.rc_context(STYLE):
        figure, axes = _figure(lesson, 0.7 + 0.32 * len(kinds))
        for alert in lesson.alerts:
            _draw_alert(axes, alert, kinds.index(alert.kind), lesson)
        axes.set_yticks(range(len(kinds)), [kind.replace('_', ' ') for kind in kinds])
        axes.set_ylim(len(kinds) - 0.5, -0.5)
        return _svg(figure)


def _draw_alert(axes: Axes, alert: AlertSpan, line: int, lesson: LessonTables) -> None:
    color, hatch = SEVERITIES.get(alert.severity, SEVERITIES['notice'])
    end_s = lesson.last_s if math.isnan(alert.cleared_s) else alert.cleared_s
    shortest_s = lesson.duration_s / 300  # so that it can be seen
    length_s = max(end_s - alert.since_s, shortest_s)
    axes.broken_barh(
        [(alert.since_s, length_s)],
        (line - 0.3, 0.6),
        facecolor=color,
        edgecolor='black',
        linewidth=0.4,
        hatch=hatch,
        alpha=0.85,
    )


def _figure(lesson: LessonTables, height_in: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(WIDTH_IN, height_in), layout='constrained')
    axes = figure.add_subplot()
    axes.set_xlim(lesson.first_s, max(lesson.last_s, lesson.first_s + 1.0))
    axes.xaxis.set_major_formatter(
        FuncFormatter(lambda stamp_s, _: clock(stamp_s, lesson.first_s))
    )
    axes.grid(axis='both', alpha=0.25)
    return figure, axes


def _with_gaps(rows: Sequence[ClassRow]) -> tuple[list[float], list[ClassRow | None]]:
    """None wherever nothing was said for a while."""
    stamps: list[float] = []
    filled: list[ClassRow | None] = []
    for row in rows:
        if stamps and row.stamp_s - stamps[-1] > GAP_S:
            stamps.append((row.stamp_s + stamps[-1]) / 2)
            filled.append(None)
        stamps.append(row.stamp_s)
        filled.append(row)
    return stamps, filled


def _legend(axes: Axes) -> None:
    if axes.get_legend_handles_labels()[1]:
        axes.legend(loc='center left', bbox_to_anchor=(1.0, 0.5), frameon=False)


def _svg(figure: Figure) -> str:
    text = io.StringIO()
    figure.savefig(text, format='svg', metadata={'Date': None, 'Creator': None})
    svg = text.getvalue()
    return svg[svg.index('<svg') :]
