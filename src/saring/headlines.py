"""Features of headlines: TF-IDF of words and marks; vectors of known words.

A row is one headline, a string that may be empty.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.feature_extraction.text import TfidfVectorizer

from saring.counted import Counts, Rows, count_terms, per_row
from saring.fields import FRAMED_TOKEN, TOKEN, framed

__all__ = ["HeadlineTfidf", "tokens", "word_vectors"]

_TOKEN = re.compile(TOKEN)
_FRAMED_TOKEN = re.compile(FRAMED_TOKEN)


def tokens(headline: str) -> list[str]:
    """Return the numbers, words and marks of a headline, in order, as they are written."""
    return _TOKEN.findall(headline)


class HeadlineTfidf(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """TF-IDF of runs of tokens, L2-normed, shape (n_headlines, n_terms).

    The beginning and the end of a headline are tokens of their own. A headline given twice (once
    for each label that annotators gave it) counts once.

    Parameters
    ----------
    min_df : int
        A term must stand in this many training headlines.
    cased : bool
        Whether words and numbers are kept as written, so that "VIRAL" and "viral" are two
        words; otherwise letters are small and all numbers one token.
    known : bool
        Whether terms are the single words that `word_vectors` knows, seen in training or not.
    """

    def __init__(self, min_df: int = 2, cased: bool = False, known: bool = False) -> None:
        self.min_df = min_df
        self.cased = cased
        self.known = known

    def fit(self, rows: Sequence[str], y: Any = None) -> HeadlineTfidf:
        """Learn the vocabulary and its document frequencies; return self."""
        vectorizer = TfidfVectorizer(
            min_df=1 if self.known else self.min_df,
            ngram_range=(1, 1) if self.known else (1, 2),
            vocabulary=list(word_vectors()[0]) if self.known else None,
            lowercase=not self.cased,
            sublinear_tf=True,
            token_pattern=FRAMED_TOKEN,
        )
        different = list({row: i for i, row in enumerate(rows)}.values())
        self.vectorizer_ = self._counts(rows)[different].fit(vectorizer)
        return self

    def transform(self, rows: Sequence[str]) -> csr_matrix:
        """Return the TF-IDF of each headline, shape (n_headlines, n_terms)."""
        if isinstance(rows, Rows):
            return self._counts(rows).weigh(self.vectorizer_)
        return self.vectorizer_.transform([framed(row, cased=self.cased) for row in rows])

    def _counts(self, rows: Sequence[str]) -> Counts:
        """Return how often each headline has each term."""

        def count(rows: Sequence[str]) -> Counts:
            return count_terms((framed(row, cased=self.cased) for row in rows), self._terms)

        found = per_row(rows, ("headline", self.cased), count)
        return found.only(word_vectors()[0]) if self.known else found

    def _terms(self, framed: str) -> list[str]:
        """Return the tokens of a framed headline, and the pairs of neighbours among them."""
        found = _FRAMED_TOKEN.findall(framed if self.cased else framed.lower())
        return found + [f"{one} {two}" for one, two in pairwise(found)]


@cache
def word_vectors() -> tuple[tuple[str, ...], NDArray[np.float64]]:
    """Return words of Indonesian news and their vectors of length 1, shape (n_words, n_numbers).

    Words that stand among the same words have near vectors: what is learnt of one word of the
    labelled headlines holds, in part, for its neighbours, which no labelled headline may hold.

    Notes
    -----
    Source: singular vectors of the positive mutual information of words within five words of one
    another in the 22,138 articles of CLICK-ID (CC BY 4.0), which bench/vectors.py makes; after
    O. Levy, Y. Goldberg, I. Dagan, Improving distributional similarity (2015).
    """
    with (files("saring") / "vectors.npz").open("rb") as file, np.load(file) as stored:
        terms = tuple(stored["terms"].tobytes().decode("utf-8").split("\n"))
        vectors = stored["vectors"].astype(np.float64)
    return terms, vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
