"""Datelines: "JAKARTA, KOMPAS.com - " before an article's first sentence, with a dash and without one.

What stands before the dash is names of portals and places, and nothing else. Those of the tables prove themselves; a
name that no table knows needs a known one beside it, or capitals, and is short. So no word of the first sentence
becomes a place, and a hyphen inside a word ends nothing.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from collections.abc import Sequence
from functools import cache, lru_cache
from importlib.resources import files
from typing import NamedTuple

from saring.parsing.lines import Span
from saring.parsing.metadata import NAMES, PUBLISHER_WORDS, PUBLISHERS, publisher_name, title_case
from saring.publishers import load_publishers

HEAD_CHARS = 80  # a dateline has its dash within so many
PLACE_CHARS = 40
MAX_SHOUTED_WORDS, MAX_TITLED_WORDS = 4, 2  # of a name no table knows; a longer one is a shouted sentence, or a start
MIN_ACRONYM_CHARS = 5  # "KPK - ...", "IHSG - ..." open sentences; places in capitals are longer
_COMPASS = frozenset("utara selatan barat timur tengah tenggara pusat kota raya baru hulu hilir".split())  # noqa: SIM905
_FAMILIES = ("tribun", "news", "pos", "live", "radar")  # how the addresses of portals begin or end
HEADS_KEPT = 1 << 12  # a portal's datelines repeat: what they name is kept between articles

_DASH = re.compile(r"(?:--\(?(?P<agency>[A-Z][\w/ ]{2,30})\)?--|\.?[-–—]{1,3}|(?P<colon>:))[\s\u200b\u200e]{0,3}")
_AHEAD = re.compile(r"(?!\w[\w-]{1,20}\.(?:com|co|id|net)\b)[\w\"“'‘(\[]", re.IGNORECASE)
_HEAD = re.compile(r"[^\W\d_][\w.'’()/,| \xa0\u200b-]{1,70}(?:\s,[\w.'’()/,| \xa0-]{1,60})?\s{0,3}")
_NAME = r"[\w-]{2,30}[.,](?:com|co\.id|co|id|net|org|tv)\b"
_DOMAIN = re.compile(_NAME, re.IGNORECASE)
_SPACED_DOMAIN = re.compile(r"\s(?=[\w-]+\.(?:com|co\.id|co|id)\b)", re.IGNORECASE)
_PART = re.compile(r"[^,()/|]+")
_BRACKET = re.compile(r"\([^()]*")
_BREAK = re.compile(r"\s*?[\r\n]")
_JOINT = re.compile(r"[a-z](?=[A-Z])")  # "JakartaTeka"
_BLANKS = " \t\r\n\xa0\u200b"
_EDGE = " .\xa0\n\r-–—'"
_MORE = re.compile(  # KONTAN.CO.ID - ⟦JAKARTA. ⟧Petinggi, KONTAN.CO.ID - ⟦JAKARTA - ⟧
    r"(?P<place>[A-Z]{3,15}(?: [A-Z]{3,15}){0,2})(?:\.|\s{0,3}[-–—]{1,2})\s{1,3}(?=[A-Z\"“])"
)
_BARE = re.compile(  # what stands before a dateline's end that has no dash, a place behind it aside
    rf"(?:(?P<place>[A-Z][\w ]{{2,30}}?)(?:, ?| ?\((?=\w{{2,20}}\))))?(?P<name>{_NAME}|(?<=\()\w{{2,20}}(?=\)))"
    r"(?P<comma>,)?\)?\s{0,3}",
    re.IGNORECASE,
)
_PLACE_END = re.compile(r"(?<=[a-z])(?=[\"“]?[A-Z])|(?<=\w)(?! (?:Tengah|Daya|Laut)\b)\s{1,3}(?=[\"“‘(]?[A-Z\d])")
_AGENCY = re.compile(r"\(ANTARA(?:/[\w ]{2,30})?\)\s{0,3}[-–—]{1,2}")
_SOLID = re.compile(r"\S+")
_SENTENCE = re.compile(r"[\"“‘]?[A-Z][\w’'-]*,?\s[\"“‘(]?[a-z\d]")  # of two words the second is no name
_WORDS = re.compile(r"[^\W\d_]+(?: [^\W\d_]+)?")


class Dateline(NamedTuple):
    """Where a dateline ends and what it names; empty strings where it does not say."""

    end: int
    publisher: str
    place: str


class _Names(NamedTuple):
    """The names before a dash."""

    publisher: str
    place: str
    known: bool  # whether the tables have all of them


def find_dateline(text: str, start: int, publisher: str = "") -> Dateline | None:
    """Return the dateline that starts at a place of the text, or None.

    `publisher` is the article's, where known: its name in a dateline is then proof enough.
    """
    head = _HEAD.match(text, start, start + HEAD_CHARS)
    if head is None:
        return None
    for dash in _DASH.finditer(text, start, start + HEAD_CHARS):
        if dash.start() > head.end():
            break
        if dateline := _dashed(text, start, dash, publisher):
            return dateline
    return _bare(text, start) if "." in head[0] or "(" in head[0] else None


def find_inner_dateline(text: str, start: int, end: int) -> tuple[int, Dateline] | None:
    """Return where within a line, behind a summary, an agency's dateline starts, and the dateline; or None."""
    at = text.find("(ANTARA", start + 1, end)
    sign = _AGENCY.match(text, at, end) if at > 0 else None
    if sign:
        first = max(start, at - PLACE_CHARS)
        before = text[first:at].rstrip()
        for word in list(_SOLID.finditer(before))[-MAX_SHOUTED_WORDS:]:
            if (place := before[word.start() :]).lower() in _places():
                return first + word.start(), Dateline(sign.end(), NAMES["antara"], place)
    return None


def portal_lines(signs: Sequence[tuple[int, str]], lines: Sequence[Span]) -> list[int]:
    """Return the numbers of the lines that may hold what `names_portal` and `find_inner_dateline` look for.

    `signs` are the places of `rules.PORTAL_SIGNS`.
    """
    found: list[int] = []
    for at, sign in signs:
        number = bisect_right(lines, (at, at)) - 1
        if number >= 0 and (sign[0] == "(" or at - lines[number][0] < PLACE_CHARS) and number not in found[-1:]:
            found.append(number)
    return found


def names_portal(dateline: str) -> bool:
    """Return whether a dateline names its portal beyond doubt, by an address or in brackets, and has its dash."""
    return dateline[-1] in "-–—" and ("(" in dateline or _DOMAIN.search(dateline) is not None)


def _dashed(text: str, start: int, dash: re.Match[str], publisher: str) -> Dateline | None:
    """Return the dateline that a dash ends, or None if the dash is another."""
    head, end = text[start : dash.start()].rstrip(_BLANKS), dash.end()
    sign = text[start + len(head) : end]
    if not _AHEAD.match(text, end):
        return None
    is_alone = sign.strip() in ("-", "–") and _BREAK.match(sign) is not None
    names = _names(head, publisher, is_alone)
    if names is None or (not names.known and text[end : end + 2].islower()):
        return None
    has_domain = _DOMAIN.search(head) is not None
    if dash["colon"] and not (names.known and has_domain and names.place):
        return None
    if sign in ("-", "–"):  # it may join two words: "COVID-19", "Anak-anak", "Jakarta-Bandung"
        is_shouted = head == head.upper()
        is_start = text[end].isupper() or text[end] in "\"“'‘(["
        if not (is_start and names.known and (has_domain or is_shouted)) or _goes_on(text, end, is_shouted):
            return None
    dateline = Dateline(end, names.publisher, names.place)
    if dash["agency"]:
        dateline = dateline._replace(publisher=publisher_name(dash["agency"].split("/")[0]))
    if not names.place and (after := _MORE.match(text, end)):
        return Dateline(after.end(), dateline.publisher, title_case(after["place"]))
    return dateline


def _goes_on(text: str, at: int, is_shouted: bool) -> bool:
    """Return whether behind a hyphen stands another place, written as the one before it: "JAKARTA-BANDUNG"."""
    ahead = _WORDS.match(text, at)
    names = {ahead[0], ahead[0].split()[0]} if ahead else set()
    return any(name.lower() in _places() and (name == name.upper()) == is_shouted for name in names)


def _bare(text: str, start: int) -> Dateline | None:
    """Return the dateline without a dash: "Liputan6.com, Jakarta Petani ...", "KOMPAS.com Petani ..."."""
    found = _BARE.match(text, start, start + HEAD_CHARS)
    if found is None:
        return None
    end, name, place = found.end(), found["name"], found["place"] or ""
    is_domain = _DOMAIN.fullmatch(name) is not None
    if is_domain and found["comma"] and not place:
        ends = [one.span() for one in _PLACE_END.finditer(text, end, end + PLACE_CHARS)]
        known = [(at, after) for at, after in ends if text[end:at].lower() in _places()]
        if not known:
            return None
        place, end = text[end : known[-1][0]], known[-1][1]
    else:
        is_named = _is_portal(name) if is_domain else name.lower() in NAMES
        is_placed = place.lower() in _places() if place else is_domain
        if found["comma"] or not (is_named and is_placed and _SENTENCE.match(text, end)):
            return None
    return Dateline(end, publisher_name(name), title_case(place) if place == place.upper() else place)


def _is_portal(domain: str) -> bool:
    """Return whether a domain is printed as datelines have it, KOMPAS.com, and is a portal's."""
    label = domain.partition(".")[0]
    key = "".join(filter(str.isalnum, domain.lower()))
    known = key in load_publishers().by_name or label.lower().startswith(_FAMILIES) or label.lower().endswith(_FAMILIES)
    return known and label == label.upper()


@lru_cache(maxsize=HEADS_KEPT)
def _names(head: str, publisher: str, is_alone: bool) -> _Names | None:
    """Return the names in the head of a dateline, or None if something else is in it, or nothing proves it one.

    `is_alone`: the dash stands on a line of its own, as where a scraper printed each node of a page.
    """
    parts = _parts(head)
    kinds = [_kind(part, publisher) for part in parts]
    if not all(kind or _may_be_name(part) for part, kind in zip(parts, kinds, strict=True)):
        return None
    named = dict(zip(parts, kinds, strict=True))
    for inside in map(_parts, _BRACKET.findall(head)):  # an agency, if only by the place before it; not (TLKM)
        others = {kind for part, kind in named.items() if part not in inside}
        if not any(named[part] == "publisher" for part in inside) and others != {"place"}:
            return None
    if not any(kinds) and (len(parts) != 1 or not (is_alone or _is_shouted(parts[0]))):
        return None  # a sole place proves itself, by its capitals or by a dash on a line of its own
    found = dict(zip(reversed(kinds), reversed(parts), strict=True))  # the first of a kind wins
    rest, name, place = (found.get(kind, "") for kind in ("", "publisher", "place"))
    place = place or rest
    return _Names(publisher_name(name), title_case(place) if place == place.upper() else place, "" not in kinds)


def _is_shouted(part: str) -> bool:
    """Return whether a part is written in capitals as a place is, longer than an acronym."""
    return part == part.upper() and len(part) >= MIN_ACRONYM_CHARS and not any(map(str.isdigit, part))


def _parts(head: str) -> list[str]:
    """Return the parts of a dateline's head: commas, brackets, strokes and a portal's address part them."""
    stripped = [part.strip(_EDGE) for part in _PART.findall(head.replace("co,id", "co.id"))]
    parts = [piece for part in stripped for piece in _SPACED_DOMAIN.sub(",", part).split(",") if piece]
    for number, part in enumerate(parts):
        name, _, behind = part.partition(" ")
        if behind.lower() in _places() and _DOMAIN.fullmatch(name):
            parts[number : number + 1] = [name, behind]
    return parts


def _may_be_name(part: str) -> bool:
    """Return whether a part of a dateline that no table knows may be a place's name."""
    words = part.split()
    if not all(word[0].isupper() or not word[0].isalpha() for word in words) or _DOMAIN.search(part):
        return False
    if part == part.upper():
        return len(words) <= MAX_SHOUTED_WORDS
    is_plain = not any(word == word.upper() and len(word) >= MIN_ACRONYM_CHARS for word in words)
    begins_known = any(" ".join(words[:size]).lower() in _places() for size in range(1, len(words)))
    goes_on = begins_known and words[-1].lower() not in _COMPASS
    is_glued = any(part[: joint.end()].lower() in _places() for joint in _JOINT.finditer(part))
    return len(words) <= MAX_TITLED_WORDS and is_plain and not goes_on and not is_glued


def _kind(part: str, publisher: str) -> str:
    """Return "publisher", "place" or "" for one part of a dateline."""
    key = " ".join(part.lower().split())
    bare = key.removeprefix("kab. ").removeprefix("kabupaten ").removeprefix("kota ")
    words = key.split()
    if _DOMAIN.fullmatch(part) or key in NAMES or key in PUBLISHERS or key == publisher.lower():
        return "publisher"
    if bare in _places():
        return "place"
    if len(words) < 2:
        return ""
    is_shouted = part == part.upper()
    named_after = is_shouted and words[-1] in _places() and words[0] not in _places()  # MANTRA BOGOR
    is_titled = all(word[0].isupper() for word in part.split()) and len(words) <= MAX_SHOUTED_WORDS
    return "publisher" if named_after or (is_titled and PUBLISHER_WORDS.intersection(words)) else ""


@cache
def _places() -> frozenset[str]:
    """Return the places of `places.toml`, in lower case."""
    data = tomllib.loads(files("saring.parsing").joinpath("places.toml").read_text(encoding="utf-8"))
    return frozenset(" ".join(name.split()) for names in data.values() for name in names.split(","))
