"""A fitted pipeline taken apart: each transformer with its columns' weights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import Pipeline

__all__ = ["NotCompiled", "blocks", "check", "idf_of", "terms_of"]

Weights = NDArray[np.float64]
# What fitting takes into account and transforming does not.
_OF_FITTING = {"dtype", "max_df", "max_features", "min_df", "vocabulary"}


class NotCompiled(Exception):
    """A pipeline holds what the kernel does not know; scikit-learn answers in its place."""


def check(right: bool, reason: str) -> None:
    """Raise NotCompiled, with the reason, unless it is right."""
    if not right:
        raise NotCompiled(reason)


def blocks(model: Pipeline) -> Iterator[tuple[Any, Weights]]:
    """Yield the transformers of a model, each with its weights, shape (n_scores, n_columns).

    The weight of the transformer itself is in them.
    """
    union, classifier = model.named_steps["features"], model.named_steps["classify"]
    sizes = union.transformer_weights or {}
    begin = 0
    for name, transformer in union.transformer_list:
        end = begin + _width(transformer)
        yield transformer, classifier.coef_[:, begin:end] * sizes.get(name, 1.0)
        begin = end
    check(begin == classifier.coef_.shape[1], "columns of unknown transformers")


def _width(transformer: Any) -> int:
    """Return how many columns a transformer makes."""
    if hasattr(transformer, "lexicon_"):
        return 2 * len(transformer.lexicon_)
    check(hasattr(transformer, "vectorizer_"), f"a {type(transformer).__name__}")
    return len(transformer.vectorizer_.vocabulary_)


def terms_of(vectorizer: TfidfVectorizer, **expected: Any) -> list[str]:
    """Return the terms of a vectorizer in the order of its columns.

    Raises
    ------
    NotCompiled
        When it differs in what counts from ``TfidfVectorizer(**expected)``.
    """
    given, plain = vectorizer.get_params(), TfidfVectorizer(**expected).get_params()
    odd = {name for name in plain if given[name] != plain[name]} - _OF_FITTING
    check(not odd, f"a vectorizer with its own {', '.join(sorted(odd))}")
    places: Mapping[str, int] = vectorizer.vocabulary_
    found = [""] * len(places)
    for term, i in places.items():
        found[i] = term
    return found


def idf_of(vectorizer: TfidfVectorizer) -> NDArray[np.float64]:
    """Return the idf of each column."""
    idf: NDArray[np.float64] = np.asarray(vectorizer.idf_, dtype=np.float64)
    return idf
