"""The words behind a teaser's marker, and what each place among them says of the headline's end.

A headline tells its end by what stands before it and what follows: Title Case up to here and lower
case after, a word that opens sentences, an open quotation mark, two words glued together. Each such
sign is a feature by name; `runon` weighs them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from itertools import accumulate, pairwise
from typing import NamedTuple

from saring.shape import SMALL_WORDS

__all__ = ["Host", "Tables", "Token", "Window", "joints"]

WINDOW_CHARS = 360  # the longest headline and the start of the sentence behind it
AHEAD = 6  # words read behind a candidate
MANY = 6  # counts are read up to here
STYLE_WORDS = 6  # words that tell how a headline is written
TITLE_SHARE, MIXED_SHARE = 0.8, 0.45  # of capitals among them
MAX_PHRASE_WORDS = 7  # a quotation of more words is a sentence
GLUED_SHARE = 0.2  # of sentences without white space between them, in a text that lost it

_TOKEN = re.compile(r"\S+")
_WORD = re.compile(r"[^\W\d_][\w’'-]*")
_JOINT = re.compile(  # where one word holds two
    r"(?<=[a-z][a-z\d%)\"”’'?!…])(?=[A-Z][a-z])"  # LagiMenurut
    r"|(?<=\d)(?=[A-Z][a-z]{2})"  # 2020Menurut
    r"|(?<=[A-Z]{2})(?=[A-Z][a-z]{3})"  # KPKMenurut
    r"|(?<=[a-z]{3})(?=[A-Z]{3})"  # LagiKPK
    r"|(?<=[\w)?!….])(?=[\"“‘(][A-Z])"  # Lagi"Kami
    r"|(?<=[a-z\"”.][.?!])(?=[A-Z\"“])"  # lagi?Menurut
    r"|(?<=[A-Za-z][\"”)])(?=[A-Z])"  # lagi"Menurut
    r"|(?<=[a-z?!)\"”])(?=\d{1,2}[.)]$)"  # Lagi2.
    r"|(?<=\w)(?=\([a-z]{2,4}/)"  # Lagi(abc/def)
)
_GLUED_SENTENCE = re.compile(r"[a-z][.?!][\"”]?(?=[A-Z\"“])")
_SPACED_SENTENCE = re.compile(r"[a-z][.?!][\"”]?\s+(?=[A-Z\"“])")
_INITIALS = re.compile(r"\([a-z]{2,4}/[a-z]{2,4}\)")
_NUMBER = re.compile(r"\d{1,2}[.)]")
_OPENING = "\"'“‘(["
_CLOSING = "\"'”’"
_EDGES = "\"'“”‘’()[].,;:?!…-–"
_SIGNS = {  # what a word may end with, and what it is called
    "ellipsis": ("...", "…", ".."),
    "ending": ("?", "!", '?"', '!"', "?”", "!”"),
    "pause": (",", ":", ";", "-", "–", "&", "/"),
}


def joints(text: str, start: int, stop: int) -> Iterator[int]:
    """Yield the places between two others where one word holds two ("LagiMenurut")."""
    return (joint.start() for joint in _JOINT.finditer(text, start, stop))


class Tables(NamedTuple):
    """Words that tell sentences from headlines.

    `openers`: log-odds of a word to open a sentence rather than to stand within a headline;
    `closers`: to end a headline rather than to stand within one; `common`: words that prose writes
    small unless they open a sentence; `camel`: names with a capital inside ("WhatsApp"), which are
    not two words glued.
    """

    openers: Mapping[str, float]
    closers: Mapping[str, float]
    common: frozenset[str]
    camel: frozenset[str]


class Host:
    """An article's text with what the score asks of it; counted once, on first use."""

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def _words(self) -> list[str]:
        return _WORD.findall(self.text)

    @cached_property
    def pairs(self) -> Counter[tuple[str, str]]:
        """Count each pair of neighbouring words."""
        return Counter(zip(self._words, self._words[1:], strict=False))

    @cached_property
    def counts(self) -> Counter[str]:
        """Count each word."""
        return Counter(self._words)

    @cached_property
    def is_glued(self) -> bool:
        """Whether the text lost the white space between sentences, too."""
        glued = len(_GLUED_SENTENCE.findall(self.text))
        return glued > GLUED_SHARE * (glued + len(_SPACED_SENTENCE.findall(self.text)))

    @cached_property
    def tokens(self) -> Counter[str]:
        """Count each stretch between white space."""
        return Counter(_TOKEN.findall(self.text))

    @cached_property
    def small(self) -> frozenset[str]:
        """Words the text writes with a small letter."""
        return frozenset(word for word in self._words if word[0].islower())


class Token(NamedTuple):
    """A word of the window.

    `bare` is without signs; `lower`: a content word written small; `joined`: glued to the word
    before it; `gap`: characters of white space before it.
    """

    start: int
    end: int
    text: str
    bare: str
    capital: bool
    lower: bool
    common: bool
    joined: bool
    gap: int

    @property
    def may_open(self) -> bool:
        """Whether a sentence may begin with it."""
        return self.joined or self.capital or self.text[0] in _OPENING


class Window:
    """The words between two places of a text, with running counts over them."""

    def __init__(self, host: Host, start: int, stop: int, tables: Tables) -> None:
        self.host, self.tables = host, tables
        self.tokens = tokens = list(_tokens(host, start, stop, tables))
        self.lower = _running(token.lower for token in tokens)
        self.shouted = _running(token.capital and token.common for token in tokens)
        self.quotes = _running(_quote_marks(token.text) for token in tokens)
        self.brackets = _running(token.text.count("(") - token.text.count(")") for token in tokens)
        self.stops = _running(_is_stop(token.text) for token in tokens)
        self.joints = _running(token.joined for token in tokens)
        self.gaps = _running(token.gap > 1 for token in tokens)
        self.style = _style(tokens)

    def features(self, place: int) -> dict[str, float]:
        """Return the features of the candidate before token `place`."""
        found: dict[str, float] = {f"words:{_bucket(place)}": 1.0}
        if place:
            self._add_headline(found, place)
        if place < len(self.tokens):
            self._add_sentence(found, place)
        else:
            found["at_stop"] = 1.0
        if 0 < place < len(self.tokens):
            self._add_joint(found, place)
        return found

    def _add_headline(self, found: dict[str, float], place: int) -> None:
        """Add what the words before the candidate say."""
        style, before = self.style, self.tokens[place - 1]
        lower, shouted = self.lower[place], self.shouted[place] - self.shouted[1]
        found[f"{style}:inside_lower:{min(lower, MANY)}"] = 1.0
        found[f"{style}:tail_lower:{lower - self.lower[max(0, place - 3)]}"] = 1.0
        found[f"{style}:inside_shouted:{min(shouted, 3)}"] = 1.0
        found[f"clause:{self._clause_words(place)}"] = 1.0
        found["closer"] = self.tables.closers.get(before.bare, 0.0)
        found["open_quote"] = self.quotes[place] % 2
        found["open_bracket"] = self.brackets[place] > 0
        found["inside_stop"] = min(self.stops[place - 1], 3)
        found["inside_joint"] = min(self.joints[place], 3)
        found["inside_gap"] = self.gaps[place] > self.gaps[1]
        found["known_closer"] = self.host.counts[before.bare] > 1
        found["before_small_word"] = before.bare in SMALL_WORDS
        sign = next((name for name, ends in _SIGNS.items() if before.text.endswith(ends)), "")
        found[f"before:{sign or ('stop' if _is_stop(before.text) else 'word')}"] = 1.0

    def _add_sentence(self, found: dict[str, float], place: int) -> None:
        """Add what the words after the candidate say."""
        style, token = self.style, self.tokens[place]
        after = self.tokens[place + 1 : place + 1 + AHEAD]
        odds = self.tables.openers.get(token.bare)
        if odds is None:
            found[f"{style}:unseen"] = 1.0
        else:
            found[f"{style}:opener"] = odds
        found["known_opener"] = self.host.counts[token.bare] > 1
        found[f"{style}:common"] = token.common
        found[f"opens:{self._opening(place)}"] = 1.0
        lower = self.lower[min(place + 1 + AHEAD, len(self.tokens))] - self.lower[place + 1]
        found[f"{style}:ahead_lower:{lower}"] = 1.0
        first = next((n for n, word in enumerate(after, 1) if word.lower), AHEAD + 1)
        found[f"{style}:first_lower:{first}"] = 1.0
        run = self.tokens[place + 1 : place + first]
        found[f"{style}:ahead_capitals:{sum(word.capital for word in run)}"] = 1.0
        found[f"{style}:ahead_shouted:{sum(word.capital and word.common for word in run)}"] = 1.0
        stop = next((n for n, word in enumerate(after) if _is_stop(word.text)), AHEAD)
        found[f"sentence:{stop}"] = 1.0

    def _add_joint(self, found: dict[str, float], place: int) -> None:
        """Add what stands at the candidate itself: glue, white space, a name it would split."""
        before, token = self.tokens[place - 1], self.tokens[place]
        if token.joined:
            found["joint:glued" if self.host.is_glued else "joint:spaced"] = 1.0
        elif self.joints[-1]:
            found["joint_elsewhere"] = 1.0
        after = self.tokens[place + 1].bare if place + 1 < len(self.tokens) else ""
        found["wide_gap"] = token.gap > 1
        found["splits_pair"] = self.host.pairs[before.bare, token.bare] > 1
        found["keeps_pair"] = self.host.pairs[token.bare, after] > 1

    def _opening(self, place: int) -> str:
        """Return what kind of word a token is: a word, a number, initials, a quotation."""
        token = self.tokens[place]
        if _INITIALS.match(token.text):
            return "initials"
        if _NUMBER.fullmatch(token.text):
            return "list_number"
        if token.text[0] not in _OPENING:
            return "number" if token.bare[:1].isdigit() else "word"
        for word in self.tokens[place : place + MAX_PHRASE_WORDS]:
            if word.text.rstrip(".,?!:;)")[-1:] in _CLOSING and len(word.text) > 1:
                return "quoted_phrase"
        return "quotation"

    def _clause_words(self, place: int) -> int:
        """Return how many words the headline's last clause has, up to 4."""
        for count in range(1, 4):
            before = place - count - 1
            if before < 0 or self.tokens[before].text.endswith((",", ":", "?", "!")):
                return count
        return 4


def _tokens(host: Host, start: int, stop: int, tables: Tables) -> Iterator[Token]:
    """Yield the words of a stretch, glued ones taken apart."""
    text = host.text
    until = min(stop, start + WINDOW_CHARS)
    at = start
    for match in _TOKEN.finditer(text, start, until):
        if match.end() == until < stop:
            break  # the window may cut the word
        raw, first = match.group(), match.start()
        joints = [joint.start() for joint in _JOINT.finditer(raw)]
        if joints and (raw.strip(_EDGES) in tables.camel or host.tokens[raw] > 1):
            joints = []
        for left, right in pairwise([0, *joints, len(raw)]):
            gap = first - at if left == 0 else 0
            yield _token(host, tables, (first + left, first + right), left > 0, gap)
        at = match.end()


def _token(host: Host, tables: Tables, span: tuple[int, int], joined: bool, gap: int) -> Token:
    """Return the word at a span."""
    text = host.text[slice(*span)]
    bare = text.strip(_EDGES)
    small, first = bare.lower(), bare[:1]
    return Token(
        *span,
        text,
        bare,
        capital=first.isupper() or first.isdigit(),
        lower=first.islower() and bare not in SMALL_WORDS,
        common=small in tables.common or small in host.small,
        joined=joined,
        gap=gap,
    )


def _style(tokens: list[Token]) -> str:
    """Return how the headline is written: "title", "mixed" or "plain" case."""
    words = [token for token in tokens[1 : 1 + STYLE_WORDS] if token.bare not in SMALL_WORDS]
    share = sum(token.capital for token in words) / len(words) if words else 0.0
    return "title" if share >= TITLE_SHARE else "mixed" if share >= MIXED_SHARE else "plain"


def _bucket(words: int) -> int:
    """Return the bucket of a headline's length in words."""
    return words if words <= 14 else 16 if words <= 16 else 20 if words <= 20 else 28


def _running(values: Iterable[int]) -> list[int]:
    """Return running sums, from 0."""
    return [0, *accumulate(map(int, values))]


def _quote_marks(word: str) -> int:
    """Return how many double quotation marks a word has."""
    return word.count('"') + word.count("“") + word.count("”")


def _is_stop(word: str) -> bool:
    """Return whether a word ends a sentence: not an initial, a figure or an abbreviation."""
    bare = word.rstrip("\"”'’)")
    return bare.endswith(".") and not bare.endswith("..") and len(bare) > 3 and bare[-2].islower()
