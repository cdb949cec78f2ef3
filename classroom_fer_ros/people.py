"""
The enrolled people: ``python -m classroom_fer_ros.people WHAT …``. Needs no ROS.

    list [--json]                        who is enrolled, since when, until when
    forget PERSON_ID [--records DIR …]   erase somebody, with captured faces, and from tables and
                                         reports in folders
    expire                               erase everybody whose time is over
    re-embed [--forget-others]           make the embeddings anew from stored crops
    encrypt --key FILE                   encrypt a gallery that is not encrypted yet
    new-key FILE                         make a key file

All take ``--gallery FILE --key FILE --model CARD``, as the parameters of the nodes.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

from classroom_fer_ros.core.capture_config import captures_dir
from classroom_fer_ros.core.embedding import FaceEmbedder
from classroom_fer_ros.core.errors import ClassroomFerError, DataError, GalleryError
from classroom_fer_ros.core.gallery import Gallery
from classroom_fer_ros.core.gallery_cipher import read_key, write_new_key
from classroom_fer_ros.core.gallery_file import GalleryKind
from classroom_fer_ros.core.gallery_maintenance import encrypt, re_embed
from classroom_fer_ros.core.model_card import load_card
from classroom_fer_ros.core.person import Person
from classroom_fer_ros.core.person_records import (
    CapturedFaces,
    PersonRecords,
    RecordedFolder,
    erase_everywhere,
)
from classroom_fer_ros.gallery_options import (
    add_gallery_options,
    card_path,
    gallery_cipher,
    gallery_path,
)

Command = Callable[[argparse.Namespace], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point: 0 if it was done, 2 if not."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.command(options))
    except ClassroomFerError as error:
        print(f'people: {error}', file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog='people', description='The enrolled people.')
    whats = parser.add_subparsers(required=True, metavar='WHAT')

    def add(name: str, text: str, command: Command) -> argparse.ArgumentParser:
        what = whats.add_parser(name, help=text, description=text)
        add_gallery_options(what)
        what.set_defaults(command=command)
        return what

    add('list', 'who is enrolled', _list).add_argument('--json', action='store_true')
    forget = add('forget', 'erase somebody', _forget)
    forget.add_argument('person_id')
    forget.add_argument(
        '--records', type=Path, nargs='*', default=[], help='folders of recordings and reports'
    )
    forget.add_argument('--captures', type=Path, help='folder of captured faces; default: yours')
    add('expire', 'erase everybody whose time is over', _expire)
    renew = add('re-embed', 'make the embeddings anew from stored crops', _re_embed)
    renew.add_argument(
        '--forget-others', action='store_true', help='erase who was enrolled without crops'
    )
    add('encrypt', 'encrypt a gallery', _encrypt)
    add('new-key', 'make a key file', _new_key).add_argument('file', type=Path)
    return parser


def _open(options: argparse.Namespace) -> Gallery:
    card = load_card(card_path(options))
    gallery = Gallery.open(gallery_path(options), card, gallery_cipher(options))
    if gallery.notice:
        print(f'people: {gallery.notice}', file=sys.stderr)
    return gallery


def _list(options: argparse.Namespace) -> int:
    with closing(_open(options)) as gallery:
        people = sorted(gallery.people(), key=lambda person: person.name)
    if options.json:
        print(json.dumps([dataclasses.asdict(person) for person in people], ensure_ascii=False))
        return 0
    for person in people:
        until = f'until {person.expires_at}' if person.expires_at else 'until forgotten'
        print(
            f'{person.person_id}  {person.name}: {person.embeddings} views, {person.crops} stored '
            f'crops, enrolled {person.enrolled_at}, {until}'
        )
    print(f'{len(people)} people in {gallery.path}')
    return 0


def _forget(options: argparse.Namespace) -> int:
    records: list[PersonRecords] = [CapturedFaces(options.captures or captures_dir())]
    folders = [RecordedFolder(folder) for folder in options.records]
    records += folders
    if options.records:
        from classroom_fer_ros.table_records import ParquetTables  # needs pyarrow

        records += [ParquetTables(folder) for folder in options.records]
    with closing(_open(options)) as gallery:
        person = gallery.forget(options.person_id)
    erased = erase_everywhere(records, options.person_id)
    if person is None and not erased:
        raise GalleryError(f'nobody has the id {options.person_id!r}')
    if person is not None:
        crops = f'{person.crops} stored crops'
        print(f'erased {person.name}: the name, {person.embeddings} embeddings, {crops}')
    for words in erased:
        print(f'erased {words}')
    for path in (path for folder in folders for path in folder.untouched()):
        print(f'not changed, delete it if it shows or names them: {path}')
    return 0


def _expire(options: argparse.Namespace) -> int:
    with closing(_open(options)) as gallery:
        expired = gallery.erase_expired(time.time())
    for person in expired:
        print(f'erased {person.name} ({person.person_id}), expired at {person.expires_at}')
    _erase_captures(expired)
    print(f'{len(expired)} people were erased')
    return 0


def _erase_captures(people: Sequence[Person]) -> None:
    """
    Erase what was captured of people who are in the gallery no more.

    :raises DataError: naming everybody of whom something is left, after all were tried
    """
    captures, failures = CapturedFaces(captures_dir()), []
    for person in people:
        try:
            erase_everywhere([captures], person.person_id)
        except DataError as error:
            failures.append(str(error))
    if failures:
        raise DataError('; '.join(failures) + '; mend that, and `forget` each of them')


def _re_embed(options: argparse.Namespace) -> int:
    embed = FaceEmbedder(card_path(options))
    kind = GalleryKind(card=embed.card, cipher=gallery_cipher(options))
    done = re_embed(gallery_path(options), kind, embed, forgets_others=options.forget_others)
    for person in done.forgotten:
        print(f'erased {person.name} ({person.person_id}): no crops were stored')
    _erase_captures(done.forgotten)
    print(f'{len(done.people)} people, {done.views} views: embeddings of {embed.card.name}')
    return 0


def _encrypt(options: argparse.Namespace) -> int:
    if options.key is None:
        raise GalleryError('name the key file with --key; `new-key FILE` makes one')
    kind = GalleryKind(card=load_card(card_path(options)))
    count = encrypt(gallery_path(options), kind, read_key(options.key))
    print(f'encrypted, {count} people: set gallery_key_path to {options.key}, and keep a copy')
    return 0


def _new_key(options: argparse.Namespace) -> int:
    write_new_key(options.file)
    print(f'{options.file}: keep a copy in a safe place; without it the gallery is lost')
    return 0


if __name__ == '__main__':
    sys.exit(main())
