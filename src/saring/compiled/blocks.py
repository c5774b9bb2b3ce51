"""A fitted pipeline taken apart: the terms of each block, their idf and the classifier's weights.

The kernel and the plain scorer are both made of this.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from saring.fields import END, SHARE_SCALE, START, TOKEN
from saring.learnt import Learnt, ordered, terms_of
from saring.strangeness import rarities

__all__ = ["ArticleModel", "Block", "HeadlineModel", "NotCompiled", "check"]

Weights = NDArray[np.float64]
# What fitting takes into account and transforming does not, and what decodes bytes.
OF_FITTING = {
    "decode_error", "dtype", "encoding", "input", "max_df", "max_features", "min_df", "vocabulary",
}  # fmt: skip
# What a scorer does: the other parameters of a TfidfVectorizer, as scikit-learn sets them.
PLAIN: Mapping[str, Any] = {
    "analyzer": "word", "binary": False, "lowercase": True, "ngram_range": (1, 1), "norm": "l2",
    "preprocessor": None, "smooth_idf": True, "stop_words": None, "strip_accents": None,
    "sublinear_tf": False, "token_pattern": r"(?u)\b\w\w+\b", "tokenizer": None, "use_idf": True,
}  # fmt: skip
MARKS_AND_WORDS = f"[{START}{END}]|{TOKEN}"


class NotCompiled(Exception):
    """A pipeline holds what the scorers do not know; scikit-learn answers in their place."""


def check(right: bool, reason: str) -> None:
    """Raise NotCompiled, with the reason, unless it is right."""
    if not right:
        raise NotCompiled(reason)


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """TF-IDF and what the classifier makes of it.

    Attributes
    ----------
    terms : list of str
    idf : (n_terms,) array
    weights : (n_scores, n_terms) array
        The weight of the block itself is in them.
    max_words : int
        Terms are runs of so many words, or of fewer.
    """

    terms: list[str]
    idf: Weights
    weights: Weights
    max_words: int


@dataclass(frozen=True, slots=True, eq=False)
class ArticleModel:
    """A topic pipeline.

    Attributes
    ----------
    fields : Mapping[str, Block]
        ``all``, and maybe ``title`` and ``lead``.
    groups : Mapping[str, Sequence[str]]
        Of the lexicon; none where the model does without.
    domains : (2 * n_groups, n_topics) array
        Weights of whether the title names each group, then of the root of its share of all words.
    rarity, unknown : Mapping[str, float], float
        See `strangeness.rarities`.
    intercept : (n_topics,) array
    """

    fields: Mapping[str, Block]
    groups: Mapping[str, Sequence[str]]
    domains: Weights
    rarity: Mapping[str, float]
    unknown: float
    intercept: Weights

    @classmethod
    def of(cls, model: Learnt) -> ArticleModel:
        """Return a fitted topic pipeline, taken apart.

        Raises
        ------
        NotCompiled
            For one with fields of characters, or otherwise not as `saring.models` makes them.
        """
        classifier = model.steps()["classify"]
        check(classifier.type == "LogisticRegression", f"a {classifier.type}")
        intercept = _columns(classifier.state["intercept_"][:, None])[:, 0]
        fields: dict[str, Block] = {}
        groups: Mapping[str, Sequence[str]] = {}
        domains = np.zeros((0, len(intercept)))
        for part, weights in _parts(model):
            if part.type == "DomainShares":
                groups = {name: ordered(terms) for name, terms in part.state["lexicon_"].items()}
                domains = _columns(weights).T.copy()
                domains[len(groups) :] *= SHARE_SCALE
            else:
                fields[part.params["field"]] = _field(part, _columns(weights))
                if part.params["field"] == "all":
                    rarity, unknown = rarities(Learnt.of(part.state["vectorizer_"]))
        check("all" in fields, "no field of the whole text")
        return cls(fields, groups, np.ascontiguousarray(domains), rarity, unknown, intercept)


@dataclass(frozen=True, slots=True, eq=False)
class HeadlineModel:
    """A clickbait pipeline: runs of small words, single known words, runs of words as written."""

    words: Block
    known: Block
    cased: Block
    intercept: float

    @classmethod
    def of(cls, model: Learnt) -> HeadlineModel:
        """Return a fitted clickbait pipeline, taken apart.

        Raises
        ------
        NotCompiled
            For one that is not as `saring.models` makes them.
        """
        classifier = model.steps()["classify"]
        check(classifier.type == "SmoothedLogistic", f"a {classifier.type}")
        found = {}
        for part, weights in _parts(model):
            check(part.type == "HeadlineTfidf", f"a {part.type}")
            cased, known = part.params["cased"], part.params["known"]
            found[cased, known] = _block(
                part, weights, 1 if known else 2, lowercase=not cased, token_pattern=MARKS_AND_WORDS
            )
        kinds = ((False, False), (False, True), (True, False))
        check(sorted(found) == sorted(kinds), "other blocks of headlines")
        words, known, cased = (found[kind] for kind in kinds)
        return cls(words, known, cased, float(classifier.state["intercept_"][0]))


def _parts(model: Learnt) -> Iterator[tuple[Learnt, Weights]]:
    """Yield the transformers of a model, each with its weights, shape (n_scores, n_columns)."""
    union, classifier = model.steps().values()
    sizes, weights = union.params["transformer_weights"] or {}, classifier.state["coef_"]
    begin = 0
    for name, part in union.steps().items():
        end = begin + _width(part)
        yield part, weights[:, begin:end] * sizes.get(name, 1.0)
        begin = end
    check(begin == weights.shape[1], "columns of unknown transformers")


def _width(part: Learnt) -> int:
    """Return how many columns a transformer makes."""
    if part.type == "DomainShares":
        return 2 * len(part.state["lexicon_"])
    check("vectorizer_" in part.state, f"a {part.type}")
    return len(Learnt.of(part.state["vectorizer_"]).idf)


def _columns(weights: Weights) -> Weights:
    """Return weights with one row a class; of two classes the first one's are 0."""
    if len(weights) > 1:
        return weights
    return np.vstack([np.zeros_like(weights), weights])


def _field(part: Learnt, weights: Weights) -> Block:
    """Return the block of a field."""
    check(part.type == "FieldTfidf", f"a {part.type}")
    max_words = part.params["max_words"]
    check(max_words in (1, 2), f"runs of {max_words} words")
    return _block(part, weights, max_words)


def _block(part: Learnt, weights: Weights, max_words: int, **expected: Any) -> Block:
    """Return a block whose vectorizer is a plain one but for what is expected.

    Raises
    ------
    NotCompiled
        When it differs in what counts.
    """
    vectorizer = Learnt.of(part.state["vectorizer_"])
    wanted = {**PLAIN, "sublinear_tf": True, "ngram_range": (1, max_words), **expected}
    given = {name: v for name, v in vectorizer.params.items() if name not in OF_FITTING}
    odd = {name for name in given | wanted if given.get(name, ...) != wanted.get(name)}
    check(not odd, f"a vectorizer with its own {', '.join(sorted(odd))}")
    return Block(terms_of(vectorizer), vectorizer.idf, weights, max_words)
