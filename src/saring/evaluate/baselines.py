"""Rules a model must beat: what they predict for the rows it predicts."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from saring.errors import CorpusError

__all__ = ["majority_labels", "publisher_labels", "threshold_labels"]

Strings = NDArray[np.str_]


def majority_labels(train_truth: ArrayLike, n_rows: int) -> Strings:
    """Return the commonest training label, once per row to predict, (n_rows,).

    Raises
    ------
    CorpusError
        When there is no training row.
    """
    return np.full(n_rows, _commonest(np.asarray(train_truth, dtype=np.str_)))


def publisher_labels(
    train_truth: ArrayLike, train_publishers: ArrayLike, publishers: ArrayLike
) -> Strings:
    """Return each row's guess from its publisher alone, (n,): that publisher's commonest label.

    A publisher that was not trained on gets the commonest label of all.

    Raises
    ------
    CorpusError
        When there is no training row or the training columns differ in length.
    """
    truth, known = (np.asarray(column, dtype=np.str_) for column in (train_truth, train_publishers))
    if len(truth) != len(known):
        raise CorpusError(f"{len(truth)} training label(s) but {len(known)} publisher(s)")
    overall = _commonest(truth)
    guess = {publisher: _commonest(truth[known == publisher]) for publisher in np.unique(known)}
    rows = np.asarray(publishers, dtype=np.str_)
    return np.array([guess.get(publisher, overall) for publisher in rows], dtype=np.str_)


def threshold_labels(scores: ArrayLike, threshold: float, *, below: str, above: str) -> Strings:
    """Return `above` where a score reaches the threshold and `below` elsewhere, (n,)."""
    return np.where(np.asarray(scores) >= threshold, above, below)


def _commonest(labels: Strings) -> str:
    """Return the commonest label; of equals the first in the alphabet."""
    if not len(labels):
        raise CorpusError("a baseline has no training row to learn from; expected at least one")
    names, counts = np.unique(labels, return_counts=True)
    return str(names[counts.argmax()])
