"""What background articles teach of words: how rare they are, and whether they are names."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "DAMPED",
    "NAME_PRIOR",
    "Vocabulary",
    "capitalised",
    "name_shares",
    "unseen_weight",
    "words_inside",
]

# A word inside a sentence: after a lower-case letter, a digit or a comma, and a space, which stands
# first because it is looked for fastest.
_INSIDE = re.compile(r" (?<=[a-z0-9,] )(\w\w+)")
# Seven unknown words of ten are names, so a word is one until seen otherwise; worth two sightings.
NAME_PRIOR, NAME_PRIOR_WEIGHT = 0.7, 2.0


class _Damped(dict[int, float]):
    """How much a word counts that stands so often in a text: one and the logarithm."""

    def __missing__(self, times: int) -> float:
        value = self[times] = 1 + math.log(times)
        return value


DAMPED = _Damped()


def capitalised(text: str) -> set[str]:
    """Return the words, lower-cased, that stand inside a sentence with a capital."""
    return {word.lower() for word in words_inside(text) if word[0].isupper()}


def words_inside(text: str) -> list[str]:
    """Return the words that stand inside sentences, as they are written.

    Headlines cannot tell names: many portals begin every word of them with a capital.
    """
    return _INSIDE.findall(text)


def name_shares(
    times: Iterable[tuple[str, float]], vocabulary: Mapping[str, int]
) -> NDArray[np.float64]:
    """Return for each word how often it has a capital inside sentences, shape (n_words,).

    Parameters
    ----------
    times : iterable of (str, float)
        Words inside sentences, as they are written, and how often each was met.
    vocabulary : Mapping[str, int]
        Each word, lower-cased, and its place.
    """
    capitals, all_ = np.zeros((2, len(vocabulary)))
    for word, often in times:
        place = vocabulary.get(word.lower())
        if place is not None:
            all_[place] += often
            capitals[place] += often * word[0].isupper()
    shares: NDArray[np.float64] = (capitals + NAME_PRIOR * NAME_PRIOR_WEIGHT) / (
        all_ + NAME_PRIOR_WEIGHT
    )
    return shares


class Vocabulary:
    """Look-up of words.

    Parameters
    ----------
    words : sequence of str
    idf : (n_words,) array
        Their inverse document frequencies.
    names : (n_words,) array
        As `name_shares` gives them.
    min_df : int
        In how many articles a word had to stand to be among them.

    Attributes
    ----------
    idf : dict of str to float
        How rare each known word is.
    unseen : float
        How rare any other is.
    """

    def __init__(
        self,
        words: Sequence[str],
        idf: NDArray[np.float64],
        names: NDArray[np.float64],
        min_df: int,
    ) -> None:
        # Common words first: they lie beside each other in memory, and most look-ups are of them.
        order = idf.argsort(kind="stable")
        known = zip(order.tolist(), idf[order].tolist(), strict=True)
        self.idf: dict[str, float] = {words[i]: weight for i, weight in known}
        self._names: dict[str, float] = dict(zip(words, names.tolist(), strict=True))
        self.unseen = unseen_weight(idf, min_df)

    def weight(self, word: str) -> float:
        """Return how rare a word is: its idf (natural log, from 1 up)."""
        return self.idf.get(word, self.unseen)

    def name(self, word: str) -> float:
        """Return how probable it is that a word is a name."""
        return self._names.get(word, NAME_PRIOR)


def unseen_weight(idf: NDArray[np.float64], min_df: int) -> float:
    """Return how rare an unknown word is.

    What `min_df` left out is rarer than the rarest word kept.
    """
    return float(idf.max()) + math.log(min_df)
