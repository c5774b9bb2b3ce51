"""One reading of every date that portals, tables and pages print, written as ``2022-01-19T14:30:00+07:00``.

That is ISO 8601 in Western Indonesian Time, to the second: a column of such dates sorts as text, and
``pandas.to_datetime`` reads it in one go, as all rows have the same parts and the same offset.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from typing import NamedTuple

WIB = timezone(timedelta(hours=7))  # of most portals; assumed where no zone is named
MIDNIGHT = "T00:00:00+07:00"  # what stands for the time of a date that has none
ZONES: Mapping[str, int] = {"wib": 7, "wita": 8, "wit": 9, "gmt": 0, "utc": 0, "z": 0}  # hours of offset

MONTHS: Mapping[str, int] = {
    name: number
    for number, names in enumerate(
        """januari january jan, februari pebruari february feb peb, maret march mar mrt, april apr, mei may mey,
        juni june jun, juli july jul, agustus august agu ags agt agust aug, september sept sep,
        oktober october okt oct, november nopember nov nop, desember december des dec""".split(","),  # noqa: SIM905
        start=1,
    )
    for name in names.split()
}
# Long enough to be recognised when misspelt; "marah" is near to "march".
_NAMES = [name for name in MONTHS if len(name) > 4 and name != "march"]
CLOSE = 0.75  # how alike a misspelt month is to its name: "Febuari", "Agusuts"
EPOCH_DIGITS = {10: 1, 13: 10**3, 16: 10**6, 19: 10**9}  # of a time from 1970 on: its units in a second
DATES_KEPT = 1 << 13  # many articles are of one day
MAX_CHARS = 200  # a date line; longer is no date

_DAY = re.compile(
    r"""(?<![\d:])(?:(?:
    (?P<day>\d{1,2})[\s+./-]{0,3}(?P<month>[a-z]{3,10})[\s+,./-]{1,3}(?P<year>\d{4}|\d\d)
    |(?<![a-z])(?P<month2>[a-z]{3,10})\.?\s{1,3}(?P<day2>\d{1,2})(?:st|nd|rd|th)?,?\s{1,3}(?P<year2>\d{4})
    |(?P<year3>\d{4})[/.-](?P<month3>\d{1,2})[/.-](?P<day3>\d{1,2})
    |(?P<day4>\d{1,2})\s?[/.-]\s?(?P<month4>\d{1,2})\s?[/.-]\s?(?P<year4>\d{4})
    |(?P<day5>\d{1,2})/(?P<month5>\d{1,2})/(?P<year5>\d\d)
    )(?!\d)|(?P<year6>\d{4})(?P<month6>\d\d)(?P<day6>\d\d)(?=T?(?:\d{4}|\d{6})?(?:\D|$)))""",
    re.IGNORECASE | re.VERBOSE,
)
_CLOCK = r"""(?P<hour>\d{1,2})[.:](?P<minute>\d\d)(?:[.:](?P<second>\d\d)(?:[.,]\d{1,9})?)?(?!\d)
    (?:\s?(?P<half>[ap])\.?m\b\.?)?
    (?:\s{0,3}\(?(?P<zone>(?:wib|wita|wit|gmt|utc|z)(?![a-z]))?\s?(?P<offset>[+-]\d{1,2}(?::?\d\d)?(?!\d))?)"""
_TIME = re.compile(
    r"(?:T|[\s,|/()\[\];•–-]{0,6}(?:(?:pada\s)?(?:pukul|pkl\.?|jam|at|@)\s{0,3})?)" + _CLOCK, re.IGNORECASE | re.VERBOSE
)
_TIME_BEFORE = re.compile(r"(?<![\d.:])" + _CLOCK, re.IGNORECASE | re.VERBOSE)
_COMPACT = re.compile(r"T?(?P<hour>\d\d)(?P<minute>\d\d)(?P<second>\d\d)?(?P<zone>Z)?(?!\d)")


class Moment(NamedTuple):
    """A date as it was read: `time` knows its zone where one is named; `timed`: it has an hour."""

    time: datetime
    timed: bool


@lru_cache(maxsize=DATES_KEPT)
def read_date(raw: str) -> str:
    """Return a date in the form that all rows have, an empty string for what is no possible date.

    Days stand before months (12/8/2022 is in August); a day without a time is its midnight, a time
    without a zone is in WIB; other zones are turned into it.

    >>> read_date("Rabu, 19 Januari 2022, 14:30 WIB")
    '2022-01-19T14:30:00+07:00'
    >>> read_date("Jumat (12/8/2022) pukul 10.00 WITA")
    '2022-08-12T09:00:00+07:00'
    >>> read_date("31 Februari 2022")
    ''
    """
    found = find_date(raw)
    return written(found.time) if found else ""


def written(time: datetime) -> str:
    """Return a time in the form that all rows have."""
    try:
        local = time.astimezone(WIB) if time.tzinfo else time.replace(tzinfo=WIB)
    except OverflowError:  # the last hours of the year 9999
        local = time.replace(tzinfo=WIB)
    return local.isoformat(timespec="seconds")


def find_date(raw: str) -> Moment | None:
    """Return the date in a text, None where there is none or the calendar has no such day."""
    text = raw.strip()[:MAX_CHARS]
    digits = text.partition(".")[0]
    if digits.isdecimal() and len(digits) in EPOCH_DIGITS:
        seconds = int(digits) // EPOCH_DIGITS[len(digits)]
        return Moment(datetime.fromtimestamp(seconds, WIB), timed=True)
    for day in _DAY.finditer(text):
        date = _day({name.rstrip("23456"): v for name, v in day.groupdict().items() if v})
        if date is None:
            continue
        clock = _TIME.match(text, day.end()) or _COMPACT.match(text, day.end())
        for before in () if clock else _TIME_BEFORE.finditer(text, 0, day.start()):
            if before["zone"] or not text[before.end() : day.start()].strip(" ,|/-"):
                clock = before  # "10.05 WIB, 1 Februari 2022"
        time = _at(date, clock.groupdict()) if clock else None
        return Moment(time or date, timed=time is not None)
    return None


def _day(parts: Mapping[str, str]) -> datetime | None:
    """Return a day, None where the calendar has no such day."""
    month = _month(parts["month"].lower())
    day, year = int(parts["day"]), int(parts["year"])
    if month > 12 >= day and not parts["month"].isalpha():
        day, month = month, day  # 08/25/2022: no month but as Americans write it
    try:
        return datetime(year + 2000 * (len(parts["year"]) == 2), month, day)
    except ValueError:
        return None


@lru_cache(maxsize=DATES_KEPT)
def _month(name: str) -> int:
    """Return the number of a month that is given by name, also a misspelt one, or by number; 0 for what is none."""
    if name.isdecimal():
        return int(name)
    if name not in MONTHS:
        name = next(iter(difflib.get_close_matches(name, _NAMES, 1, CLOSE)), "")
    return MONTHS.get(name, 0)


def _at(day: datetime, clock: Mapping[str, str | None]) -> datetime | None:
    """Return a time of a day, None where the clock has no such time."""
    hour, minute, second = (int(clock[name] or 0) for name in ("hour", "minute", "second"))
    half, zone, offset = (clock.get(name) for name in ("half", "zone", "offset"))
    if half and 1 <= hour <= 12:
        hour = hour % 12 + 12 * (half.lower() == "p")
    try:
        time = day.replace(hour=hour, minute=minute, second=second)
        shift = timedelta(hours=ZONES[zone.lower()]) if zone else None
        if offset and (zone or "gmt").lower() in ("gmt", "utc"):
            digits = offset[1:].replace(":", "")
            hours, minutes = (digits[:-2], digits[-2:]) if len(digits) > 2 else (digits, "0")
            shift = (-1 if offset[0] == "-" else 1) * timedelta(hours=int(hours), minutes=int(minutes))
        return time if shift is None else time.replace(tzinfo=timezone(shift))
    except ValueError:
        return None
