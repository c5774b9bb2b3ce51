"""The words of an article, and the window of words behind a marker."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import accumulate, pairwise
from operator import and_
from typing import Any, TypeVar

from saring.parsing.words import SMALL_WORDS, Word, WordOdds

GLUED_SHARE = 0.2  # of sentences without white space between them, in a text that lost it
WINDOW_CHARS = 360  # the longest headline and the start of the sentence behind it
STYLE_WORDS = 6  # words that tell how a headline is written
TITLE_SHARE, MIXED_SHARE = 0.8, 0.45  # of capitals among them

_WORD = re.compile(r"[^\W\d_][\w’'-]*")
# They look back from stops, of which a text has fewer than letters.
_GLUED_SENTENCE = re.compile(r"[.?!](?<=[a-z].)[\"”]?(?=[A-Z\"“])")
_SPACED_SENTENCE = re.compile(r"[.?!](?<=[a-z].)[\"”]?\s+(?=[A-Z\"“])")
_START = re.compile(r"[.?!][\"”)]?\s{0,3}[\"“(]?([A-Z][\w’'-]*)")
_COMMON = {"Name": "Common"}  # a capital that prose would write small

T = TypeVar("T", int, float)


class ArticleWords:
    """An article's text and title, and what of a headline's words stands elsewhere in the text."""

    def __init__(self, text: str, title: str = "") -> None:
        self.text = text
        self.title_words, self.title_chars = len(title.split()), len(title)
        self._counts: dict[int, Counter[tuple[str, ...]]] = {}

    def count(self, *phrase: str) -> int:
        """Return how often these words stand side by side in the text."""
        size = len(phrase)
        if size not in self._counts:
            shifted = [self._words[shift:] for shift in range(size)]
            self._counts[size] = Counter(zip(*shifted, strict=False))
        return self._counts[size].get(phrase, 0)

    def repeats_token(self, token: str) -> bool:
        """Return whether a stretch between white space stands in the text more than once."""
        return self._tokens[token] > 1

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
    def _words(self) -> list[str]:
        return _WORD.findall(self.text)

    @cached_property
    def _tokens(self) -> Counter[str]:
        return Counter(self.text.split())


class Window:
    """The words between two places of a text: lists of what each is, and running counts.

    Attributes
    ----------
    starts, ends : list of int
        Where in the text each word stands.
    glued, wide : list of bool
        Whether it is joined to the word before it; whether more than a blank parts the two.
    common : list of bool
        Whether prose writes it small; of words that may open a sentence.
    forms : tuple of str
        `Word.form`, where a name that prose would write small is "Common".
    lower, capitals, shouted, quotes, brackets, stops, credits, joined, gaps, openers, prose : list
        How many of the words before each place, and before the place behind the last, are so; their log-odds.
    small, ending, landmarks : bytes
        1 for each word that is written small; that ends a sentence; where one seems to begin or end.
    clauses : list of int
        The last word before each place that ends a clause, or -1.
    style : str
        How the headline is written: "title", "mixed" or "plain" case.
    """

    def __init__(self, article: ArticleWords, start: int, stop: int, odds: WordOdds) -> None:
        self.article, self.odds = article, odds
        self.words, self.starts, self.ends, self.glued, self.wide = _read(article, start, stop, odds)
        column: dict[str, Sequence[Any]] = dict.fromkeys(Word._fields, ())
        column.update(zip(Word._fields, zip(*self.words, strict=True), strict=False))
        # A capital is no sign of a name where the text itself writes the word small, too.
        self.common = [
            common or ((may_open or glued) and small[:1].islower() and article.count(small) > 0)
            for common, may_open, glued, small in zip(
                column["common"], column["may_open"], self.glued, column["small"], strict=True
            )
        ]
        self.forms = tuple(
            [
                _COMMON.get(form, form) if common else form
                for form, common in zip(column["form"], self.common, strict=True)
            ]
        )
        self.lower, self.capitals = _running(column["lower"]), _running(column["capital"])
        self.shouted = _running(map(and_, column["capital"], self.common))
        self.quotes, self.brackets = _running(column["quotes"]), _running(column["brackets"])
        self.stops, self.credits = _running(column["stops"]), _running(column["credit"])
        self.joined, self.gaps = _running(self.glued), _running(self.wide)
        self.openers, self.prose = _running(column["sure_opener"]), _running(column["prose"])
        self.small, self.ending = bytes(column["lower"]), bytes(column["stops"])
        behind_pause = [False, *[ends == "pause" for ends in column["ends"]]]
        self.landmarks = bytes([mark and not pause for mark, pause in zip(column["marks"], behind_pause, strict=False)])
        ends = [place if part else -1 for place, part in enumerate(column["parts"])]
        self.clauses = list(accumulate(ends, max, initial=-1))
        few = [word for word in self.words[1 : 1 + STYLE_WORDS] if word.bare not in SMALL_WORDS]
        share = sum([word.capital for word in few]) / len(few) if few else 0.0
        self.style = "title" if share >= TITLE_SHARE else "mixed" if share >= MIXED_SHARE else "plain"

    def repeats(self, place: int, size: int) -> bool:
        """Return whether so many words from a place on stand side by side in the text more than once."""
        phrase = [word.bare for word in self.words[place : place + size]]
        return len(phrase) == size and self.article.count(*phrase) > 1

    def has_before(self, place: int, size: int) -> bool:
        """Return whether so many words from a place on stand in the window before it, too."""
        start, end = self.starts[place], self.ends[place + size - 1]
        return self.article.text.find(self.article.text[start:end], self.starts[0], start) >= 0


def _read(
    article: ArticleWords, start: int, stop: int, odds: WordOdds
) -> tuple[list[Word], list[int], list[int], list[bool], list[bool]]:
    """Return the words of a stretch, and what `Window` says of their places."""
    text, until = article.text, min(stop, start + WINDOW_CHARS)
    raws = text[start:until].split()
    if until < stop and raws and not text[until - 1].isspace():
        raws.pop()  # the window may cut the word
    words = [odds.read(raw) for raw in raws]
    starts, wide = _places(text, start, raws)
    glued, ends = [False] * len(raws), [first + len(raw) for first, raw in zip(starts, raws, strict=True)]
    if not any([word.joints for word in words]):
        return words, starts, ends, glued, wide
    parted: list[tuple[Word, int, int, bool, bool]] = []
    for raw, word, first, is_wide in zip(raws, words, starts, wide, strict=True):
        if not word.joints or word.bare in odds.camel or article.repeats_token(raw):
            parted.append((word, first, first + len(raw), False, is_wide))
            continue
        for left, right in pairwise((0, *word.joints, len(raw))):  # they lost the white space between them
            part = odds.read(raw[left:right])
            parted.append((part, first + left, first + right, left > 0, is_wide and not left))
    words, starts, ends, glued, wide = map(list, zip(*parted, strict=True))
    return words, starts, ends, glued, wide


def _places(text: str, start: int, raws: Sequence[str]) -> tuple[list[int], list[bool]]:
    """Return where words stand, and whether more than a blank stands before each."""
    if raws and text.startswith(" ".join(raws), start):  # as nearly always
        sizes = [len(raw) + 1 for raw in raws[:-1]]
        return list(accumulate(sizes, initial=start)), [False] * len(raws)
    starts, wide, at = [], [], start
    for raw in raws:
        first = text.find(raw, at)
        starts.append(first)
        wide.append(first - at > 1)
        at = first + len(raw)
    return starts, wide


def _running(values: Iterable[T]) -> list[T]:
    """Return running sums, from 0."""
    return list(accumulate(values, initial=0))
