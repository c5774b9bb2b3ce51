"""Words that tell sentences from headlines, and a single word as these tables know it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple

from saring.parse.word import Word, read_word

__all__ = ["Tables", "Token"]

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
