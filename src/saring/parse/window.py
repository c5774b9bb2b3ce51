"""The words behind a teaser's marker, column by column, with running counts over them.

`signs` reads from them what each place says of the headline's end.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import accumulate, islice, pairwise, repeat
from operator import and_
from typing import NamedTuple, TypeVar

from saring.parse.host import Host
from saring.parse.shape import SMALL_WORDS
from saring.parse.word import Word, read_word

__all__ = ["Tables", "Window"]

WINDOW_CHARS = 360  # the longest headline and the start of the sentence behind it
STYLE_WORDS = 6  # words that tell how a headline is written
TITLE_SHARE, MIXED_SHARE = 0.8, 0.45  # of capitals among them

SURE_OPENER = 1.5  # log-odds

_COMMON = {"Name": "Common"}  # a capital that prose would write small

T = TypeVar("T", int, float)


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

    def __init__(self, host: Host, start: int, stop: int, tables: Tables) -> None:
        self.host, self.tables = host, tables
        found = _read(host, start, stop, tables.camel)
        rows = zip(*found, strict=True) if found else repeat(())
        self.words, self.starts, self.ends, self.glued, self.wide = islice(rows, 5)
        columns = zip(*self.words, strict=True) if self.words else repeat(())
        (
            _, keys, small, forms, capital, lower, signs, opens, may_open, stops, parts, _, quotes,
            brackets, _,
        ) = islice(columns, len(Word._fields))  # fmt: skip
        opener = [tables.openers.get(key, 0.0) for key in keys]
        self.common = [
            word in tables.common or ((first or joined) and host.writes_small(word))
            for word, first, joined in zip(small, may_open, self.glued, strict=True)
        ]
        self.forms = tuple(
            [
                _COMMON.get(form, form) if common else form
                for form, common in zip(forms, self.common, strict=True)
            ]
        )
        self.lower, self.capitals = _running(lower), _running(capital)
        self.shouted = _running(map(and_, capital, self.common))
        self.quotes, self.brackets = _running(quotes), _running(brackets)
        self.stops = _running(stops)
        self.credits = _running([one == "credit" for one in opens])
        self.joined, self.gaps = _running(self.glued), _running(self.wide)
        self.openers = _running([max(0.0, odds) for odds in opener])
        self.prose = _running([tables.prose.get(word, 0.0) for word in small])
        self.small, self.ending = bytes(lower), bytes(stops)
        pauses = [False, *[one == "pause" for one in signs]]
        self.landmarks = bytes(
            [
                (ends or odds >= SURE_OPENER) and not pause
                for ends, odds, pause in zip(stops, opener, pauses, strict=False)
            ]
        )

        ends = [place if part else -1 for place, part in enumerate(parts)]
        self.clauses = list(accumulate(ends, max, initial=-1))
        self.style = _style(self.words)


def _read(
    host: Host, start: int, stop: int, camel: Collection[str]
) -> list[tuple[Word, int, int, bool, bool]]:
    """Return the words of a stretch, glued ones taken apart: what `Window` has of each."""
    text, until = host.text, min(stop, start + WINDOW_CHARS)
    raws = text[start:until].split()
    if until < stop and raws and not text[until - 1].isspace():
        raws.pop()  # the window may cut the word
    found: list[tuple[Word, int, int, bool, bool]] = []
    at = start
    for raw in raws:
        first = text.find(raw, at)
        word, wide, at = read_word(raw), first - at > 1, first + len(raw)
        if not word.joints or word.bare in camel or host.repeats_token(raw):
            found.append((word, first, at, False, wide))
            continue
        for left, right in pairwise((0, *word.joints, len(raw))):
            part = read_word(raw[left:right])
            found.append((part, first + left, first + right, left > 0, wide and not left))
    return found


def _style(words: Sequence[Word]) -> str:
    """Return how the headline is written: "title", "mixed" or "plain" case."""
    few = [word for word in words[1 : 1 + STYLE_WORDS] if word.bare not in SMALL_WORDS]
    share = sum([word.capital for word in few]) / len(few) if few else 0.0
    return "title" if share >= TITLE_SHARE else "mixed" if share >= MIXED_SHARE else "plain"


def _running(values: Iterable[T]) -> list[T]:
    """Return running sums, from 0."""
    return list(accumulate(values, initial=0))
