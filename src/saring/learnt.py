"""What a fitted estimator learnt, in plain values: of one that lives, or of one in a bundle.

Who only predicts reads these few values and needs no scikit-learn, whose import takes longer than
thousands of articles do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Fitted", "Learnt", "ordered", "terms_of"]

_HOMES = ("saring", "sklearn")


@dataclass(frozen=True, slots=True, eq=False)
class Learnt:
    """An estimator taken apart.

    Attributes
    ----------
    type : str
        Name of its class; with its module's where it is neither scikit-learn's nor ours.
    params : Mapping[str, Any]
        What it was made with.
    state : Mapping[str, Any]
        The attributes that fitting left.
    """

    type: str
    params: Mapping[str, Any]
    state: Mapping[str, Any]

    @classmethod
    def of(cls, fitted: Any) -> Learnt:
        """Return the parts of an estimator, or of one as `store.Bundle.parts` gives it."""
        if isinstance(fitted, Learnt):
            return fitted
        if isinstance(fitted, Mapping):
            return cls(fitted["type"], fitted["params"], fitted["state"])
        kind = type(fitted)
        ours = kind.__module__.partition(".")[0] in _HOMES
        name = kind.__name__ if ours else f"{kind.__module__}.{kind.__qualname__}"
        return cls(name, fitted.get_params(deep=False), vars(fitted))

    def steps(self) -> dict[str, Learnt]:
        """Return the estimators of a Pipeline or FeatureUnion by name, in order."""
        inner = self.params["steps" if self.type == "Pipeline" else "transformer_list"]
        return {name: Learnt.of(fitted) for name, fitted in inner}

    @property
    def idf(self) -> NDArray[np.float64]:
        """Inverse document frequencies of a TfidfVectorizer, shape (n_terms,)."""
        return np.asarray(Learnt.of(self.state["_tfidf"]).state["idf_"], dtype=np.float64)


class Fitted:
    """A stored estimator: read as parts, and built only where it alone can answer.

    Parameters
    ----------
    parts, build : callable
        Give it as `store.Bundle.parts` does, and as an estimator.
    """

    def __init__(self, parts: Callable[[], Any], build: Callable[[], Any]) -> None:
        self._parts = parts
        self._build = build

    @property
    def learnt(self) -> Learnt:
        """What it learnt."""
        return Learnt.of(self._parts())

    @property
    def estimator(self) -> Any:
        """The estimator itself."""
        return self._build()


def terms_of(vectorizer: Learnt) -> list[str]:
    """Return the terms of a vectorizer in the order of its columns."""
    vocabulary = vectorizer.state["vocabulary_"]
    if not isinstance(vocabulary, Mapping):
        return ordered(vocabulary)
    found = [""] * len(vocabulary)
    for term, place in vocabulary.items():
        found[place] = term
    return found


def ordered(strings: Any) -> list[str]:
    """Return a list of strings, be it one or flat arrays of them (`store.arrays.Strings`)."""
    return strings if isinstance(strings, list) else list(strings.tolist())
