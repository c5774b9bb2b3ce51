"""Dates, credits and tags as portals print them, turned into values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from itertools import zip_longest

__all__ = ["parse_credits", "parse_date", "parse_tags"]

ZONES: Mapping[str, str] = {
    "wib": "+07:00",
    "wita": "+08:00",
    "wit": "+09:00",
    "gmt": "+00:00",
    "utc": "+00:00",
    "z": "Z",
}
"""Indonesia's three time zones, and what feeds print instead."""

_MONTHS: Mapping[str, int] = {
    name: number
    for number, names in enumerate(
        (
            "januari january jan",
            "februari pebruari february feb peb",
            "maret march mar",
            "april apr",
            "mei may",
            "juni june jun",
            "juli july jul",
            "agustus august agu ags agt agust aug",
            "september sept sep",
            "oktober october okt oct",
            "november nopember nov nop",
            "desember december des dec",
        ),
        start=1,
    )
    for name in names.split()
}

_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_DAY = re.compile(
    rf"""(?<!\d)(?:
    (?P<day>\d{{1,2}})[\s+./-]{{1,3}}(?P<month>{_MONTH})[a-z]{{0,3}}\.?[\s+,./-]{{1,3}}(?P<year>\d{{4}}|\d\d)
    |(?P<month2>{_MONTH})\.?\s{{1,3}}(?P<day2>\d{{1,2}}),?\s{{1,3}}(?P<year2>\d{{4}})
    |(?P<year3>\d{{4}})[/-](?P<month3>\d{{1,2}})[/-](?P<day3>\d{{1,2}})
    |(?P<day4>\d{{1,2}})[/.-](?P<month4>\d{{1,2}})[/.-](?P<year4>\d{{4}})
    )(?!\d)""",
    re.IGNORECASE | re.VERBOSE,
)
_TIME = re.compile(
    r"(?:T|[\s,|/–•-]{1,6}(?:pukul\s|jam\s|at\s)?\s{0,3})(?P<hour>\d{1,2})[.:](?P<minute>\d\d)"
    r"(?:[.:]\d\d(?:\.\d{1,6})?)?\s{0,3}(?P<zone>(?:wib|wita|wit|gmt|utc|z)(?![a-z])|[+-]\d\d:?\d\d)?",
    re.IGNORECASE,
)
_ISO = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:Z|[+-]\d\d:?\d\d)?)?")
DATES_KEPT = 1 << 13  # many articles are of one day
_MAX_CHARS = 200  # a date line; longer is no date

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


@lru_cache(maxsize=DATES_KEPT)
def parse_date(raw: str) -> str:
    """Return a printed date as ISO 8601, with time and offset where they are printed.

    ISO dates come back as given. What is no date, or no possible date, gives an empty string.

    >>> parse_date("Rabu, 19 Januari 2022, 14:30 WIB")
    '2022-01-19T14:30+07:00'
    >>> parse_date("31 Februari 2022")
    ''
    """
    text = raw.strip()[:_MAX_CHARS]
    if not text:
        return ""
    if _ISO.fullmatch(text):
        return text.replace(" ", "T") if _is_possible(text) else ""
    day = _DAY.search(text)
    if day is None:
        return ""
    date = _iso_day({name.rstrip("234"): value for name, value in day.groupdict().items() if value})
    time = _TIME.match(text, day.end())
    if not date or time is None:
        return date
    zone = (time["zone"] or "").lower()
    stamp = f"{date}T{int(time['hour']):02d}:{time['minute']}{ZONES.get(zone, zone)}"
    return stamp if _is_possible(stamp) else date


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


def _iso_day(parts: Mapping[str, str]) -> str:
    """Return the ISO date of a day, a month by name or number and a year of 2 or 4 digits."""
    month = _MONTHS.get(parts["month"].lower()) or int(parts["month"])
    year = int(parts["year"]) + (2000 if len(parts["year"]) == 2 else 0)
    date = f"{year:04d}-{month:02d}-{int(parts['day']):02d}"
    return date if _is_possible(date) else ""


def _is_possible(stamp: str) -> bool:
    """Return whether the calendar has such a day and the clock such a time."""
    try:
        datetime.fromisoformat(stamp)
    except ValueError:
        return False
    return True
