"""The gallery of enrolled people: whether it is whole and of the model in use. Changes nothing."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from classroom_fer_ros.checks.finding import Finding, ok, problem, warning
from classroom_fer_ros.core.errors import ClassroomFerError
from classroom_fer_ros.core.gallery_file import (
    APPLICATION_ID,
    files_set_aside,
    usual_gallery_path,
)
from classroom_fer_ros.core.model_card import load_card
from classroom_fer_ros.core.model_registry import card_in_use

SUBJECT = 'enrolled people'
CARD = 'facenet.json'
RE_EMBED = '`make people ARGS=re-embed`, or use the model of the gallery again'


def check_gallery(path: Path | None = None) -> Finding:
    """Look at a gallery, by default the user's."""
    path = path or usual_gallery_path()
    aside = files_set_aside(path)
    if aside:
        return warning(
            SUBJECT,
            f'{aside[-1]} is a broken gallery that was set aside',
            f'put a copy from before into the place of {path}, or erase it',
        )
    if not path.exists():
        return ok(SUBJECT, f'nobody; {path} is made when somebody is enrolled')
    try:
        people, model, sha256 = _read(path)
        card = load_card(card_in_use(CARD))
    except (sqlite3.Error, TypeError) as error:
        return problem(
            SUBJECT, f'{path} is broken ({error})', 'put a copy from before into its place'
        )
    except ClassroomFerError as error:
        return problem(SUBJECT, str(error), 'see the models above')
    if sha256 != card.sha256:
        return problem(SUBJECT, f'{path} is of the model {model}, in use is {card.name}', RE_EMBED)
    return ok(SUBJECT, f'{people} in {path}')


def _read(path: Path) -> tuple[int, str, str]:
    """How many people there are, and name and hash of the model of their embeddings."""
    with closing(sqlite3.connect(f'{path.absolute().as_uri()}?mode=ro', uri=True)) as connection:
        (application,) = connection.execute('PRAGMA application_id').fetchone()
        if application != APPLICATION_ID:
            raise sqlite3.DatabaseError('it is no gallery')
        (state,) = connection.execute('PRAGMA integrity_check').fetchone()
        if state != 'ok':
            raise sqlite3.DatabaseError(state)
        (people,) = connection.execute('SELECT count(*) FROM people').fetchone()
        model, sha256 = connection.execute('SELECT name, sha256 FROM model').fetchone()
        return people, model, sha256
