"""Which rows are worth a person's time: those the model is unsure of, and among them no two of one kind."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.cluster import KMeans
from sklearn.decomposition import TruncatedSVD
from threadpoolctl import threadpool_limits

POOL = 5  # so many times the rows wanted are spread: the unsurest ones
DIMENSIONS = 50  # of the model's features; k-means in all of them finds the same and takes minutes


def margin(probabilities: Mapping[str, float]) -> float:
    """Return how much likelier the likeliest topic is than the next one: small where a model is unsure."""
    first, second = sorted(probabilities.values(), reverse=True)[:2]
    return first - second


def choose(margins: NDArray[np.float64], columns: csr_matrix, most: int) -> list[int]:
    """Return the numbers of at most so many rows to label, the unsurest first.

    Of the rows with the smallest margins, five times as many as wanted, k-means makes groups by the model's own
    features, in which unsure rows weigh more; of each group the unsurest row is taken. The same rows give the same
    choice. Source: F. Zhdanov, Diverse mini-batch active learning (2019).
    """
    pool = np.argsort(margins, kind="stable")[: POOL * most]
    if len(pool) <= most:
        return [int(row) for row in pool]
    with threadpool_limits(limits=1):  # sums of several threads differ in the last digit
        features = columns[pool]
        if min(features.shape) > DIMENSIONS + 1:
            features = TruncatedSVD(DIMENSIONS, random_state=0).fit_transform(features)
        groups = KMeans(most, n_init=1, random_state=0).fit(features, sample_weight=1 - margins[pool] + 1e-9).labels_
    firsts = np.unique(groups, return_index=True)[1]  # the pool is in the order of its margins
    rest = np.setdiff1d(np.arange(len(pool)), firsts)[: most - len(firsts)]  # equal rows leave groups empty
    return [int(pool[place]) for place in np.sort(np.concatenate([firsts, rest]))]
