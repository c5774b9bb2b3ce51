"""The words of an article, and the window of tokens behind a marker."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import accumulate, islice, pairwise, repeat
from operator import and_
from typing import TypeVar

from saring.parsing.words import SMALL_WORDS, Tables, Token, Word

# An article's text, and what of a headline's words stands elsewhere in it.


LONG = 20_000  # characters; of 13,000 articles one has more, and so many searches would take long
GLUED_SHARE = 0.2  # of sentences without white space between them, in a text that lost it

_WORD = re.compile(r"[^\W\d_][\w’'-]*")
_NEXT_WORD = re.compile(r"[\W\d_]*([^\W\d_][\w’'-]*)")
_INNER = re.compile(r"[\w’'-]")
_LETTER = re.compile(r"[^\W\d_]")
# They look back from stops, of which a text has fewer than letters.
_GLUED_SENTENCE = re.compile(r"[.?!](?<=[a-z].)[\"”]?(?=[A-Z\"“])")
_SPACED_SENTENCE = re.compile(r"[.?!](?<=[a-z].)[\"”]?\s+(?=[A-Z\"“])")
_START = re.compile(r"[.?!][\"”)]?\s{0,3}[\"“(]?([A-Z][\w’'-]*)")


class ArticleWords:
    """An article's text with what the score asks of it.

    A headline asks about a few words. They are looked for one by one: that is faster than taking
    an article apart into words.
    """

    def __init__(self, text: str, title: str = "") -> None:
        self.text = text
        self._is_long = len(text) > LONG
        self.title_words, self.title_chars = len(title.split()), len(title)
        self._twice: dict[tuple[str, ...], bool] = {}
        self._counted: dict[int, Counter[tuple[str, ...]]] = {}

    def repeats(self, *phrase: str) -> bool:
        """Return whether these words stand side by side in the text more than once."""
        twice = self._twice.get(phrase)
        if twice is None:
            twice = self._twice[phrase] = self._holds(phrase, 2)
        return twice

    def writes_small(self, word: str) -> bool:
        """Return whether a word that is given in lower case stands in the text like that."""
        if not word[:1].islower() or (not self._is_long and word not in self.text):
            return False  # as most names
        return self._holds((word,), 1)

    def _holds(self, phrase: tuple[str, ...], times: int) -> bool:
        """Return whether words stand side by side in the text so many times at least."""
        if self._is_long:
            return self._counts(len(phrase))[phrase] >= times
        first, *others = phrase
        if others and not all([self.repeats(word) for word in phrase]):
            return False
        for end in self._search(first):
            for word in others:
                following = _NEXT_WORD.match(self.text, end)
                if not following or following[1] != word:
                    break
                end = following.end()
            else:
                times -= 1
            if not times:
                return True
        return False

    def _counts(self, size: int) -> Counter[tuple[str, ...]]:
        """Count each phrase of so many words; made once."""
        if size not in self._counted:
            words = _WORD.findall(self.text)
            shifted = [words[shift:] for shift in range(size)]
            self._counted[size] = Counter(zip(*shifted, strict=False))
        return self._counted[size]

    def _search(self, word: str) -> Iterator[int]:
        """Yield where a word ends, each time that it stands in the text."""
        text, size = self.text, len(word)
        at = text.find(word)
        if at < 0 or not _WORD.fullmatch(word):
            return
        while at >= 0:
            end = at + size
            if not _INNER.match(text, end) and not self._is_inside(at):
                yield end
            at = text.find(word, end)

    def _is_inside(self, at: int) -> bool:
        """Return whether a place lies within a word, behind one of its letters."""
        while at and _INNER.match(self.text, at - 1):
            at -= 1
            if _LETTER.match(self.text, at):
                return True
        return False

    @cached_property
    def starts(self) -> frozenset[str]:
        """Words that open a sentence of the text, as far as its full stops tell."""
        return frozenset(_START.findall(self.text))

    @cached_property
    def is_glued(self) -> bool:
        """Whether the text lost the white space between sentences, too."""
        glued = len(_GLUED_SENTENCE.findall(self.text))
        return glued > GLUED_SHARE * (glued + len(_SPACED_SENTENCE.findall(self.text)))

    def repeats_token(self, token: str) -> bool:
        """Return whether a stretch between white space stands in the text more than once."""
        return self._tokens[token] > 1

    @cached_property
    def _tokens(self) -> Counter[str]:
        """How often each stretch between white space stands in the text."""
        return Counter(self.text.split())


# The words behind a teaser's marker, column by column, with running counts over them.


WINDOW_CHARS = 360  # the longest headline and the start of the sentence behind it
STYLE_WORDS = 6  # words that tell how a headline is written
TITLE_SHARE, MIXED_SHARE = 0.8, 0.45  # of capitals among them

_COMMON = {"Name": "Common"}  # a capital that prose would write small

T = TypeVar("T", int, float)


class Window:
    """The words between two places of a text: lists of what each is, and running counts.

    Attributes
    ----------
    words : sequence of Word
    starts, ends : sequence of int
        Where in the text each stands.
    glued, wide : sequence of bool
        Whether it is joined to the word before it; whether more than a blank parts the two.
    common : list of bool
        Whether prose writes it small; of words that may open a sentence.
    forms : list of str
        `Word.form`, where a name that prose would write small is "Common".
    lower, capitals, shouted, quotes, brackets, stops, credits, joined, gaps : list of int
        How many of the words before each place, and before the place behind the last, are so.
    seen, opener, closer : sequence
        `Token.seen`, `Token.opener` and `Token.closer` of each.
    openers, prose : list of float
        The log-odds of the words before each place.
    small, ending, landmarks : bytes
        1 for each word that is written small; that ends a sentence; where one seems to begin or
        end.
    clauses : list of int
        The last word before each place that ends a clause, or -1.
    style : str
        How the headline is written: "title", "mixed" or "plain" case.
    """

    def __init__(self, article_words: ArticleWords, start: int, stop: int, tables: Tables) -> None:
        self.article_words, self.tables = article_words, tables
        rows = _read(article_words, start, stop, tables)
        tokens, self.starts, self.ends, self.glued, self.wide = rows
        columns = zip(*tokens, strict=True) if tokens else repeat(())
        (
            self.words, small, forms, capital, lower, parts, quotes, brackets, stops, credits,
            self.seen, marks, common, self.opener, openers, self.closer, prose,
        ) = islice(columns, len(Token._fields))  # fmt: skip
        self.common = [
            known or ((word.may_open or glued) and article_words.writes_small(low))
            for known, word, glued, low in zip(common, self.words, self.glued, small, strict=True)
        ]
        self.forms = tuple(
            [_COMMON.get(form, form) if common else form for form, common in zip(forms, self.common, strict=True)]
        )
        self.lower, self.capitals = _running(lower), _running(capital)
        self.shouted = _running(map(and_, capital, self.common))
        self.quotes, self.brackets = _running(quotes), _running(brackets)
        self.stops, self.credits = _running(stops), _running(credits)
        self.joined, self.gaps = _running(self.glued), _running(self.wide)
        self.openers, self.prose = _running(openers), _running(prose)
        self.small, self.ending = bytes(lower), bytes(stops)
        pauses = [word.ends == "pause" for word in self.words]
        self.landmarks = bytes([mark and not pause for mark, pause in zip(marks, [False, *pauses], strict=False)])
        ends = [place if part else -1 for place, part in enumerate(parts)]
        self.clauses = list(accumulate(ends, max, initial=-1))
        self.style = _style(self.words)


def _read(
    article_words: ArticleWords, start: int, stop: int, tables: Tables
) -> tuple[list[Token], list[int], list[int], list[bool], list[bool]]:
    """Return the words of a stretch: what is known of each, and what `Window` says of its place."""
    text, until = article_words.text, min(stop, start + WINDOW_CHARS)
    raws = text[start:until].split()
    if until < stop and raws and not text[until - 1].isspace():
        raws.pop()  # the window may cut the word
    tokens = [tables.read(raw) for raw in raws]
    starts, wide = _places(text, start, raws)
    if any([token.word.joints for token in tokens]):
        rows = zip(raws, tokens, starts, wide, strict=True)
        parted = [part for row in rows for part in _parts(article_words, tables, *row)]
        tokens, starts, ends, glued, wide = map(list, zip(*parted, strict=True))
        return tokens, starts, ends, glued, wide
    ends = [first + len(raw) for first, raw in zip(starts, raws, strict=True)]
    return tokens, starts, ends, [False] * len(raws), wide


def _parts(
    article_words: ArticleWords, tables: Tables, raw: str, token: Token, start: int, wide: bool
) -> list[tuple[Token, int, int, bool, bool]]:
    """Return the words of which one is made that lost the white space between them."""
    cuts = token.word.joints
    if not cuts or token.word.bare in tables.camel or article_words.repeats_token(raw):
        return [(token, start, start + len(raw), False, wide)]
    return [
        (tables.read(raw[left:right]), start + left, start + right, left > 0, wide and not left)
        for left, right in pairwise((0, *cuts, len(raw)))
    ]


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


def _style(words: Sequence[Word]) -> str:
    """Return how the headline is written: "title", "mixed" or "plain" case."""
    few = [word for word in words[1 : 1 + STYLE_WORDS] if word.bare not in SMALL_WORDS]
    share = sum([word.capital for word in few]) / len(few) if few else 0.0
    return "title" if share >= TITLE_SHARE else "mixed" if share >= MIXED_SHARE else "plain"


def _running(values: Iterable[T]) -> list[T]:
    """Return running sums, from 0."""
    return list(accumulate(values, initial=0))
