"""Features of articles and headlines: TF-IDF of fields, and shares of the lexicon's domains."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.feature_extraction.text import TfidfVectorizer

from saring.counted import Counts, Rows, count_terms, per_row
from saring.fields import SHARE_SCALE, Field, Row, field_text
from saring.lexicon import Bag, GroupCounter, load_lexicon, words

__all__ = ["DomainShares", "FieldTfidf"]


class FieldTfidf(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """TF-IDF of one field of (title, body) rows, L2-normed, shape (n_rows, n_terms).

    Document frequencies are counted on rows that have a body: a headline alone is a fragment,
    and thousands of them would make every common word look rare.

    Parameters
    ----------
    field : {"all", "title", "lead"}
        Which text of a row is read.
    min_df : int
        A term must stand in this many training articles. Two and more also keep words of single
        articles out of a model that is shared.
    """

    def __init__(self, field: Field = "all", min_df: int = 2) -> None:
        self.field = field
        self.min_df = min_df

    def fit(self, rows: Sequence[Row], y: Any = None) -> FieldTfidf:
        """Learn the vocabulary and its document frequencies; return self."""
        vectorizer = TfidfVectorizer(min_df=self.min_df, sublinear_tf=True)
        documents = [i for i, (_, body) in enumerate(rows) if body] or slice(None)
        self.vectorizer_ = self._counts(rows)[documents].fit(vectorizer)
        return self

    def transform(self, rows: Sequence[Row]) -> csr_matrix:
        """Return the TF-IDF of each row's field, shape (n_rows, n_terms)."""
        if isinstance(rows, Rows):
            return self._counts(rows).weigh(self.vectorizer_)
        return self.vectorizer_.transform([field_text(row, self.field) for row in rows])

    def _counts(self, rows: Sequence[Row]) -> Counts:
        """Return how often each row's field has each word."""

        def count(rows: Sequence[Row]) -> Counts:
            return count_terms((field_text(row, self.field) for row in rows), words)

        return per_row(rows, ("field", self.field), count)


class DomainShares(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Whether the title names each domain of the lexicon, and its share of all words.

    The share enters as its square root, so that the first mentions count most. The lexicon of
    the day of fitting is kept, so that a later edit of the file does not change a model.
    """

    def fit(self, rows: Sequence[Row], y: Any = None) -> DomainShares:
        """Take the lexicon as it stands; return self."""
        self.lexicon_ = {name: list(terms) for name, terms in load_lexicon("domains").items()}
        self._counter = GroupCounter(self.lexicon_)
        return self

    def transform(self, rows: Sequence[Row]) -> csr_matrix:
        """Return the shares, shape (n_rows, 2 * n_domains): titles, then whole texts."""
        return per_row(rows, "domains", self._shares)

    def _shares(self, rows: Sequence[Row]) -> csr_matrix:
        bags = [Bag.of(field_text(row, "all")) for row in rows]
        totals = np.array([max(1, bag.size) for bag in bags])[:, None]
        in_title = self._counter.counts([title for title, _ in rows]) > 0
        counts = np.array([self._counter.count(bag) for bag in bags], dtype=np.float64)
        share = counts.reshape(in_title.shape) / totals
        return csr_matrix(np.hstack([in_title, SHARE_SCALE * np.sqrt(share)]))
