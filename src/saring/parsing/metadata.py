"""Metadata that portals print in an article's text: credits, tags and the dateline."""

from __future__ import annotations

import re
import tomllib
from functools import cache, lru_cache
from importlib.resources import files
from itertools import zip_longest
from typing import NamedTuple

FIELDS = {  # of an article's metadata, by what a credit line calls them
    label: field
    for field, labels in {
        "editor": "editor, redaktur, red",
        "author": "penulis, reporter, pewarta, jurnalis, wartawan, kontributor, oleh, author, rep, ditulis oleh, "
        "dilaporkan oleh, laporan",
        "source": "sumber, sumber berita, source",
    }.items()
    for label in labels.split(", ")
}

MAX_PART_WORDS = 4  # "BANDAR SERI BEGAWAN"; a longer stretch of capitals is a shouted sentence
MIN_ACRONYM_CHARS = 5  # "KPK - ...", "IHSG - ..." open sentences; places in capitals are longer
HEAD_CHARS = 80  # `_LINE` has its dash within so many
HEADS_KEPT = 1 << 12  # a portal's datelines repeat: what they name is kept between articles

NAMES = {
    name.lower(): name
    for name in (
        "Antara", "BBC News Indonesia", "CNBC Indonesia", "CNN Indonesia", "DW", "JPNN", "Kompas TV", "RRI", "TVRI",
        "VOA", "VOA Indonesia",
    )
} | {"pr": "Pikiran Rakyat"}  # fmt: skip
"""Publishers whose names are not simply written with capitals at the start of each word."""

PUBLISHER_WORDS = frozenset(
    """berita ekspres express harian info inilah jurnal kabar kanal koran majalah mantra media metro network news online
    pikiran portal pos post radar rakyat ringtimes seputar suara tabloid times today tribun tv warta zona""".split()  # noqa: SIM905
)
"""Words that make a name of several words a portal's: "MEDIA PAKUAN"."""

PUBLISHERS = frozenset(
    """bisnis detik detikcom gatra jpnn kompas kontan kumparan liputan6 merdeka okezone posmetro republika sindonews
    tempo tribunnews viva wartakota""".split()  # noqa: SIM905
)
"""Portals whose names stand alone, without a web address."""

ACRONYMS = frozenset(("DKI", "IKN", "NTB", "NTT", "DIY", "DC", "TV"))  # parts of names that keep their capitals

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
    return tuple(tag for raw in re.split(r"[,;|#•]", line) if (tag := raw.strip()))


_DASH = r"[\s\u200b]{0,3}(?:--\(?(?P<agency>[A-Z][\w/ ]{2,30})\)?--|\.?[-–—]{1,2}|—)[\s\u200b]{0,3}"
_HYPHEN = re.compile("[-–—]")
_LINE = re.compile(
    r"(?P<head>[^\W\d_][\w.'’()/, \xa0\-]{1,70}?)" + _DASH + r"(?!\w[\w-]{1,20}\.(?:com|co|id|net)\b)(?=[\w\"“'‘(\[])",
    re.IGNORECASE,
)
_GLUED = re.compile(
    r"(?P<head>[A-Z]\w{2,20}\.(?:com|co\.id|co|id),\s?[A-Z][a-z]{2,15}(?:\s[A-Z][a-z]{2,15})?)(?=[A-Z])"
)
_MORE = re.compile(  # KONTAN.CO.ID - ⟦JAKARTA. ⟧Petinggi, KONTAN.CO.ID - ⟦JAKARTA - ⟧, SAINT-⟦DENIS– ⟧
    r"(?P<place>[A-Z]{3,15}(?: [A-Z]{3,15}){0,2})(?:\.|\s{0,3}[-–—]{1,2})\s{1,3}(?=[A-Z\"“])"
)
_DOMAIN = re.compile(r"[\w-]+[.,](?:com|co\.id|co|id|net|org|tv)\b", re.IGNORECASE)
_SPACED_DOMAIN = re.compile(r"\s(?=[\w-]+\.(?:com|co\.id|co|id)\b)", re.IGNORECASE)
_BREAK = re.compile(r"\s*?[\r\n]")
_PARTS = re.compile(r"[^,()/]+")


class Dateline(NamedTuple):
    """Where a dateline ends and what it names; empty strings where it does not say."""

    end: int
    publisher: str
    place: str


def find_dateline(text: str, start: int, publisher: str = "") -> Dateline | None:
    """Return the dateline that starts at a place of the text, or None.

    `publisher` is the article's, where known: its name in a dateline is then proof enough.
    """
    match = _LINE.match(text, start) if _HYPHEN.search(text, start, start + HEAD_CHARS) else None
    if match is None:
        match = _GLUED.match(text, start)
        names = _names(match["head"], publisher, False) if match else None
        return Dateline(match.end(), *names) if match and names else None
    dash = match.group()[len(match["head"]) :]
    alone = dash.strip() in ("-", "–") and _BREAK.match(dash) is not None
    names = _names(match["head"], publisher, alone)
    is_proven = _DOMAIN.search(match["head"]) or match["head"] == match["head"].upper()
    if names is None or (dash in ("-", "–") and (text[match.end()].isdigit() or not is_proven)):
        return None  # the dash joins a word ("COVID-19", "Jakarta-Bandung")
    dateline = Dateline(match.end(), *names)
    if match["agency"]:
        dateline = dateline._replace(publisher=publisher_name(match["agency"].split("/")[0]))
    after = _MORE.match(text, dateline.end)
    if after and (dash == "-" or not dateline.place):
        places = filter(None, (dateline.place, _title(after["place"])))
        return Dateline(after.end(), dateline.publisher, "-".join(places))
    return dateline


def publisher_name(raw: str) -> str:
    """Return a publisher's name as it is best written: "KOMPAS.com" gives "Kompas.com"."""
    name = " ".join(raw.replace(" ,", ",").split()).strip(" .-–—()")
    if name.lower() in NAMES:
        return NAMES[name.lower()]
    if _DOMAIN.fullmatch(name):
        label, dot, ending = name.replace(",", ".", 1).partition(".")
        if label in (label.upper(), label.lower()) or label.lower() in PUBLISHERS:
            label = "-".join(word.capitalize() for word in label.split("-"))
        return label + dot + ending.lower()
    return _title(name) if name == name.upper() else name


@lru_cache(maxsize=HEADS_KEPT)
def _names(head: str, publisher: str, alone: bool) -> tuple[str, str] | None:
    """Return publisher and place of the dateline in `head`, or None if nothing proves it one.

    `alone`: the dash stands on a line of its own, as where a scraper printed each node of a page.
    """
    parts = [part.strip(" .\xa0\n-–—'") for part in _PARTS.findall(head.replace("co,id", "co.id"))]
    parts = [piece for part in parts for piece in _SPACED_DOMAIN.sub(",", part).split(",") if piece]
    for words in map(str.split, parts):
        is_titled = all(word[0].isupper() or not word[0].isalpha() for word in words)
        if len(words) > MAX_PART_WORDS or not (is_titled or _DOMAIN.fullmatch(" ".join(words))):
            return None
    kinds = [_kind(part, publisher) for part in parts]
    if not any(kinds):  # a sole place proves itself, by its capitals or by a dash on a line of its own
        shouted = parts == [part.upper() for part in parts if len(part) >= MIN_ACRONYM_CHARS]
        if len(parts) != 1 or not (shouted or alone):
            return None
    found = dict(zip(reversed(kinds), reversed(parts), strict=True))  # the first of a kind wins
    rest, name, place = (found.get(kind, "") for kind in ("", "publisher", "place"))
    place = place or rest
    return publisher_name(name), _title(place) if place == place.upper() else place


def _kind(part: str, publisher: str) -> str:
    """Return "publisher", "place" or "" for one part of a dateline."""
    key = " ".join(part.lower().split())
    bare = key.removeprefix("kab. ").removeprefix("kabupaten ").removeprefix("kota ")
    words = key.split()
    if _DOMAIN.search(part) or key in NAMES or key in PUBLISHERS or key == publisher.lower():
        return "publisher"
    if bare in _places():
        return "place"
    if len(words) < 2:
        return ""
    shouted = part == part.upper()
    named_after = shouted and words[-1] in _places() and words[0] not in _places()  # MANTRA BOGOR
    return "publisher" if named_after or PUBLISHER_WORDS.intersection(words) else ""


def _title(name: str) -> str:
    """Return a name in capitals with a capital at the start of each word."""
    words = name.split()
    return " ".join(word if word in ACRONYMS else word.capitalize() for word in words)


@cache
def _places() -> frozenset[str]:
    """Return the places of `places.toml`, in lower case."""
    data = tomllib.loads(files("saring.parsing").joinpath("places.toml").read_text(encoding="utf-8"))
    return frozenset(" ".join(name.split()) for names in data.values() for name in names.split(","))
