"""Pages in HTML that need nothing else, and their tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape


def document(title: str, css: str, body: str) -> str:
    """
    A whole page.

    :param title: as plain text; also its heading
    :param body: in HTML
    """
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{escape(title)}</title><style>{css}</style></head>\n'
        f'<body><h1>{escape(title)}</h1>\n{body}\n</body></html>\n'
    )


def table(
    head: Sequence[str], rows: Iterable[Sequence[object]], classes: Sequence[str] = ()
) -> str:
    """
    A table of plain texts; empty without rows.

    :param head: left out where all of it is empty
    :param classes: of the cells by column; empty for none
    """
    lines = [_row('td', row, classes) for row in rows]
    if not lines:
        return ''
    heads = [_row('th', head, classes)] if any(head) else []
    return '<table>' + '\n'.join([*heads, *lines]) + '</table>\n'


def _row(tag: str, cells: Sequence[object], classes: Sequence[str]) -> str:
    attributes = [f' class="{name}"' if name else '' for name in classes] or [''] * len(cells)
    texts = [
        f'<{tag}{attribute}>{escape(str(cell))}</{tag}>'
        for cell, attribute in zip(cells, attributes, strict=True)
    ]
    return f'<tr>{"".join(texts)}</tr>'
