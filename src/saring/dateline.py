"""The dateline at the start of an article's first paragraph: its end, the publisher, the place.

"JAKARTA, KOMPAS.com -", "Liputan6.com, Jakarta -", "Jakarta (ANTARA) -", "MEDIA PAKUAN -": parts in
either order up to a dash. A stretch counts as a dateline only when its parts prove it: a web
address, a known place, a portal's name or capitals throughout. So "Timnas Indonesia - Jepang" is
body.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import NamedTuple

__all__ = ["Dateline", "find_dateline", "publisher_name"]

MAX_PART_WORDS = 4  # "BANDAR SERI BEGAWAN"; a longer stretch of capitals is a shouted sentence
MIN_ACRONYM_CHARS = 5  # "KPK - ...", "IHSG - ..." open sentences; places in capitals are longer

NAMES = {
    "antara": "Antara",
    "bbc news indonesia": "BBC News Indonesia",
    "cnbc indonesia": "CNBC Indonesia",
    "cnn indonesia": "CNN Indonesia",
    "dw": "DW",
    "jpnn": "JPNN",
    "kompas tv": "Kompas TV",
    "pr": "Pikiran Rakyat",
    "rri": "RRI",
    "tvri": "TVRI",
    "voa": "VOA",
    "voa indonesia": "VOA Indonesia",
}
"""Publishers whose names are not simply written with capitals at the start of each word."""

PUBLISHER_WORDS = frozenset(
    """antara berita detik ekspres express gatra harian indonesia info inilah jurnal kabar kanal
    kontan koran kompas kumparan liputan majalah mantra media merdeka metro network news okezone
    online pikiran portal pos post posmetro radar rakyat republika ringtimes seputar sindonews suara
    tabloid tempo times today tribun tribunnews tv viva voa warta wartakota zona""".split()  # noqa: SIM905
)
"""Words that only a portal's name has in a dateline."""

ACRONYMS = frozenset(("DKI", "IKN", "NTB", "NTT", "DIY", "DC", "TV"))
"""Parts of names that keep their capitals."""

_DASH = r"[\s\u200b]{0,3}(?:--\(?(?P<agency>[A-Z][\w/ ]{2,30})\)?--|\.?[-–—]{1,2}|—)[\s\u200b]{0,3}"
_LINE = re.compile(
    r"(?P<head>[^\W\d_][\w.'’()/, \xa0\-]{1,70}?)"
    + _DASH
    + r"(?!\w[\w-]{1,20}\.(?:com|co|id|net)\b)(?=[\w\"“'‘(\[])",
    re.IGNORECASE,
)
_GLUED = re.compile(
    r"(?P<head>[A-Z]\w{2,20}\.(?:com|co\.id|co|id),\s?[A-Z][a-z]{2,15}(?:\s[A-Z][a-z]{2,15})?)(?=[A-Z])"
)
_KONTAN = re.compile(r"(?P<place>[A-Z]{3,15}(?: [A-Z]{3,15}){0,2})\.\s{1,3}(?=[A-Z\"“])")
_DOMAIN = re.compile(r"[\w-]+[.,](?:com|co\.id|co|id|net|org|tv)\b", re.IGNORECASE)
_PARTS = re.compile(r"[^,()/]+")


class Dateline(NamedTuple):
    """Where a dateline ends and what it names; empty strings where it does not say."""

    end: int
    publisher: str
    place: str


def find_dateline(text: str, start: int, publisher: str = "") -> Dateline | None:
    """Return the dateline that starts at a place of the text, or None.

    Parameters
    ----------
    text : str
        The article's text.
    start : int
        Where its first paragraph starts.
    publisher : str
        The publisher, if it is known: its name in a dateline is then proof enough.
    """
    match = _LINE.match(text, start)
    if match is None:
        match = _GLUED.match(text, start)
        return _named(match["head"], match.end(), publisher) if match else None
    dateline = _named(match["head"], match.end(), publisher)
    if dateline is None or _is_hyphen(match):
        return None
    if match["agency"]:
        dateline = dateline._replace(publisher=publisher_name(match["agency"].split("/")[0]))
    after = _KONTAN.match(text, dateline.end)
    if after and not dateline.place:  # "KONTAN.CO.ID - JAKARTA. Petinggi ..."
        return Dateline(after.end(), dateline.publisher, _title(after["place"]))
    return dateline


def publisher_name(raw: str) -> str:
    """Return a publisher's name as it is best written: "KOMPAS.com" gives "Kompas.com"."""
    name = " ".join(raw.replace(" ,", ",").split()).strip(" .-–—()")
    if name.lower() in NAMES:
        return NAMES[name.lower()]
    if _DOMAIN.fullmatch(name):
        host, dot, ending = name.replace(",", ".", 1).partition(".")
        host = host if host != host.upper() and host != host.lower() else host.capitalize()
        return host + dot + ending.lower()
    return _title(name) if name == name.upper() else name


def _named(head: str, end: int, publisher: str) -> Dateline | None:
    """Return the dateline whose parts are in `head`, or None if nothing proves it one."""
    parts = [part.strip(" .\xa0-–—'") for part in _PARTS.findall(head.replace("co,id", "co.id"))]
    parts = [part for part in parts if part]
    if not parts or any(len(part.split()) > MAX_PART_WORDS for part in parts):
        return None
    kinds = [_kind(part, publisher) for part in parts]
    shouted = all(part == part.upper() for part in parts)
    if not any(kinds) and not (shouted and max(map(len, parts)) >= MIN_ACRONYM_CHARS):
        return None
    if len(parts) > 1 and "publisher" not in kinds and "place" not in kinds:
        return None
    found = dict(zip(reversed(kinds), reversed(parts), strict=True))  # the first of a kind wins
    rest = found.get("", "")
    name = found.get("publisher", "")
    place = found.get("place", "")
    if rest and not place and (name or len(rest.split()) == 1):
        place = rest
    elif rest and not name:
        name = rest
    return Dateline(end, publisher_name(name), _title(place) if place == place.upper() else place)


def _kind(part: str, publisher: str) -> str:
    """Return "publisher", "place" or "" for one part of a dateline."""
    key = " ".join(part.lower().split())
    bare = key.removeprefix("kab. ").removeprefix("kabupaten ").removeprefix("kota ")
    if _DOMAIN.search(part) or key in NAMES or key == publisher.lower():
        return "publisher"
    if bare in _places():
        return "place"
    if PUBLISHER_WORDS.intersection(key.split()):
        return "publisher"
    return ""


def _is_hyphen(match: re.Match[str]) -> bool:
    """Return whether the dash joins a word ("Jakarta-Bandung") rather than ends a dateline."""
    dash = match.group()[len(match["head"]) :]
    if dash not in ("-", "–"):
        return False
    return not (_DOMAIN.search(match["head"]) or match["head"] == match["head"].upper())


def _title(name: str) -> str:
    """Return a name in capitals with a capital at the start of each word."""
    return " ".join(
        word if word in ("DKI", "IKN", "NTB", "NTT", "DIY", "DC", "TV") else word.capitalize()
        for word in name.split()
    )


@cache
def _places() -> frozenset[str]:
    """Return the places of `places.toml`, in lower case."""
    data = tomllib.loads(files("saring").joinpath("places.toml").read_text(encoding="utf-8"))
    return frozenset(" ".join(name.split()) for names in data.values() for name in names.split(","))
