"""What lines and words look like: a headline's or prose, and how a single word is written."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from typing import NamedTuple

MAX_HEADLINE_CHARS = 220  # the longest teaser of 4,000 read had 190 characters
MAX_HEADLINE_WORDS = 32
MIN_HEADLINE_WORDS = 3
PROSE_CHARS = 200  # a line this long is a paragraph whatever its end
PROSE_END_CHARS = 60  # a shorter one is a paragraph when it ends like a sentence

SMALL_WORDS = frozenset(
    """di ke dari yang dan untuk dengan pada dalam ini itu saat soal oleh atau tak bagi agar serta hingga usai karena
    jadi akan ada vs the of and to in a para sejak demi atas antara sampai lewat jelang seperti secara sebagai tapi
    bukan masih bisa""".split()  # noqa: SIM905
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
    """Return whether a stripped line has a headline's length, start, end and at least this share of capitals."""
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


# How a single word is written, and what is known of it.


MIN_STOP_CHARS = 4  # "No.", "dr." end no sentence
SURE_OPENER = 1.5  # log-odds
WORDS_KEPT = 1 << 15  # words repeat: what is known of them is kept between articles

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
    """How a word is written, and its log-odds."""

    bare: str  # without signs
    key: str  # with a 0 for each digit
    small: str  # the key in lower case
    form: str  # its letters, capitals and digits by name
    capital: bool
    lower: bool  # a content word written small
    ends: str  # the sign it ends with
    opens: str  # what it would open a sentence as
    may_open: bool
    stops: bool  # ends a sentence
    parts: bool  # ends a clause
    closes: bool  # ends a quotation
    quotes: int  # double quotation marks
    brackets: int  # left open
    joints: tuple[int, ...]  # places where it holds two words
    credit: bool  # starts a photo's credit
    seen: bool  # among the openers
    marks: bool  # a sentence seems to begin or end with it
    common: bool  # prose writes it small
    opener: float
    sure_opener: float  # the opener's log-odds where they speak for one, else 0
    closer: float
    prose: float


@dataclass(frozen=True, eq=False)
class WordOdds:
    """Words that tell sentences from headlines, by their log-odds; a 0 stands for each digit."""

    openers: Mapping[str, float]  # to open a sentence rather than to stand within a headline
    closers: Mapping[str, float]  # to end a headline rather than to stand within one
    prose: Mapping[str, float]  # to stand in a paragraph rather than in a headline
    starts: Mapping[str, float]  # of two words ("Karena_itu"), as openers
    common: frozenset[str]  # words that prose writes small unless they open a sentence
    camel: frozenset[str]  # names with a capital inside ("WhatsApp"), which are not two words glued

    @cached_property
    def read(self) -> Callable[[str], Word]:
        """Return `read_word` with these odds, which remembers its words."""
        return lru_cache(maxsize=WORDS_KEPT)(partial(read_word, odds=self))


NO_ODDS = WordOdds({}, {}, {}, {}, frozenset(), frozenset())


def next_joint(text: str, start: int, stop: int) -> int:
    """Return the first place between two others where one word holds two, or -1."""
    joint = _JOINT.search(text, start, stop)
    return joint.start() if joint else -1


def read_word(text: str, odds: WordOdds = NO_ODDS) -> Word:
    """Return how a word is written, and its log-odds."""
    bare = text.strip(_EDGES)
    first = bare[:1]
    key, opens, ends = bare, "word", "word"
    joints: tuple[int, ...] = ()
    if not (text[1:].islower() and text.isalpha()):
        key = _DIGIT.sub("0", bare)
        opens = _opening(text, first)
        ends = next((name for name, signs in _SIGNS.items() if text.endswith(signs)), "word")
        inner = text.rstrip("\"'”’)")  # an initial, a figure or an abbreviation ends no sentence
        if ends == "word" and inner.endswith(".") and len(inner) >= MIN_STOP_CHARS and inner[-2].islower():
            ends = "stop"
        joints = tuple(joint.start() for joint in _JOINT.finditer(text))
    small, stops, opener = key.lower(), ends == "stop", odds.openers.get(key, 0.0)
    capital = first.isupper() or first.isdigit()
    if opens in ("list_number", "credit", "initials"):
        form = opens
    elif first.isupper():
        form = "shout" if len(bare) > 1 and bare.isupper() else "Name"
    else:
        form = "sign" if not bare else "number" if capital else "small" if bare in SMALL_WORDS else "lower"
    return Word(
        bare,
        key,
        small,
        form,
        capital=capital,
        lower=first.islower() and bare not in SMALL_WORDS,
        ends=ends,
        opens=opens,
        may_open=capital or text[0] in _OPENING,
        stops=stops,
        parts=text[-1] in _CLAUSE_ENDS,
        closes=len(text) > 1 and text.rstrip(_STOP_CHARACTERS)[-1:] in _CLOSING,
        quotes=text.count('"') + text.count("“") + text.count("”"),
        brackets=text.count("(") - text.count(")"),
        joints=joints,
        credit=opens == "credit",
        seen=key in odds.openers,
        marks=stops or opener >= SURE_OPENER,
        common=small in odds.common,
        opener=opener,
        sure_opener=max(0.0, opener),
        closer=odds.closers.get(key, 0.0),
        prose=odds.prose.get(small, 0.0),
    )


def _opening(text: str, first: str) -> str:
    """Return what a word would open a sentence as; `first` is its first character that is no sign."""
    if _INITIALS.match(text):
        return "initials"
    if _CREDIT.match(text):
        return "credit"
    if _NUMBER.fullmatch(text):
        return "list_number"
    if text[0] in _OPENING:
        return "quotation"
    return "number" if first.isdigit() else "word"
