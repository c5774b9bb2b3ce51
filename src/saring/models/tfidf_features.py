"""TF-IDF features of articles and headlines for training: texts are counted once for all folds.

Whatever is counted in texts is the same in every fold, so the rows of a table remember it (`Rows`), and each fold takes
lines and columns of the counts.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from threading import RLock
from typing import Any, Literal, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.feature_extraction.text import TfidfTransformer

from saring.models.vocabulary import Bag, GroupCounter, with_pairs
from saring.text import SHARE_SCALE, Field, Row, field_text, framed_tokens, load_lexicon, names_by_kind, runs, words

T = TypeVar("T")
Numbers = NDArray[np.intp]


class Rows(Sequence[Any]):
    """All rows of a table, or those of the given `numbers`, which share what was found in all of them."""

    def __init__(self, rows: Iterable[Any]) -> None:
        self._all = list(rows)
        self.numbers: Numbers = np.arange(len(self._all))
        self._found: dict[Hashable, Any] = {}
        self._finding = RLock()  # folds run side by side: what one of them finds the others await

    @classmethod
    def of(cls, rows: Sequence[Any]) -> Rows:
        """Return rows that are of a table as they are, others as a table of their own."""
        return rows if isinstance(rows, Rows) else cls(rows)

    def take(self, chosen: Numbers) -> Rows:
        """Return some of these rows, by their places among them."""
        some = copy(self)
        some.numbers = self.numbers[chosen]
        return some

    def once(self, what: Hashable, find: Callable[[Sequence[Any]], T]) -> T:
        """Return `find` of all rows of the table; it is called once for each `what`."""
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
    """Return `find` of rows, a line each, found once in the whole table; a line must depend on its row alone."""
    rows = Rows.of(rows)
    return rows.once(what, find)[rows.numbers]  # type: ignore[index, no-any-return]


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """How often each of some texts has each term."""

    place: dict[str, int]  # of each term, in the order of the alphabet or as chosen: its column
    matrix: csr_matrix  # (n_texts, n_terms)

    def __getitem__(self, lines: Any) -> Counts:
        return Counts(self.place, self.matrix[lines])

    def only(self, terms: Sequence[str]) -> Counts:
        """Return the counts of some terms, in their order; one that no text has gets a column."""
        columns = [self.place.get(term, len(self.place)) for term in terms]
        shape = self.matrix.shape[0], len(self.place) + 1
        wider = csr_matrix((self.matrix.data, self.matrix.indices, self.matrix.indptr), shape=shape)
        return Counts(dict(zip(terms, range(len(terms)), strict=True)), wider[:, columns])

    def fit(self, min_df: int, max_features: int | None = None) -> FittedTfidf:
        """Return what scikit-learn's TfidfVectorizer, with logarithms of counts, learns from the texts.

        Raises ValueError when no term is kept.
        """
        documents = np.bincount(self.matrix.indices, minlength=len(self.place))
        kept = np.flatnonzero(documents >= min_df)
        if not len(kept):
            where = f"{min_df} of {self.matrix.shape[0]} texts"
            raise ValueError(f"no word stands in {where}; expected some: train on more articles, or lower min_df")
        if max_features is not None and len(kept) > max_features:
            sums = np.asarray(self.matrix.sum(axis=0)).ravel()
            kept = np.sort(kept[(-sums[kept]).argsort()[:max_features]])  # equal sums as CountVectorizer has them
        terms = list(self.place)
        transformer = TfidfTransformer(sublinear_tf=True).fit(self.matrix[:, kept])
        return FittedTfidf([terms[column] for column in kept], transformer.idf_, transformer)


class FittedTfidf(NamedTuple):
    """Terms, their inverse document frequencies (natural log, from 1 up), and what weighs counts by them."""

    terms: list[str]
    idf: NDArray[np.float64]
    transformer: TfidfTransformer

    @classmethod
    def of(cls, terms: Sequence[str], idf: NDArray[np.float64]) -> FittedTfidf:
        """Return what `Counts.fit` gave, from the terms and frequencies that a model keeps of it."""
        transformer = TfidfTransformer(sublinear_tf=True)
        transformer.idf_ = idf
        return cls(list(terms), idf, transformer)

    def weigh(self, counts: Counts) -> csr_matrix:
        """Return the TF-IDF of counted texts, L2-normed, shape (n_texts, n_terms)."""
        return self.transformer.transform(counts.only(self.terms).matrix)


def count_terms(texts: Iterable[Any], cut: Callable[[Any], list[str]]) -> Counts:
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
    shape = len(ends) - 1, len(terms)
    matrix = csr_matrix((np.ones(len(columns)), rank[np.asarray(columns)], np.asarray(ends)), shape=shape)
    matrix.sum_duplicates()
    return Counts(dict(zip(terms, range(len(terms)), strict=True)), matrix)


class FieldTfidf(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """TF-IDF of one field of (title, body) rows, L2-normed, shape (n_rows, n_terms).

    A `min_df` of two and more also keeps words of single articles out of a model that is shared. Document frequencies
    are counted on rows that have a body: a headline alone is a fragment, and thousands of them would make every common
    word look rare.

    Parameters
    ----------
    field : str
        As in `field_text`.
    min_df : int
        A term must stand in this many training articles.
    known : bool
        Whether terms are the words that `word_vectors` has, seen in training or not.
    """

    def __init__(self, field: Field = "all", min_df: int = 2, known: bool = False) -> None:
        self.field = field
        self.min_df = min_df
        self.known = known

    @classmethod
    def of(cls, field: Field, terms: Sequence[str], idf: NDArray[np.float64]) -> FieldTfidf:
        """Return a fitted one, from what a model keeps of it."""
        found = cls(field)
        found.tfidf_ = FittedTfidf.of(terms, idf)
        return found

    def fit(self, rows: Sequence[Row], y: Any = None) -> FieldTfidf:
        """Learn the vocabulary and its document frequencies; return self."""
        documents = [i for i, (_, body) in enumerate(rows) if body] or slice(None)
        counts = self._counts(rows)[documents]
        self.tfidf_ = counts.only(word_vectors()[0]).fit(min_df=0) if self.known else counts.fit(self.min_df)
        return self

    def transform(self, rows: Sequence[Row]) -> csr_matrix:
        """Return the TF-IDF of each row's field, shape (n_rows, n_terms)."""
        return self.tfidf_.weigh(self._counts(rows))

    def _counts(self, rows: Sequence[Row]) -> Counts:
        """Return how often each row's field has each word."""
        field = self.field
        return per_row(rows, ("field", field), lambda rows: count_terms((field_text(r, field) for r in rows), words))


class GroupShares(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Whether the title names each group of terms, and its share of all words.

    The share enters as its square root, so that the first mentions count most. The groups of the day of fitting are
    kept, so that a later edit of the files does not change a model.

    Parameters
    ----------
    section : str
        The ``domains`` of the lexicon, or the ``names`` by kind.
    """

    def __init__(self, section: Literal["domains", "names"] = "domains") -> None:
        self.section = section

    @classmethod
    def of(cls, groups: Mapping[str, Sequence[str]]) -> GroupShares:
        """Return a fitted one, from the groups that a model keeps."""
        found = cls()
        found.groups_ = {name: list(terms) for name, terms in groups.items()}
        return found

    def fit(self, rows: Sequence[Row], y: Any = None) -> GroupShares:
        """Take the groups as they stand; return self."""
        self.groups_ = {name: list(terms) for name, terms in SECTIONS[self.section]().items()}
        return self

    def transform(self, rows: Sequence[Row]) -> csr_matrix:
        """Return the shares, shape (n_rows, 2 * n_groups): titles, then whole texts."""
        return per_row(rows, ("groups", self.section), self._shares)

    def _shares(self, rows: Sequence[Row]) -> csr_matrix:
        counter = GroupCounter(self.groups_.values())
        titles, bags = ([Bag(runs(field_text(row, field))) for row in rows] for field in ("title", "all"))
        in_title, counts = (np.array([counter.count(bag) for bag in found], float) for found in (titles, bags))
        share = counts / np.array([max(1, bag.size) for bag in bags])[:, None]
        return csr_matrix(np.hstack([in_title > 0, SHARE_SCALE * np.sqrt(share)]))


SECTIONS: Mapping[str, Callable[[], Mapping[str, Sequence[str]]]] = {
    "domains": lambda: load_lexicon("domains"),
    "names": names_by_kind,
}


class HeadlineTfidf(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """TF-IDF of tokens of headlines and pairs of them, L2-normed, shape (n_headlines, n_terms).

    The beginning and the end of a headline are tokens of their own. A headline given twice (once for each label that
    annotators gave it) counts once.

    Parameters
    ----------
    min_df : int
        A term must stand in this many training headlines.
    cased : bool
        Whether words and numbers are kept as written ("VIRAL" is not "viral"), not lower-cased and one token.
    known : bool
        Whether terms are the single words that `word_vectors` has, seen in training or not.
    """

    def __init__(self, min_df: int = 2, cased: bool = False, known: bool = False) -> None:
        self.min_df = min_df
        self.cased = cased
        self.known = known

    @classmethod
    def of(cls, terms: Sequence[str], idf: NDArray[np.float64], *, cased: bool) -> HeadlineTfidf:
        """Return a fitted one, from what a model keeps of it."""
        found = cls(cased=cased)
        found.tfidf_ = FittedTfidf.of(terms, idf)
        return found

    def fit(self, rows: Sequence[str], y: Any = None) -> HeadlineTfidf:
        """Learn the vocabulary and its document frequencies; return self."""
        counts = self._counts(rows)[list({row: i for i, row in enumerate(rows)}.values())]
        self.tfidf_ = counts.only(word_vectors()[0]).fit(min_df=0) if self.known else counts.fit(self.min_df)
        return self

    def transform(self, rows: Sequence[str]) -> csr_matrix:
        """Return the TF-IDF of each headline, shape (n_headlines, n_terms)."""
        return self.tfidf_.weigh(self._counts(rows))

    def _counts(self, rows: Sequence[str]) -> Counts:
        """Return how often each headline has each token and each pair of neighbours."""

        def count(rows: Sequence[str]) -> Counts:
            return count_terms(framed_tokens(rows, cased=self.cased), with_pairs)

        return per_row(rows, ("headline", self.cased), count)


@cache
def word_vectors() -> tuple[tuple[str, ...], NDArray[np.float64]]:
    """Return words of Indonesian news and their vectors of length 1, shape (n_words, n_numbers).

    Words that stand among the same words have near vectors: what is learned of one word of the labelled headlines
    holds, in part, for its neighbours, which no labelled headline may hold.

    Source: singular vectors of the positive mutual information of words within five words of one another in the
    22,138 articles of CLICK-ID (CC BY 4.0), which bench/vectors.py makes; after O. Levy, Y. Goldberg, I. Dagan,
    Improving distributional similarity (2015).
    """
    with (files("saring.models") / "vectors.npz").open("rb") as file, np.load(file) as stored:
        terms = tuple(stored["terms"].tobytes().decode("utf-8").split("\n"))
        vectors = stored["vectors"].astype(np.float64)
    return terms, vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
