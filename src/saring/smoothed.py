"""Logistic regression that gives near words near weights, and no weight to who publishes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_matrix, hstack
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression

from saring.headlines import word_vectors
from saring.logistic import fit_logistic

__all__ = ["SmoothedLogistic"]

MAX_ITERATIONS = 3000


class SmoothedLogistic(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Logistic regression over two labels; once fitted, a plain linear model.

    Two things happen in fitting alone. The known words get, besides what the other columns say, a
    weight that is linear in their vectors, so that a word no labelled row holds is judged as its
    neighbours are. And each publisher gets an intercept, later replaced by their average, so that
    words need not tell publishers apart.

    Measured on the 14,968 headlines of CLICK-ID: the vectors bring .003 accuracy and .004 area on
    random folds, .006 accuracy where all annotators agree. The intercepts bring .003 accuracy and
    .003 area on publishers left out; on random folds they change less than can be told.

    Parameters
    ----------
    C : float
        Inverse strength of the L2 penalty.
    smoothing : float
        Size of the vectors beside the other columns; 0 leaves them out.
    publishers : float
        Size of the publishers' columns; 0 leaves them out. The larger, the less words say who
        publishes: 1 costs .014 accuracy where training has seen the publisher.
    """

    def __init__(self, C: float = 1.0, smoothing: float = 0.0, publishers: float = 0.0) -> None:
        self.C = C
        self.smoothing = smoothing
        self.publishers = publishers

    def fit(
        self,
        X: csr_matrix,
        y: ArrayLike,
        sample_weight: NDArray[np.float64] | None = None,
        publishers: ArrayLike | None = None,
    ) -> SmoothedLogistic:
        """Learn from rows, whose last columns are the words of `word_vectors`; return self."""
        vectors = self.smoothing * word_vectors()[1]
        n_plain, n_numbers = X.shape[1] - len(vectors), vectors.shape[1]
        columns = csr_matrix(X)
        plain, nearness = columns[:, :n_plain], columns[:, n_plain:] @ vectors
        centre = nearness.mean(axis=0)  # taken off, or thousands of steps do not find the optimum
        desks = self.publishers * _indicators(publishers, len(nearness))
        design = hstack([plain, csr_matrix(nearness - centre), csr_matrix(desks)], format="csr")
        found = LogisticRegression(C=self.C, max_iter=MAX_ITERATIONS)
        fit_logistic(found, design, y, sample_weight)
        weights = np.split(found.coef_[0], [n_plain, n_plain + n_numbers])
        average = np.average(desks @ weights[2], weights=sample_weight)
        self.classes_ = found.classes_
        self.coef_ = np.concatenate([weights[0], vectors @ weights[1]])[None]
        self.intercept_ = found.intercept_ - centre @ weights[1] + average
        return self

    def decision_function(self, X: csr_matrix) -> NDArray[np.float64]:
        """Return the log-odds of the second label, shape (n_rows,)."""
        scores: NDArray[np.float64] = np.asarray(X @ self.coef_[0]) + self.intercept_[0]
        return scores

    def predict_proba(self, X: csr_matrix) -> NDArray[np.float64]:
        """Return the probability of each label, shape (n_rows, 2)."""
        second = expit(self.decision_function(X))
        return np.column_stack([1 - second, second])

    def predict(self, X: csr_matrix) -> NDArray[Any]:
        """Return the more probable label of each row."""
        labels: NDArray[Any] = self.classes_[(self.decision_function(X) > 0).astype(np.intp)]
        return labels


def _indicators(publishers: ArrayLike | None, n_rows: int) -> NDArray[np.float64]:
    """Return a column for each publisher, 1 in its rows; none for rows that name none."""
    if publishers is None:
        return np.zeros((n_rows, 0))
    given = np.char.strip(np.asarray(publishers, dtype=np.str_))
    names = np.unique(given[given != ""])
    columns: NDArray[np.float64] = (given[:, None] == names).astype(np.float64)
    return columns
