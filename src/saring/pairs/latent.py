"""The latent space (LSA) of the background: directions of short texts in it."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from saring.lexicon import words

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
        self._place = terms.vocabulary_
        # A row a word, as wide as the space. The length of a text does not matter to its direction.
        self._rows = np.ascontiguousarray(axes.components_.T * terms.idf_[:, None])

    def direction(self, text: str) -> NDArray[np.float64]:
        """Return the unit vector of a text, shape (n_dimensions,); zeros if it has no known word.

        It is ``normalize(axes.transform(terms.transform([text])))`` but for rounding.
        """
        counts = Counter(words(text))
        known = [word for word in counts if word in self._place]
        places = [self._place[word] for word in known]
        said = 1.0 + np.log([counts[word] for word in known])
        found: NDArray[np.float64] = said @ self._rows[places]
        length = np.sqrt(found @ found)
        return found / length if length > 0 else found
