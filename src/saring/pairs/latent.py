"""The latent space (LSA) of the background: directions of short texts in it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from saring.pairs.vocabulary import DAMPED

__all__ = ["LatentSpace"]


class LatentSpace:
    """Where texts lie in a latent space.

    Parameters
    ----------
    terms : TfidfVectorizer
        Fitted, with logarithms of counts; its vocabulary and inverse document frequencies are read.
    axes : TruncatedSVD
        Fitted on what `terms` gives.
    """

    def __init__(self, terms: Any, axes: Any) -> None:
        self._place = {word: int(place) for word, place in terms.vocabulary_.items()}
        # A row a word, as wide as the space. The length of a text does not matter to its direction.
        self._rows = np.ascontiguousarray(axes.components_.T * terms.idf_[:, None])

    def direction(self, words: Iterable[str]) -> NDArray[np.float64]:
        """Return the unit vector of a text, shape (n_dimensions,); zeros if it has no known word.

        It is ``normalize(axes.transform(terms.transform([text])))`` but for rounding.
        """
        counts = Counter(words)
        known = [word for word in counts if word in self._place]
        if not known:
            return np.zeros(self._rows.shape[1])
        rows = self._rows.take([self._place[word] for word in known], axis=0)
        found: NDArray[np.float64] = np.array([DAMPED[counts[word]] for word in known]) @ rows
        length = math.sqrt(found @ found)
        return found / length if length > 0 else found
