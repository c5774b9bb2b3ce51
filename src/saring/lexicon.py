"""The lexicon (lexicon.toml): groups of words by what they are about, counted in texts."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import CountVectorizer

__all__ = ["GroupCounter", "load_lexicon", "words"]

# scikit-learn's own word: two or more word characters. One definition for all features.
_WORD = re.compile(r"\w\w+")


def words(text: str) -> list[str]:
    """Return the words of a text, lower-cased, in order."""
    return _WORD.findall(text.lower())


@cache
def load_lexicon(section: str) -> dict[str, tuple[str, ...]]:
    """Return the groups of a section of lexicon.toml: name to terms.

    Parameters
    ----------
    section : str
        ``domains``, ``subjects`` or ``foreign``.
    """
    table = tomllib.loads((files("saring") / "lexicon.toml").read_text(encoding="utf-8"))
    return {
        name: tuple(term.strip() for term in group["terms"].replace("\n", " ").split(","))
        for name, group in table[section].items()
    }


class GroupCounter:
    """Counts, text by text, how many words belong to each group of a lexicon.

    Parameters
    ----------
    groups : Mapping[str, Sequence[str]]
        Name of each group to its terms: lower-case words, or pairs of neighbouring words.
    """

    def __init__(self, groups: Mapping[str, Sequence[str]]) -> None:
        terms = sorted({term for group in groups.values() for term in group})
        place = {term: i for i, term in enumerate(terms)}
        rows = [place[term] for group in groups.values() for term in group]
        columns = [j for j, group in enumerate(groups.values()) for _ in group]
        self._membership = csr_matrix(
            (np.ones(len(rows)), (rows, columns)), shape=(len(terms), len(groups))
        )
        self._counter = CountVectorizer(vocabulary=place, ngram_range=(1, 2))

    def counts(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Return how often the terms of each group occur, shape (n_texts, n_groups)."""
        found = self._counter.transform(texts) @ self._membership
        counts: NDArray[np.float64] = found.toarray()
        return counts
