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
from typing import NamedTuple, TypeVar

from saring.parse.shape import SMALL_WORDS
from saring.parse.word import CLOSING, OPENING, Word, read_word

__all__ = ["Features", "Host", "Tables", "Token", "Window"]

WINDOW_CHARS = 360  # the longest headline and the start of the sentence behind it
AHEAD = 6  # words read behind a candidate
MANY = 6  # counts are read up to here
STYLE_WORDS = 6  # words that tell how a headline is written
TITLE_SHARE, MIXED_SHARE = 0.8, 0.45  # of capitals among them
MAX_PHRASE_WORDS = 7  # a quotation of more words is a sentence
GLUED_SHARE = 0.2  # of sentences without white space between them, in a text that lost it

T = TypeVar("T", int, float)

_TOKEN = re.compile(r"\S+")
_WORD = re.compile(r"[^\W\d_][\w’'-]*")
_GLUED_SENTENCE = re.compile(r"[a-z][.?!][\"”]?(?=[A-Z\"“])")
_SPACED_SENTENCE = re.compile(r"[a-z][.?!][\"”]?\s+(?=[A-Z\"“])")


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

    `common`: prose writes it small; `joined`: glued to the word before it; `gap`: characters of
    white space before it.
    """

    start: int
    end: int
    text: str
    word: Word
    common: bool
    joined: bool
    gap: int

    @property
    def may_open(self) -> bool:
        """Whether a sentence may begin with it."""
        return self.joined or self.word.capital or self.text[0] in OPENING


class Features(NamedTuple):
    """What a candidate shows: names of signs, and log-odds of words by the name of their table."""

    signs: list[str]
    odds: list[tuple[str, float]]


class Window:
    """The words between two places of a text, with running counts over them."""

    def __init__(self, host: Host, start: int, stop: int, tables: Tables) -> None:
        self.host, self.tables = host, tables
        self.tokens = tokens = list(_tokens(host, start, stop, tables))
        words = [token.word for token in tokens]
        self.lower = _running([word.lower for word in words])
        self.capitals = _running([word.capital for word in words])
        self.shouted = _running([token.word.capital and token.common for token in tokens])
        self.quotes = _running([word.quotes for word in words])
        self.brackets = _running([word.brackets for word in words])
        self.stops = _running([word.ends == "stop" for word in words])
        self.joined = _running([token.joined for token in tokens])
        self.gaps = _running([token.gap > 1 for token in tokens])
        openers = tables.openers
        self.openers = _running([max(0.0, openers.get(word.bare, 0.0)) for word in words])
        self.style = _style(words)

    def features(self, place: int) -> Features:
        """Return the features of the candidate before token `place`."""
        found = Features([f"words:{_bucket(place)}"], [])
        if place:
            self._add_headline(found, place)
        if place < len(self.tokens):
            self._add_sentence(found, place)
        else:
            found.signs.append("at_stop")
        if 0 < place < len(self.tokens):
            self._add_joint(found, place)
        return found

    def _add_headline(self, found: Features, place: int) -> None:
        """Add what the words before the candidate say."""
        before, style = self.tokens[place - 1].word, self.style
        lower, shouted = self.lower[place], self.shouted[place] - self.shouted[1]
        found.odds.append(("closer", self.tables.closers.get(before.bare, 0.0)))
        found.odds.append((f"{style}:inside_openers", self.openers[place] - self.openers[1]))
        found.signs.extend(
            (
                f"{style}:inside_lower:{min(lower, MANY)}",
                f"{style}:tail_lower:{lower - self.lower[max(0, place - 3)]}",
                f"{style}:inside_shouted:{min(shouted, 3)}",
                f"clause:{self._clause_words(place)}",
                f"before:{before.ends}",
                f"inside_stop:{min(self.stops[place - 1], 3)}",
                f"inside_joint:{min(self.joined[place], 3)}",
            )
        )
        if self.quotes[place] % 2:
            found.signs.append("open_quote")
        if self.brackets[place] > 0:
            found.signs.append("open_bracket")
        if self.gaps[place] > self.gaps[1]:
            found.signs.append("inside_gap")
        if self.host.counts[before.bare] > 1:
            found.signs.append("known_closer")
        if before.bare in SMALL_WORDS:
            found.signs.append("before_small_word")

    def _add_sentence(self, found: Features, place: int) -> None:
        """Add what the words after the candidate say."""
        token, style = self.tokens[place], self.style
        odds = self.tables.openers.get(token.word.bare)
        if odds is None:
            found.signs.append(f"{style}:unseen")
        else:
            found.odds.append((f"{style}:opener", odds))
        if self.host.counts[token.word.bare] > 1:
            found.signs.append("known_opener")
        if token.common:
            found.signs.append(f"{style}:common")
        ahead = self.tokens[place + 1 : place + 1 + AHEAD]
        first = next((n for n, one in enumerate(ahead, 1) if one.word.lower), AHEAD + 1)
        stop = next((n for n, one in enumerate(ahead) if one.word.ends == "stop"), AHEAD)
        run, end = min(place + first, len(self.tokens)), place + 1 + len(ahead)
        found.signs.extend(
            (
                f"opens:{self._opening(place)}",
                f"sentence:{stop}",
                f"{style}:first_lower:{first}",
                f"{style}:ahead_lower:{self.lower[end] - self.lower[place + 1]}",
                f"{style}:ahead_capitals:{self.capitals[run] - self.capitals[place + 1]}",
                f"{style}:ahead_shouted:{self.shouted[run] - self.shouted[place + 1]}",
            )
        )

    def _add_joint(self, found: Features, place: int) -> None:
        """Add what stands at the candidate itself: glue, white space, a name it would split."""
        token, pairs = self.tokens[place], self.host.pairs
        bare = token.word.bare
        if token.joined:
            found.signs.append("joint:glued" if self.host.is_glued else "joint:spaced")
        elif self.joined[-1]:
            found.signs.append("joint_elsewhere")
        if token.gap > 1:
            found.signs.append("wide_gap")
        if pairs[self.tokens[place - 1].word.bare, bare] > 1:
            found.signs.append("splits_pair")
        if place + 1 < len(self.tokens) and pairs[bare, self.tokens[place + 1].word.bare] > 1:
            found.signs.append("keeps_pair")

    def _opening(self, place: int) -> str:
        """Return what a token would open a sentence as; a quotation is a phrase or a sentence."""
        opens = self.tokens[place].word.opens
        if opens != "quotation":
            return opens
        for token in self.tokens[place : place + MAX_PHRASE_WORDS]:
            if token.text.rstrip(".,?!:;)")[-1:] in CLOSING and len(token.text) > 1:
                return "quoted_phrase"
        return opens

    def _clause_words(self, place: int) -> int:
        """Return how many words the headline's last clause has, up to 4."""
        for count in range(1, 4):
            before = place - count - 1
            if before < 0 or self.tokens[before].text[-1] in ",:?!":
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
        word = read_word(raw)
        gap, at = first - at, match.end()
        cuts = word.joints
        if cuts and (word.bare in tables.camel or host.tokens[raw] > 1):
            cuts = ()
        for left, right in pairwise((0, *cuts, len(raw))):
            piece = raw[left:right]
            word = read_word(piece) if cuts else word
            common = word.small in tables.common or word.small in host.small
            yield Token(first + left, first + right, piece, word, common, left > 0, gap)
            gap = 0


def _style(words: list[Word]) -> str:
    """Return how the headline is written: "title", "mixed" or "plain" case."""
    few = [word for word in words[1 : 1 + STYLE_WORDS] if word.bare not in SMALL_WORDS]
    share = sum(word.capital for word in few) / len(few) if few else 0.0
    return "title" if share >= TITLE_SHARE else "mixed" if share >= MIXED_SHARE else "plain"


def _bucket(words: int) -> int:
    """Return the bucket of a headline's length in words."""
    return words if words <= 14 else 16 if words <= 16 else 20 if words <= 20 else 28


def _running(values: Iterable[T]) -> list[T]:
    """Return running sums, from 0."""
    return list(accumulate(values, initial=0))
