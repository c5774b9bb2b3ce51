"""The latent space (LSA) of the background: directions of short texts in it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from saring.pairs.vocabulary import DAMPED

__all__ = ["LatentSpace", "word_rows"]


class LatentSpace:
    """Where texts lie in a latent space.

    Parameters
    ----------
    words : sequence of str
    idf : (n_words,) array
        Their inverse document frequencies.
    axes : (n_dimensions, n_words) array
        What a TruncatedSVD fitted on their TF-IDF, with logarithms of counts, calls components.
    """

    def __init__(
        self, words: Sequence[str], idf: NDArray[np.float64], axes: NDArray[np.float64]
    ) -> None:
        self._place = dict(zip(words, range(len(words)), strict=True))
        self._rows = word_rows(idf, axes)

    def direction(self, words: Iterable[str]) -> NDArray[np.float64]:
        """Return the unit vector of a text, shape (n_dimensions,); zeros if it has no known word.

        It is what scikit-learn's two transformers and `normalize` give but for rounding.
        """
        counts = Counter(words)
        known = [word for word in counts if word in self._place]
        if not known:
            return np.zeros(self._rows.shape[1])
        rows = self._rows.take([self._place[word] for word in known], axis=0)
        found: NDArray[np.float64] = np.array([DAMPED[counts[word]] for word in known]) @ rows
        length = math.sqrt(found @ found)
        return found / length if length > 0 else found


def word_rows(idf: NDArray[np.float64], axes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a row a word, as wide as the space, of which directions are made.

    The length of a text does not matter to its direction.
    """
    return np.ascontiguousarray(axes.T * idf[:, None])
