"""Shapes of words and lines, and the tables of words that rules look up."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple

# What a line looks like: headline or prose. The portals' own habits, no word lists to maintain.


MAX_HEADLINE_CHARS = 220  # the longest teaser of 4,000 read had 190 characters
MAX_HEADLINE_WORDS = 32
MIN_HEADLINE_WORDS = 3
PROSE_CHARS = 200  # a line this long is a paragraph whatever its end
PROSE_END_CHARS = 60  # a shorter one is a paragraph when it ends like a sentence

SMALL_WORDS = frozenset(
    """di ke dari yang dan untuk dengan pada dalam ini itu saat soal oleh atau tak bagi agar serta
    hingga usai karena jadi akan ada vs the of and to in a para sejak demi atas antara sampai lewat
    jelang seperti secara sebagai tapi bukan masih bisa""".split()  # noqa: SIM905
)
"""Words that Title Case leaves small."""

_STOPS = (".", '."', ".”", ".'", ".)", '",', "”,", ",", ";", ":")
_SENTENCE_BREAK = re.compile(  # it looks back from white space: a line has less of that than signs
    r"\s(?:(?<=[a-z]{3}[.]\s)|(?<=[\d)\"”][.]\s)|(?<=[.?!][\"”]\s))(?<!prof\.\s)\s*(?=[\"“A-Z])"
)


def capital_share(words: list[str]) -> float:
    """Return the share in [0, 1] of words, small ones aside, that start with a capital or digit."""
    total = capitals = 0
    for word in words:
        bare = word.lstrip("\"'“‘([")
        if not bare or bare.lower() in SMALL_WORDS:
            continue
        total += 1
        capitals += bare[0].isupper() or bare[0].isdigit()
    return capitals / total if total else 0.0


def may_be_headline(line: str, min_share: float = 0.0) -> bool:
    """Return whether a line has a headline's length, start, end and share of capitals.

    Parameters
    ----------
    line : str
        A line, stripped.
    min_share : float
        Least `capital_share` among its words, in [0, 1].
    """
    if not 12 <= len(line) <= MAX_HEADLINE_CHARS or (line.endswith(_STOPS) and not line.endswith("..")):
        return False
    start = line.lstrip("\"'“‘([#")[:1]
    if not (start.isupper() or start.isdigit()):
        return False
    words = line.split()
    if not MIN_HEADLINE_WORDS <= len(words) <= MAX_HEADLINE_WORDS or _SENTENCE_BREAK.search(line):
        return False
    return capital_share(words[1:]) >= min_share


def is_prose(text: str, start: int, end: int) -> bool:
    """Return whether a line of a text is running text rather than a label or headline."""
    size = end - start
    return size >= PROSE_CHARS or (size >= PROSE_END_CHARS and text.endswith(_STOPS, start, end))


def sentence_ends(line: str) -> bool:
    """Return whether a full stop ends the line or a sentence within it."""
    return line.endswith(_STOPS[:5]) or _SENTENCE_BREAK.search(line) is not None


def is_title_case(line: str, min_share: float = 0.75) -> bool:
    """Return whether a line Is Written Like a Headline on Most Portals."""
    return capital_share(line.split()) >= min_share


# How a single word is written: its capitals, the signs around it, two words glued into one.


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
_STOP_CHARACTERS = ".,?!:;)"  # what may stand behind a closing quotation mark
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
        closes=len(text) > 1 and text.rstrip(_STOP_CHARACTERS)[-1:] in _CLOSING,
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


# Words that tell sentences from headlines, and a single word as these tables know it.


SURE_OPENER = 1.5  # log-odds
WORDS_KEPT = 1 << 15  # words repeat: what is known of them is kept between articles


class Token(NamedTuple):
    """A word, what of it is counted along a headline, and its log-odds.

    `seen`: whether the table of openers has it; `marks`: a sentence seems to begin or end with it;
    `common`: prose writes it small. The rest is as in `Word` and `Tables`.
    """

    word: Word
    small: str
    form: str
    capital: bool
    lower: bool
    parts: bool
    quotes: int
    brackets: int
    stops: bool
    credit: bool
    seen: bool
    marks: bool
    common: bool
    opener: float
    opens: float
    closer: float
    prose: float


@dataclass(frozen=True, eq=False)
class Tables:
    """Words that tell sentences from headlines.

    `openers`: log-odds of a word to open a sentence rather than to stand within a headline;
    `closers`: to end a headline rather than to stand within one; `prose`: to stand in a paragraph
    rather than in a headline; `starts`: of two words ("Karena_itu") to open a sentence rather than
    to stand within a headline. A 0 stands for each digit. `common`: words that prose writes small
    unless they open a sentence; `camel`: names with a capital inside ("WhatsApp"), which are not
    two words glued.
    """

    openers: Mapping[str, float]
    closers: Mapping[str, float]
    prose: Mapping[str, float]
    starts: Mapping[str, float]
    common: frozenset[str]
    camel: frozenset[str]

    @cached_property
    def read(self) -> Callable[[str], Token]:
        """Return what is known of a word."""
        return lru_cache(maxsize=WORDS_KEPT)(self._read)

    def _read(self, text: str) -> Token:
        """Return what is known of a word, looked up."""
        word = read_word(text)
        opener = self.openers.get(word.key, 0.0)
        return Token(
            word,
            word.small,
            word.form,
            word.capital,
            word.lower,
            word.parts,
            word.quotes,
            word.brackets,
            word.stops,
            credit=word.opens == "credit",
            seen=word.key in self.openers,
            marks=word.stops or opener >= SURE_OPENER,
            common=word.small in self.common,
            opener=opener,
            opens=max(0.0, opener),
            closer=self.closers.get(word.key, 0.0),
            prose=self.prose.get(word.small, 0.0),
        )
