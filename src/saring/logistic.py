"""Logistic regression where columns outnumber rows: scikit-learn's minimum in a third of its time.

The weights that minimise the penalised loss are a sum of the rows. So a vector of weights, tens of
thousands of numbers a label, can be held as its share of each row and its scores of the rows: inner
products, steps and the search along a line then need neither weights nor rows. A step of L-BFGS
costs two products with the rows; it may remember all steps before, and so takes half as many.

Fitting starts from nothing, never from the weights of another fold, which have seen the tested rows
and would keep a trace of them.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_matrix
from scipy.special import softmax
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

__all__ = ["fit_logistic"]

Floats = NDArray[np.float64]

MEMORY = 50  # steps remembered: more bring nothing, ten need a third more steps
# Along a line the slope must fall to this share of what it was. Half costs a third more steps.
FLATTER = 0.1
MOST_TRIES = 30  # on a line; the loss is convex, and three are enough


class _Vector(NamedTuple):
    """A vector of weights, one or one a label, and of a constant for each."""

    share: Floats  # of each row, (n_rows, n_columns); the weights are ``rows.T @ share``
    scores: Floats  # ``rows @ weights``, (n_rows, n_columns)
    constant: Floats  # (n_columns,)

    def dot(self, other: _Vector) -> float:
        return float(np.vdot(self.share, other.scores) + self.constant @ other.constant)

    def plus(self, factor: float, other: _Vector) -> _Vector:
        return _Vector(*(one + factor * two for one, two in zip(self, other, strict=True)))

    def times(self, factor: float) -> _Vector:
        return _Vector(*(factor * part for part in self))


class _Step(NamedTuple):
    """A step taken, and how the gradient changed on it."""

    moved: _Vector
    change: _Vector


def fit_logistic(
    classifier: LogisticRegression,
    rows: Any,
    labels: ArrayLike,
    sample_weight: ArrayLike | None = None,
) -> LogisticRegression:
    """Return a classifier fitted as by its own `fit`, within its tolerance.

    Parameters
    ----------
    classifier : LogisticRegression
        With an L2 penalty, an intercept and the solver ``lbfgs``; fitted in place.
    rows : (n, n_columns) matrix
        Where it is dense or has fewer columns than rows, the classifier's own `fit` is as quick and
        is called.
    labels : (n,) array
    sample_weight : (n,) array, optional
        All the same when not given.
    """
    if not isinstance(rows, csr_matrix) or rows.shape[1] <= rows.shape[0]:
        return classifier.fit(rows, labels, sample_weight=sample_weight)
    classifier.classes_, codes = np.unique(labels, return_inverse=True)
    truth = np.eye(len(classifier.classes_))[codes]
    if truth.shape[1] == 2:
        truth = truth[:, 1:]
    weights = np.ones(len(truth)) if sample_weight is None else np.asarray(sample_weight)
    problem = _Problem(rows, truth, weights, classifier.C)
    found, steps = problem.minimum(classifier.tol, classifier.max_iter)
    classifier.coef_ = np.ascontiguousarray(problem.weights(found).T)
    classifier.intercept_ = found.constant
    classifier.n_iter_ = np.array([steps], dtype=np.int32)
    classifier.n_features_in_ = rows.shape[1]
    return classifier


class _Problem:
    """The mean loss of weighted rows, with the penalty ``|weights|**2 / (2 * C * sum)``.

    Of two labels the first one's score is 0, and truth and scores have one column.
    """

    def __init__(self, rows: csr_matrix, truth: Floats, weights: Floats, C: float) -> None:
        self._rows, self._columns = rows, rows.T
        self._truth = truth
        self._weight = (weights / weights.sum())[:, None]
        self._penalty = 1 / (C * weights.sum())

    def minimum(self, tolerance: float, most: int) -> tuple[_Vector, int]:
        """Return where no part of the gradient exceeds a tolerance, and the steps to there."""
        nothing = np.zeros_like(self._truth)
        at = _Vector(nothing, nothing, np.zeros(nothing.shape[1]))
        past: list[_Step] = []
        gradient, largest = self._gradient(at)
        for number in range(most):
            if largest <= tolerance:
                return at, number
            towards = _direction(gradient, past)
            moved = towards.times(self._distance(at, towards, gradient.dot(towards)))
            at, before = at.plus(1.0, moved), gradient
            gradient, largest = self._gradient(at)
            past = [*past[1 - MEMORY :], _Step(moved, gradient.plus(-1.0, before))]
        warnings.warn(
            f"no minimum in {most} steps: the gradient is {largest:.2g}, not {tolerance:.2g}",
            ConvergenceWarning,
            stacklevel=3,
        )
        return at, most

    def weights(self, vector: _Vector) -> Floats:
        """Return the weights of each column of the rows, (n_columns, n_scores)."""
        found: Floats = self._columns @ vector.share
        return found

    def _gradient(self, at: _Vector) -> tuple[_Vector, float]:
        """Return the gradient and its largest part."""
        error = self._weight * (_probabilities(at.scores + at.constant) - self._truth)
        share, constant = error + self._penalty * at.share, error.sum(axis=0)
        weights = self._columns @ share
        largest = max(np.abs(weights).max(), np.abs(constant).max())
        return _Vector(share, self._rows @ weights, constant), float(largest)

    def _distance(self, at: _Vector, towards: _Vector, slope: float) -> float:
        """Return how far to go in a direction, in which the loss falls at `slope`."""
        start, change = at.scores + at.constant, towards.scores + towards.constant
        pull = self._penalty * float(np.vdot(at.share, towards.scores))
        bend = self._penalty * float(np.vdot(towards.share, towards.scores))
        near, far, distance = 0.0, np.inf, 1.0
        for _ in range(MOST_TRIES):
            likely = _probabilities(start + distance * change)
            mean = (likely * change).sum(axis=1, keepdims=True)
            spread = (likely * change**2).sum(axis=1, keepdims=True) - mean**2
            right = (self._truth * change).sum(axis=1, keepdims=True)
            here = float(np.vdot(self._weight, mean - right)) + pull + distance * bend
            if abs(here) <= FLATTER * abs(slope):
                break
            near, far = (distance, far) if here < 0 else (near, distance)
            distance -= here / (float(np.vdot(self._weight, spread)) + bend)  # Newton's step
            if not near < distance < far:
                distance = (near + far) / 2 if far < np.inf else 2 * near
        return distance


def _direction(gradient: _Vector, past: Sequence[_Step]) -> _Vector:
    """Return where L-BFGS goes from a gradient, given the steps before, the last one last.

    Source: J. Nocedal, S. Wright, Numerical Optimization (2006), algorithm 7.4.
    """
    found, factors = gradient, []
    for step in reversed(past):
        factors.append(step.moved.dot(found) / step.moved.dot(step.change))
        found = found.plus(-factors[-1], step.change)
    if past:
        moved, change = past[-1]
        found = found.times(moved.dot(change) / change.dot(change))
    for step, factor in zip(past, reversed(factors), strict=True):
        back = step.change.dot(found) / step.moved.dot(step.change)
        found = found.plus(factor - back, step.moved)
    return found.times(-1.0)


def _probabilities(scores: Floats) -> Floats:
    """Return the probability of each label that has a score; a single one's rival has 0."""
    n_scores = scores.shape[1]
    if n_scores == 1:
        scores = np.column_stack([np.zeros(len(scores)), scores])
    found: Floats = softmax(scores, axis=1)[:, -n_scores:]
    return found
