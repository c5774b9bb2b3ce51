"""TF-IDF features of articles and headlines, counted once for all folds."""

from __future__ import annotations

import re
from array import array
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import pairwise
from threading import RLock
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.feature_extraction.text import TfidfTransformer, TfidfVectorizer

from saring.text import (
    FRAMED_TOKEN,
    SHARE_SCALE,
    TOKEN,
    Bag,
    Field,
    GroupCounter,
    Row,
    field_text,
    framed,
    load_lexicon,
    words,
)

# What fitting counts in texts: counted once, whichever of the rows a model is then fitted on.


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
        (np.ones(len(columns)), rank[np.asarray(columns)], np.asarray(ends)), shape=(len(ends) - 1, len(terms))
    )
    matrix.sum_duplicates()
    return Counts(dict(zip(terms, range(len(terms)), strict=True)), matrix)


# Features of articles and headlines: TF-IDF of fields, and shares of the lexicon's domains.


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


# Features of headlines: TF-IDF of words and marks; vectors of known words.


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

    Words that stand among the same words have near vectors: what is learned of one word of the
    labelled headlines holds, in part, for its neighbours, which no labelled headline may hold.

    Notes
    -----
    Source: singular vectors of the positive mutual information of words within five words of one
    another in the 22,138 articles of CLICK-ID (CC BY 4.0), which bench/vectors.py makes; after
    O. Levy, Y. Goldberg, I. Dagan, Improving distributional similarity (2015).
    """
    with (files("saring.models") / "vectors.npz").open("rb") as file, np.load(file) as stored:
        terms = tuple(stored["terms"].tobytes().decode("utf-8").split("\n"))
        vectors = stored["vectors"].astype(np.float64)
    return terms, vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
