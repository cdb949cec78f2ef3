"""The page of a report: one HTML file that needs nothing else and prints well."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Sequence

from classroom_fer_ros.reporting import plots
from classroom_fer_ros.reporting.html_page import document, table
from classroom_fer_ros.reporting.lesson_tables import LessonTables, PersonRow

CSS = """
body { font-family: sans-serif; color: #1a1a1a; max-width: 50em; margin: 2em auto; padding: 0 1em;
  line-height: 1.4; }
h1 { font-size: 1.5em; } h2 { font-size: 1.15em; margin-top: 1.8em; }
table { border-collapse: collapse; } td, th { padding: .2em .8em .2em 0; text-align: left;
  border-bottom: 1px solid #ddd; vertical-align: top; }
td.number, th.number { text-align: right; }
svg { width: 100%; height: auto; } .note { color: #555; }
section { break-inside: avoid; }
@media print { body { margin: 0; max-width: none; font-size: 10pt; } }
"""
MEANING = (
    'Expression means what a face shows, never what a person feels. Shares are of the faces that '
    'could be judged; they say nothing about the others.'
)
#: What each table calls an entry that could not be judged, and what it is about.
UNKNOWN = {'expression': 'cannot_judge', 'eyes': 'unknown', 'head': 'unknown'}


def page(lesson: LessonTables, title: str) -> str:
    """The whole HTML text."""
    sections = [
        ('', _overview(lesson)),
        ('The class over time', _figure(plots.class_plot(lesson) if lesson.class_rows else '')),
        ('What the faces showed', _figure(plots.expression_plot(lesson))),
        ('Alerts', _alerts(lesson)),
        ('What could not be judged', _unjudged(lesson)),
        ('Identified people', _people(lesson)),
        ('Models and versions', _versions(lesson)),
    ]
    body = '\n'.join(
        f'<section>{f"<h2>{heading}</h2>" if heading else ""}\n{content}</section>'
        for heading, content in sections
        if content
    )
    return document(title, CSS, body)


def _overview(lesson: LessonTables) -> str:
    rows: list[Sequence[object]] = []
    if lesson.first_s >= plots.EPOCH_FROM_S:
        day = time.strftime('%Y-%m-%d', time.localtime(lesson.first_s))
        first, last = (plots.clock(s, lesson.first_s) for s in (lesson.first_s, lesson.last_s))
        rows.append(('when', f'{day}, {first} to {last}'))
    rows.append(('length', f'{lesson.duration_s / 60:.1f} minutes with faces'))
    rows.append(('pictures with faces', lesson.pictures))
    rows.append(('most faces at a time', max((row.seen for row in lesson.class_rows), default=0)))
    rows.append(('alerts', len(lesson.alerts)))
    card = lesson.card
    rows.append(('profile', (card and card.profile) or 'not recorded'))
    rows.append(('source', card.source if card else 'not recorded'))
    return table((), rows) + f'<p class="note">{MEANING}</p>'


def _figure(svg: str) -> str:
    return f'<figure style="margin:0">{svg}</figure>' if svg else ''


def _alerts(lesson: LessonTables) -> str:
    if not lesson.alerts:
        return '<p>None was raised.</p>'
    rows = []
    for alert in lesson.alerts:
        end = (
            'stood at the end'
            if math.isnan(alert.cleared_s)
            else plots.clock(alert.cleared_s, lesson.first_s)
        )
        rows.append(
            (
                plots.clock(alert.since_s, lesson.first_s),
                end,
                alert.kind.replace('_', ' '),
                alert.severity,
                'yes' if alert.is_acknowledged else '',
            )
        )
    head = ('since', 'until', 'what', 'severity', 'seen by the teacher')
    return _figure(plots.alert_plot(lesson)) + table(head, rows)


def _unjudged(lesson: LessonTables) -> str:
    rows = []
    for name, unknown in UNKNOWN.items():
        counts: Counter[str] = lesson.unjudged[name]
        total = sum(counts.values())
        if total:
            rows.append((name, f'{100 * counts[unknown] / total:.1f} %'))
    uncertain = lesson.unjudged['expression']
    if sum(uncertain.values()):
        share = 100 * uncertain['uncertain'] / sum(uncertain.values())
        rows.append(('expression judged, but uncertain', f'{share:.1f} %'))
    figure = _figure(plots.judged_plot(lesson) if lesson.class_rows else '')
    return figure + table(('question', 'not judged, of all faces in all pictures'), rows)


def _people(lesson: LessonTables) -> str:
    """Only where identification was on and is allowed; by id, never by name."""
    if not (lesson.people and lesson.may_name_people):
        return ''
    head = ('person', 'minutes seen', 'showed most', 'blinks', 'yawns', 'tired', 'alerts')
    rows = [_person(person) for _, person in sorted(lesson.people.items())]
    note = '<p class="note">By <code>person_id</code>: a report holds no names.</p>'
    return table(head, rows) + note


def _person(person: PersonRow) -> tuple[object, ...]:
    known = sum(n for state, n in person.states.items() if state != 'unknown')
    tired = person.states['tired'] + person.states['asleep']
    return (
        person.person_id,
        f'{person.seen_s / 60:.1f}',
        ', '.join(label for label, _ in person.expressions.most_common(2)) or 'not judged',
        person.blinks,
        person.yawns,
        f'{100 * tired / known:.0f} %' if known else 'not judged',
        person.alerts,
    )


def _versions(lesson: LessonTables) -> str:
    if lesson.card is None:
        return '<p>The session has no <code>session.json</code>: not recorded.</p>'
    named = {**lesson.card.models, **lesson.card.versions}
    return table(('', ''), list(named.items()))
