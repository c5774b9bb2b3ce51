"""The words behind a teaser's marker, with running counts over them.

`signs` reads from them what each place says of the headline's end.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cached_property
from itertools import accumulate, pairwise
from typing import NamedTuple, TypeVar

from saring.parse.shape import SMALL_WORDS
from saring.parse.word import OPENING, Word, read_word

__all__ = ["Host", "Tables", "Token", "Window"]

WINDOW_CHARS = 360  # the longest headline and the start of the sentence behind it
STYLE_WORDS = 6  # words that tell how a headline is written
TITLE_SHARE, MIXED_SHARE = 0.8, 0.45  # of capitals among them
GLUED_SHARE = 0.2  # of sentences without white space between them, in a text that lost it

SURE_OPENER = 1.5  # log-odds

_COMMON = {"Name": "Common"}  # a capital that prose would write small

T = TypeVar("T", int, float)

_TOKEN = re.compile(r"\S+")
_WORD = re.compile(r"[^\W\d_][\w’'-]*")
_GLUED_SENTENCE = re.compile(r"[a-z][.?!][\"”]?(?=[A-Z\"“])")
_SPACED_SENTENCE = re.compile(r"[a-z][.?!][\"”]?\s+(?=[A-Z\"“])")
_START = re.compile(r"[.?!][\"”)]?\s{0,3}[\"“(]?([A-Z][\w’'-]*)")


class Tables(NamedTuple):
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


class Host:
    """An article's text with what the score asks of it; counted once, on first use."""

    def __init__(self, text: str, title: str = "") -> None:
        self.text = text
        self.title_words, self.title_chars = len(title.split()), len(title)

    @cached_property
    def _words(self) -> list[str]:
        return _WORD.findall(self.text)

    @cached_property
    def pairs(self) -> Counter[tuple[str, str]]:
        """Count each pair of neighbouring words."""
        return Counter(pairwise(self._words))

    @cached_property
    def triples(self) -> Counter[tuple[str, str, str]]:
        """Count each three neighbouring words."""
        words = self._words
        return Counter(zip(words, words[1:], words[2:], strict=False))

    @cached_property
    def counts(self) -> Counter[str]:
        """Count each word."""
        return Counter(self._words)

    @cached_property
    def starts(self) -> frozenset[str]:
        """Words that open a sentence of the text, as far as its full stops tell."""
        return frozenset(_START.findall(self.text))

    @cached_property
    def is_glued(self) -> bool:
        """Whether the text lost the white space between sentences, too."""
        glued = len(_GLUED_SENTENCE.findall(self.text))
        return glued > GLUED_SHARE * (glued + len(_SPACED_SENTENCE.findall(self.text)))

    @cached_property
    def _tokens(self) -> Counter[str]:
        return Counter(self.text.split())

    def repeats(self, token: str) -> bool:
        """Return whether a stretch between white space stands in the text more than once."""
        return self.text.count(token) > 1 and self._tokens[token] > 1

    @cached_property
    def small(self) -> frozenset[str]:
        """Words the text writes with a small letter."""
        return frozenset([word for word in self.counts if word[0].islower()])


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


class Window:
    """The words between two places of a text, with running counts over them."""

    def __init__(self, host: Host, start: int, stop: int, tables: Tables) -> None:
        self.host, self.tables = host, tables
        self.tokens = tokens = _tokens(host, start, stop, tables)
        words = [token.word for token in tokens]
        openers, prose = tables.openers, tables.prose
        self.lower = _running([word.lower for word in words])
        self.capitals = _running([word.capital for word in words])
        self.shouted = _running([token.word.capital and token.common for token in tokens])
        self.quotes = _running([word.quotes for word in words])
        self.brackets = _running([word.brackets for word in words])
        self.stops = _running([word.ends == "stop" for word in words])
        self.credits = _running([word.opens == "credit" for word in words])
        self.joined = _running([token.joined for token in tokens])
        self.gaps = _running([token.gap > 1 for token in tokens])
        self.openers = _running([max(0.0, openers.get(word.key, 0.0)) for word in words])
        self.prose = _running([prose.get(word.small, 0.0) for word in words])
        self.forms = [
            _COMMON.get(t.word.form, t.word.form) if t.common else t.word.form for t in tokens
        ]
        self.landmarks = self._landmarks()
        self.style = _style(words)

    def _landmarks(self) -> list[int]:
        """Return for each place the next one, behind it, where a sentence seems to begin or end."""
        openers, landmark = self.tables.openers, len(self.tokens)
        found = [landmark] * (landmark + 1)
        for place in range(len(self.tokens) - 1, 0, -1):
            word = self.tokens[place].word
            begins = self.tokens[place - 1].word.ends != "pause"
            if begins and (word.ends == "stop" or openers.get(word.key, 0.0) >= SURE_OPENER):
                landmark = place
            found[place - 1] = landmark
        return found


def _tokens(host: Host, start: int, stop: int, tables: Tables) -> list[Token]:
    """Return the words of a stretch, glued ones taken apart."""
    common, small, camel = tables.common, host.small, tables.camel
    found: list[Token] = []
    until = min(stop, start + WINDOW_CHARS)
    at = start
    for match in _TOKEN.finditer(host.text, start, until):
        first, end = match.span()
        if end == until < stop:
            break  # the window may cut the word
        raw = match.group()
        word = read_word(raw)
        gap, at = first - at, end
        cuts = word.joints
        if not cuts or word.bare in camel or host.repeats(raw):
            known = word.small in common or word.small in small
            found.append(Token(first, end, raw, word, known, False, gap))
            continue
        for left, right in pairwise((0, *cuts, len(raw))):
            word = read_word(raw[left:right])
            known = word.small in common or word.small in small
            found.append(
                Token(first + left, first + right, raw[left:right], word, known, left > 0, gap)
            )
            gap = 0
    return found


def _style(words: list[Word]) -> str:
    """Return how the headline is written: "title", "mixed" or "plain" case."""
    few = [word for word in words[1 : 1 + STYLE_WORDS] if word.bare not in SMALL_WORDS]
    share = sum(word.capital for word in few) / len(few) if few else 0.0
    return "title" if share >= TITLE_SHARE else "mixed" if share >= MIXED_SHARE else "plain"


def _running(values: Iterable[T]) -> list[T]:
    """Return running sums, from 0."""
    return list(accumulate(values, initial=0))
