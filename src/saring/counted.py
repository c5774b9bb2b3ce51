"""What fitting counts in texts: counted once, whichever of the rows a model is then fitted on.

How often a word stands in a text is the same in every fold of a cross-validation; which words are
kept, and how rare they are, is not. So a table's `Rows` remember what was counted in all of them,
and fitting on some takes their lines: the same numbers, without reading a text again.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from threading import RLock
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import TfidfTransformer, TfidfVectorizer

__all__ = ["Counts", "Rows", "count_terms", "per_row"]

T = TypeVar("T")
Numbers = NDArray[np.intp]


class Rows(Sequence[Any]):
    """Rows of a table, or some of them, which remember what was found in all of them.

    Parameters
    ----------
    rows : iterable
        All of them.

    Attributes
    ----------
    numbers : (n,) array of int
        Which of all rows these are.
    """

    def __init__(self, rows: Iterable[Any]) -> None:
        self._all = list(rows)
        self.numbers: Numbers = np.arange(len(self._all))
        self._found: dict[Hashable, Any] = {}
        self._finding = RLock()  # folds run side by side: what one of them finds the others await

    def take(self, chosen: Numbers) -> Rows:
        """Return some of these rows, by their places among them."""
        some = copy(self)
        some.numbers = self.numbers[chosen]
        return some

    def once(self, what: Hashable, find: Callable[[Sequence[Any]], T]) -> T:
        """Return what `find` says of all rows of the table; it is asked once for each `what`."""
        with self._finding:
            if what not in self._found:
                self._found[what] = find(self._all)
            found: T = self._found[what]
            return found

    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, slice):
            return self.take(np.arange(len(self))[place])
        return self._all[self.numbers[place]]

    def __iter__(self) -> Iterator[Any]:
        return map(self._all.__getitem__, self.numbers.tolist())

    def __len__(self) -> int:
        return len(self.numbers)


def per_row(rows: Sequence[Any], what: Hashable, find: Callable[[Sequence[Any]], T]) -> T:
    """Return what `find` says of rows, a line each; a line must depend on its row alone.

    Of `Rows` all are asked about, and only once for each `what`.
    """
    if not isinstance(rows, Rows):
        return find(rows)
    return rows.once(what, find)[rows.numbers]  # type: ignore[index, no-any-return]


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """How often each of some texts has each term.

    Attributes
    ----------
    place : dict of str to int
        Each term, in the order of the alphabet, and its column.
    matrix : csr_matrix of shape (n_texts, n_terms)
        Columns in order in each line.
    """

    place: dict[str, int]
    matrix: csr_matrix

    def __getitem__(self, lines: Any) -> Counts:
        return Counts(self.place, self.matrix[lines])

    def only(self, terms: Sequence[str]) -> Counts:
        """Return the counts of some terms, in their order; one that no text has gets a column."""
        columns = [self.place.get(term, len(self.place)) for term in terms]
        wider = csr_matrix(
            (self.matrix.data, self.matrix.indices, self.matrix.indptr),
            shape=(self.matrix.shape[0], len(self.place) + 1),
        )
        return Counts(dict(zip(terms, range(len(terms)), strict=True)), wider[:, columns])

    def fit(self, vectorizer: TfidfVectorizer) -> TfidfVectorizer:
        """Return a vectoriser fitted as its own method would on the texts.

        Parameters
        ----------
        vectorizer : TfidfVectorizer
            Its `min_df`, `max_features` and `vocabulary` say which terms are kept.

        Raises
        ------
        ValueError
            When no term is kept.
        """
        kept = self._kept(vectorizer)
        if not len(kept):
            raise ValueError(
                f"no word stands in {vectorizer.min_df} of {self.matrix.shape[0]} texts; expected "
                "some: train on more articles, or lower min_df"
            )
        terms = list(self.place)
        vectorizer.vocabulary_ = {terms[column]: i for i, column in enumerate(kept)}
        vectorizer.fixed_vocabulary_ = vectorizer.vocabulary is not None
        options = {name: getattr(vectorizer, name) for name in TfidfTransformer().get_params()}
        vectorizer._tfidf = TfidfTransformer(**options).fit(self.matrix[:, kept])
        return vectorizer

    def weigh(self, vectorizer: TfidfVectorizer) -> csr_matrix:
        """Return what a fitted vectoriser's `transform` gives for the texts."""
        columns = list(map(self.place.__getitem__, vectorizer.vocabulary_))
        return vectorizer._tfidf.transform(self.matrix[:, columns])

    def _kept(self, vectorizer: TfidfVectorizer) -> NDArray[np.intp]:
        """Return the columns of the terms that a vectoriser keeps, in order.

        Source: CountVectorizer of scikit-learn, down to how equal sums are sorted.
        """
        n_terms = len(self.place)
        if vectorizer.vocabulary is not None:
            return np.arange(n_terms)
        documents = np.bincount(self.matrix.indices, minlength=n_terms)
        kept = np.flatnonzero(documents >= vectorizer.min_df)
        limit = vectorizer.max_features
        if limit is not None and len(kept) > limit:
            sums = np.asarray(self.matrix.sum(axis=0)).ravel()
            kept = np.sort(kept[(-sums[kept]).argsort()[:limit]])
        return kept


def count_terms(texts: Iterable[str], cut: Callable[[str], list[str]]) -> Counts:
    """Return how often each text has each term, given what cuts a text into terms."""
    place: defaultdict[str, int] = defaultdict()
    place.default_factory = place.__len__
    columns, ends = array("i"), array("q", [0])
    for text in texts:
        columns.extend(map(place.__getitem__, cut(text)))
        ends.append(len(columns))
    terms = sorted(place)
    rank = np.empty(len(terms), dtype=np.intc)
    rank[[place[term] for term in terms]] = np.arange(len(terms))
    matrix = csr_matrix(
        (np.ones(len(columns)), rank[np.asarray(columns)], np.asarray(ends)),
        shape=(len(ends) - 1, len(terms)),
    )
    matrix.sum_duplicates()
    return Counts(dict(zip(terms, range(len(terms)), strict=True)), matrix)
