"""Links: what the link pipeline says of pairs, and the words that tell why, from one pass."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from saring.pairs import Pair, Tie

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

__all__ = ["links"]


def links(pipeline: Pipeline, pairs: Sequence[Pair]) -> tuple[NDArray[np.float64], list[list[Tie]]]:
    """Return the probability that each headline is unrelated, shape (n_pairs,), and its ties.

    The features are those of the pipeline; scaling them and adding them up is written out, since
    scikit-learn's checks of each pair cost more than the sums. A pair's answer is the same among
    any others.

    Parameters
    ----------
    pipeline : Pipeline
        From `models.link_model`, fitted.
    pairs : sequence of (title, body, headline)
    """
    features, classifier = pipeline
    found, ties = features.named_steps["pairs"].judge(pairs)
    scaler = features.named_steps["scale"]
    weighed = (found - scaler.mean_) / scaler.scale_ * classifier.coef_[0]
    # Row by row: a product with a vector adds up in an order that depends on the number of rows.
    scores = np.array([row.sum() for row in weighed]) + classifier.intercept_[0]
    return 1 / (1 + np.exp(-scores)), ties
