"""What fitting counts in background articles; each text is read once."""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import TfidfTransformer, TfidfVectorizer

from saring.lexicon import Bag

__all__ = ["fit_counted", "word_counts"]


def word_counts(texts: Iterable[str]) -> tuple[list[str], csr_matrix]:
    """Return the words of texts in the order of the alphabet, and how often each text has each.

    The matrix has the shape (n_texts, n_words). As in that of scikit-learn's CountVectorizer, which
    it equals, the words of a row stand in the order in which they were first met: sums over a row
    have the same last digits.
    """
    place: defaultdict[str, int] = defaultdict()
    place.default_factory = place.__len__
    columns, counts, ends = array("i"), array("d"), array("q", [0])
    for text in texts:
        found = Bag.of(text).counts
        columns.extend(map(place.__getitem__, found))
        counts.extend(found.values())
        ends.append(len(columns))
    known = sorted(place)
    matrix = csr_matrix(
        (np.asarray(counts), np.asarray(columns), np.asarray(ends)),
        shape=(len(ends) - 1, len(known)),
    )
    matrix.sort_indices()
    rank = np.empty(len(known), dtype=matrix.indices.dtype)
    rank[[place[word] for word in known]] = np.arange(len(known))
    matrix.indices = rank[matrix.indices]
    return known, matrix


def fit_counted(
    vectorizer: TfidfVectorizer, known: Sequence[str], counts: csr_matrix
) -> tuple[TfidfVectorizer, csr_matrix]:
    """Return a vectoriser of words as fitted on texts that were counted, and the counts it keeps.

    Parameters
    ----------
    vectorizer : TfidfVectorizer
        Its `min_df` and `max_features` say which words are kept.
    known, counts
        As `word_counts` gives them.

    Raises
    ------
    ValueError
        When no word is kept.
    """
    kept = _kept(vectorizer, counts)
    if not len(kept):
        raise ValueError(
            f"no word stands in {vectorizer.min_df} of {counts.shape[0]} texts; expected some: "
            "train on more articles, or lower min_df"
        )
    found = counts[:, kept]
    vectorizer.vocabulary_ = {known[column]: i for i, column in enumerate(kept)}
    vectorizer.fixed_vocabulary_ = False
    options = {name: getattr(vectorizer, name) for name in TfidfTransformer().get_params()}
    vectorizer._tfidf = TfidfTransformer(**options).fit(found)
    return vectorizer, found


def _kept(vectorizer: Any, counts: csr_matrix) -> NDArray[np.intp]:
    """Return the columns of the words that a vectoriser keeps, in order.

    Source: CountVectorizer of scikit-learn, down to how equal sums are sorted.
    """
    documents = np.bincount(counts.indices, minlength=counts.shape[1])
    kept = np.flatnonzero(documents >= vectorizer.min_df)
    limit = vectorizer.max_features
    if limit is not None and len(kept) > limit:
        sums = np.asarray(counts.sum(axis=0)).ravel()
        kept = np.sort(kept[(-sums[kept]).argsort()[:limit]])
    return kept
