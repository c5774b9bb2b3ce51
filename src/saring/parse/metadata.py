"""Credits and tags as portals print them, turned into values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import zip_longest

__all__ = ["parse_credits", "parse_tags"]

FIELDS: Mapping[str, str] = {
    "editor": "editor",
    "redaktur": "editor",
    "red": "editor",
    "penulis": "author",
    "reporter": "author",
    "pewarta": "author",
    "jurnalis": "author",
    "wartawan": "author",
    "kontributor": "author",
    "oleh": "author",
    "author": "author",
    "rep": "author",
    "ditulis oleh": "author",
    "dilaporkan oleh": "author",
    "laporan": "author",
    "sumber": "source",
    "sumber berita": "source",
    "source": "source",
}
"""What a credit line calls its fields."""

_FIELD = re.compile(
    r"(?:(?<![a-z])|(?<=[a-z])(?=[EPS][a-z]))"  # scrapers glue: "Sumber: AcakEditor: Rina"
    rf"({'|'.join(sorted(FIELDS, key=len, reverse=True))}|uploader|penerjemah)"
    r"(?:\s{0,3}:|(?<=tulis oleh)\s|(?<=laporkan oleh)\s)",
    re.IGNORECASE,
)
_CREDIT_END = re.compile(r"[\r\n]|\b(?:copyright|hak cipta|dilarang keras)\b", re.IGNORECASE)
_EDGE = " \t\xa0\u200b|,;()[]*-–—."


def parse_credits(line: str) -> dict[str, str]:
    """Return the fields of a credit line: editor, author, source.

    >>> parse_credits("Pewarta: Rina Wulandari Editor: Dedi Saputra")
    {'author': 'Rina Wulandari', 'editor': 'Dedi Saputra'}
    """
    marks = list(_FIELD.finditer(line))
    found: dict[str, str] = {}
    for mark, following in zip_longest(marks, marks[1:]):
        field = FIELDS.get(" ".join(mark[1].lower().split()))
        value = line[mark.end() : following.start() if following else len(line)]
        value = _CREDIT_END.split(value.strip())[0].strip(_EDGE)
        if field and value:
            found.setdefault(field, value)
    return found


def parse_tags(line: str) -> tuple[str, ...]:
    """Return the tags of a line; they are parted by commas, hashes, bars or semicolons."""
    if not line:
        return ()
    return tuple(tag for raw in re.split(r"[,;|#•]", line) if (tag := raw.strip()))
