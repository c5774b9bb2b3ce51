"""Features of pairs while a model is fitted, by the kernel where there is one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from saring import compiled
from saring.compiled.blocks import NotCompiled
from saring.learnt import Learnt
from saring.pairs import Pair

if TYPE_CHECKING:
    from saring.pairs.transformer import PairFeatures

__all__ = ["pair_features"]


def pair_features(fitted: PairFeatures, pairs: Sequence[Pair]) -> NDArray[np.float64]:
    """Return what a fitted `PairFeatures` gives for pairs, but for rounding, (n_pairs, 17)."""
    if len(pairs) >= compiled.ROWS_WORTH_LOADING and compiled.prepare():
        from saring.compiled.pairs.judging import CompiledJudge

        try:
            # Kept until the next fit: a fold asks for its training rows, then for those it tests.
            if not hasattr(fitted, "_compiled"):
                fitted._compiled = CompiledJudge(Learnt.of(fitted))
            features: NDArray[np.float64] = fitted._compiled.features_and_ties(pairs)[0]
            return features
        except NotCompiled:  # two of its terms have one hash
            pass
    found: NDArray[np.float64] = fitted.transform(pairs)
    return found
