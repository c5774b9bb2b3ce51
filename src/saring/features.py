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

CHARACTERS = (3, 5)  # shorter runs tell nothing, longer ones are words


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
    max_words : int
        Terms are runs of one to `max_words` words.
    characters : bool
        Terms are runs of three to five characters inside words instead: they know an affixed form
        or a misspelt name by its parts.
    """

    STATE = ("vectorizer_",)

    def __init__(
        self,
        field: Field = "all",
        min_df: int = 2,
        max_words: int = 1,
        characters: bool = False,
    ) -> None:
        self.field = field
        self.min_df = min_df
        self.max_words = max_words
        self.characters = characters

    def fit(self, rows: Sequence[Row], y: Any = None) -> FieldTfidf:
        """Learn the vocabulary and its document frequencies; return self."""
        vectorizer = TfidfVectorizer(
            min_df=self.min_df,
            analyzer="char_wb" if self.characters else "word",
            ngram_range=CHARACTERS if self.characters else (1, self.max_words),
            sublinear_tf=True,
        )
        documents = [i for i, (_, body) in enumerate(rows) if body] or slice(None)
        self.vectorizer_ = self._counts(rows, vectorizer)[documents].fit(vectorizer)
        return self

    def transform(self, rows: Sequence[Row]) -> csr_matrix:
        """Return the TF-IDF of each row's field, shape (n_rows, n_terms)."""
        if isinstance(rows, Rows):
            return self._counts(rows, self.vectorizer_).weigh(self.vectorizer_)
        return self.vectorizer_.transform([field_text(row, self.field) for row in rows])

    def _counts(self, rows: Sequence[Row], vectorizer: TfidfVectorizer) -> Counts:
        """Return how often each row's field has each term."""

        def count(rows: Sequence[Row]) -> Counts:
            plain = not self.characters and self.max_words == 1
            cut = words if plain else vectorizer.build_analyzer()
            return count_terms((field_text(row, self.field) for row in rows), cut)

        return per_row(rows, ("field", self.field, self.max_words, self.characters), count)


class DomainShares(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Whether the title names each domain of the lexicon, and its share of all words.

    The share enters as its square root, so that the first mentions count most. The lexicon of
    the day of fitting is kept, so that a later edit of the file does not change a model.
    """

    STATE = ("lexicon_",)
    DERIVED = ("_counter",)

    def fit(self, rows: Sequence[Row], y: Any = None) -> DomainShares:
        """Take the lexicon as it stands; return self."""
        for name in self.DERIVED:  # of an earlier fit
            self.__dict__.pop(name, None)
        self.lexicon_ = {name: list(terms) for name, terms in load_lexicon("domains").items()}
        return self

    def transform(self, rows: Sequence[Row]) -> csr_matrix:
        """Return the shares, shape (n_rows, 2 * n_domains): titles, then whole texts."""
        if not hasattr(self, "_counter"):
            self._counter = GroupCounter(self.lexicon_)
        return per_row(rows, "domains", self._shares)

    def _shares(self, rows: Sequence[Row]) -> csr_matrix:
        bags = [Bag.of(field_text(row, "all")) for row in rows]
        totals = np.array([max(1, bag.size) for bag in bags])[:, None]
        in_title = self._counter.counts([title for title, _ in rows]) > 0
        counts = np.array([self._counter.count(bag) for bag in bags], dtype=np.float64)
        share = counts.reshape(in_title.shape) / totals
        return csr_matrix(np.hstack([in_title, SHARE_SCALE * np.sqrt(share)]))
