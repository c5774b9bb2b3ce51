"""Links: what the link pipeline says of pairs, and the words that tell why, from one pass."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from saring.learnt import Learnt
from saring.pairs import Judge, Pair, Tie

__all__ = ["PairScorer"]


class Judging(Protocol):
    """Who says what the features of pairs are, and which words tie them: `Judge`, or the kernel."""

    def features_and_ties(
        self, pairs: Sequence[Pair]
    ) -> tuple[NDArray[np.float64], list[list[Tie]]]: ...


class PairScorer:
    """A link pipeline.

    The features are those of the pipeline; scaling them and adding them up is written out, since
    scikit-learn's checks of each pair cost more than the sums.

    Parameters
    ----------
    model : Learnt
        Of a fitted `models.link_model`.
    judge : callable
        Who says what the features are: made of a fitted `PairFeatures`.
    """

    def __init__(self, model: Learnt, judge: Callable[[Learnt], Judging] = Judge) -> None:
        features, classifier = model.steps().values()
        pairs, scaler = features.steps().values()
        self._judge = judge(pairs)
        self._mean, self._scale = scaler.state["mean_"], scaler.state["scale_"]
        self._weights = classifier.state["coef_"][0]
        self._intercept = float(classifier.state["intercept_"][0])

    def __call__(self, pairs: Sequence[Pair]) -> tuple[NDArray[np.float64], list[list[Tie]]]:
        """Return the probability that each headline is unrelated, shape (n_pairs,), and its ties.

        A pair's answer is the same among any others.
        """
        found, ties = self._judge.features_and_ties(pairs)
        weighed = (found - self._mean) / self._scale * self._weights
        # Not a product with a vector, which adds up in an order that depends on how many rows there
        # are.
        scores = weighed.sum(axis=1) + self._intercept
        return 1 / (1 + np.exp(-scores)), ties
