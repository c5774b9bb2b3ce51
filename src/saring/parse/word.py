"""How a single word is written: its capitals, the signs around it, two words glued into one."""

from __future__ import annotations

import re
from typing import NamedTuple

from saring.parse.shape import SMALL_WORDS

__all__ = ["Word", "next_joint", "read_word"]

MIN_STOP_CHARS = 4  # "No.", "dr." end no sentence

_JOINT = re.compile(  # where one word holds two; the first line turns most places away
    r"(?=[A-Z\d\"“‘(])(?<=\S)(?:"
    r"(?<=[a-z][a-z\d%+)\"”’'?!…])(?=[A-Z][a-z])"  # LagiMenurut
    r"|(?<=\d)(?=[A-Z][a-z]{2})"  # 2020Menurut
    r"|(?<=[A-Z]{2})(?=[A-Z][a-z]{3})"  # KPKMenurut
    r"|(?<=[a-z]{3})(?=[A-Z]{3})"  # LagiKPK
    r"|(?<=[\w)?!….])(?=[\"“‘(][A-Z])"  # Lagi"Kami
    r"|(?<=[a-z\"”.][.?!])(?=[A-Z\"“])"  # lagi?Menurut
    r"|(?<=[A-Za-z][\"”)])(?=[A-Z])"  # lagi"Menurut
    r"|(?<=[a-z?!)\"”])(?=\d{1,2}[.)]$)"  # Lagi2.
    r"|(?<=\w)(?=\([a-z]{2,4}/))"  # Lagi(abc/def)
)
_DIGIT = re.compile(r"\d")
_INITIALS = re.compile(r"\([a-z]{2,4}/[a-z]{2,4}\)")
_NUMBER = re.compile(r"\d{1,2}[.)]")
_CREDIT = re.compile(  # what a photo's credit starts with
    r"\((?:[Ff]oto|[Dd]ok|Tangkapan|Sumber|Instagram)\b|(?:Foto:|Dok\.|DOK\.?)\Z"
    r"|[A-Z]{4,}/[A-Z]|(?:[A-Z]{3,}|[A-Z][a-z]{2,30})\.(?:com|COM|co\.id)/[A-Z]"
)
_OPENING = "\"'“‘(["
_CLOSING = "\"'”’"
_STOPS = ".,?!:;)"  # what may stand behind a closing quotation mark
_CLAUSE_ENDS = ",:?!"
_EDGES = "\"'“”‘’()[].,;:?!…-–"
_SIGNS = {  # what a word may end with, and what it is called
    "ellipsis": ("...", "…", ".."),
    "ending": ("?", "!", '?"', '!"', "?”", "!”"),
    "pause": (",", ":", ";", "-", "–", "&", "/"),
}


class Word(NamedTuple):
    """How a word is written: all that it says by itself.

    `bare` is without signs, `key` that with a 0 for each digit, `small` the key in lower case;
    `form`: its letters, capitals and digits by name; `lower`: a content word written small;
    `ends`: the sign it ends with; `opens`: what it would open a sentence as, if it `may_open` one;
    `stops`: ends a sentence, `parts`: a clause, `closes`: a quotation; `quotes`, `brackets`: double
    quotation marks, and brackets left open; `joints`: places where it holds two words.
    """

    bare: str
    key: str
    small: str
    form: str
    capital: bool
    lower: bool
    ends: str
    opens: str
    may_open: bool
    stops: bool
    parts: bool
    closes: bool
    quotes: int
    brackets: int
    joints: tuple[int, ...]


def next_joint(text: str, start: int, stop: int) -> int:
    """Return the first place between two others where one word holds two, or -1."""
    joint = _JOINT.search(text, start, stop)
    return joint.start() if joint else -1


def read_word(text: str) -> Word:
    """Return how a word is written."""
    bare = text.strip(_EDGES)
    first = bare[:1]
    plain = text[1:].islower() and text.isalpha()
    key = bare if plain else _DIGIT.sub("0", bare)
    opens = "word" if plain else _opener(text, first)
    capital = first.isupper() or first.isdigit()
    ends = "word" if plain else _ending(text)
    return Word(
        bare,
        key,
        key.lower(),
        _form(bare, opens),
        capital=capital,
        lower=first.islower() and bare not in SMALL_WORDS,
        ends=ends,
        opens=opens,
        may_open=capital or text[0] in _OPENING,
        stops=ends == "stop",
        parts=text[-1] in _CLAUSE_ENDS,
        closes=len(text) > 1 and text.rstrip(_STOPS)[-1:] in _CLOSING,
        quotes=text.count('"') + text.count("“") + text.count("”"),
        brackets=text.count("(") - text.count(")"),
        joints=() if plain else tuple(joint.start() for joint in _JOINT.finditer(text)),
    )


def _ending(text: str) -> str:
    """Return what a word ends with: a pause, a sentence's end, or nothing but letters."""
    for name, ends in _SIGNS.items():
        if text.endswith(ends):
            return name
    bare = text.rstrip("\"”'’)")  # an initial, a figure or an abbreviation ends no sentence
    stop = bare.endswith(".") and len(bare) >= MIN_STOP_CHARS and bare[-2].islower()
    return "stop" if stop else "word"


def _opener(text: str, first: str) -> str:
    """Return what a word would open a sentence as."""
    if _INITIALS.match(text):
        return "initials"
    if _CREDIT.match(text):
        return "credit"
    if _NUMBER.fullmatch(text):
        return "list_number"
    if text[0] in _OPENING:
        return "quotation"
    return "number" if first.isdigit() else "word"


def _form(bare: str, opens: str) -> str:
    """Return how a word is written, for its neighbours to be seen with it."""
    if opens in ("list_number", "credit", "initials"):
        return opens
    if not bare:
        return "sign"
    if bare[0].isdigit():
        return "number"
    if not bare[0].isupper():
        return "small" if bare in SMALL_WORDS else "lower"
    return "shout" if len(bare) > 1 and bare.isupper() else "Name"
