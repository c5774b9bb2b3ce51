"""What fitting counts in background articles; each text is read once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from saring.counted import Counts, Rows, count_terms
from saring.lexicon import runs
from saring.pairs.vocabulary import words_inside

__all__ = ["Background"]

Numbers = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Background:
    """Articles that words are learnt from, some or all of a table's.

    Attributes
    ----------
    texts : list of str
        Title and body of all articles of the table, each once.
    words, inside : Counts
        How often each of all has each word, and each word as it is written inside a sentence.
    numbers : (n,) array of int
        Which of all articles these are.
    """

    texts: list[str]
    words: Counts
    inside: Counts
    numbers: Numbers
    _asked: dict[int, NDArray[Any]] = field(default_factory=dict)

    @classmethod
    def of(cls, pairs: Sequence[Any]) -> Background:
        """Return the articles of (title, body, headline) rows, in order of first appearance."""
        if not isinstance(pairs, Rows):
            return _read(pairs)[0]
        every, number = pairs.once("background", _read)
        found = dict.fromkeys(number[pairs.numbers].tolist())
        return replace(every, numbers=np.array(list(found), dtype=np.intp))

    def counts(self) -> Counts:
        """Return how often each of these articles has each word."""
        return self.words[self.numbers]

    def times_inside(self) -> Iterator[tuple[str, float]]:
        """Yield words as they are written inside sentences, and how often they are."""
        times = np.asarray(self.inside.matrix[self.numbers].sum(axis=0)).ravel()
        yield from zip(self.inside.place, times.tolist(), strict=True)

    def some(self, most: int) -> list[str]:
        """Return texts from all over the articles, up to about so many."""
        return [self.texts[i] for i in self._some(most)]

    def ask_some(self, most: int, ask: Callable[[str], NDArray[Any]]) -> NDArray[Any]:
        """Return what `ask` says of `some` texts, one line each; it is asked once a text.

        It must be the same question every time.
        """
        some = self._some(most)
        for i in some:
            if i not in self._asked:
                self._asked[i] = ask(self.texts[i])
        return np.stack([self._asked[i] for i in some])

    def _some(self, most: int) -> list[int]:
        found: list[int] = self.numbers[:: 1 + len(self.numbers) // most].tolist()
        return found


def _read(pairs: Iterable[Any]) -> tuple[Background, Numbers]:
    """Return the articles of pairs, and which of them is that of each pair."""
    found: dict[tuple[str, str], int] = {}
    numbers = [found.setdefault((title, body), len(found)) for title, body, _ in pairs]
    texts = [f"{title}\n{body}" for title, body in found]
    inside = count_terms((body for _, body in found), words_inside)
    # Single characters are left out once at the end sooner than of each text's words.
    counts = count_terms(texts, runs)
    words = counts.only([term for term in counts.place if len(term) > 1])
    every = Background(texts, words, inside, np.arange(len(texts)))
    return every, np.array(numbers, dtype=np.intp)
