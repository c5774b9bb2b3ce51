"""The topic pipeline, compiled: probabilities and strangeness of articles in one walk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

from saring.compiled import kernel
from saring.compiled.blocks import blocks, check, idf_of, terms_of
from saring.compiled.letters import letters
from saring.compiled.native import Numbers
from saring.compiled.slices import in_slices
from saring.compiled.terms import Terms
from saring.compiled.texts import Column
from saring.features import LEAD_CHARS, SHARE_SCALE, DomainShares, FieldTfidf
from saring.strangeness import mean_rarity, rarities

__all__ = ["ArticleScorer"]

FIELDS = ("title", "lead", "all")  # as the kernel takes them


Field = tuple[list[str], Numbers, Numbers]  # terms, their idf, their weights


@dataclass(frozen=True, slots=True, eq=False)
class ArticleScorer:
    """A topic pipeline as flat arrays; `kernel` says what each is."""

    terms: Terms
    fields: tuple[Numbers, ...]
    domains: Numbers
    lexicon: tuple[Numbers, ...]
    intercept: Numbers

    @classmethod
    def of(cls, model: Pipeline) -> ArticleScorer:
        """Return a fitted topic pipeline, compiled.

        Raises
        ------
        NotCompiled
            For one with fields of characters, or otherwise not as `saring.models` makes them, or
            when two terms have one hash.
        """
        classifier = model.named_steps["classify"]
        check(type(classifier) is LogisticRegression, f"a {type(classifier).__name__}")
        fields: dict[str, Field] = {}
        groups: Mapping[str, Sequence[str]] = {}
        domains = np.zeros((0, max(2, len(classifier.classes_))))
        for transformer, weights in blocks(model):
            if type(transformer) is DomainShares:
                groups, domains = transformer.lexicon_, _columns(weights).T.copy()
                domains[len(groups) :] *= SHARE_SCALE
            else:
                fields[transformer.field] = _field(transformer, _columns(weights))
        check("all" in fields, "no field of the whole text")
        idf, unknown = rarities(model)
        common_first = sorted(idf, key=idf.__getitem__)
        others = (terms for terms, _, _ in fields.values())
        terms = Terms.of(chain(common_first, *others, *groups.values()))
        nothing = np.zeros((0, 1))
        return cls(
            terms,
            tuple(terms.field(*fields[name]) if name in fields else nothing for name in FIELDS),
            np.ascontiguousarray(domains),
            (_by_slot(terms, idf, unknown), *_members(terms, groups)),
            _columns(classifier.intercept_[:, None])[:, 0],
        )

    def __call__(
        self, titles: Column, bodies: Column, threads: int | None
    ) -> tuple[Numbers, Numbers, Numbers]:
        """Return probabilities, strangeness and the numbers of the rows that Python must answer."""
        scores = np.tile(self.intercept, (len(titles), 1))
        facts = np.zeros((len(titles), kernel.FACTS))

        def work(start: int, stop: int) -> None:
            kernel.score_topics(
                (titles.data, titles.offsets), (bodies.data, bodies.offsets), start, stop,
                LEAD_CHARS, letters(), self.terms.table, self.fields, self.domains, self.lexicon,
                scores, facts,
            )  # fmt: skip

        in_slices(work, (titles, bodies), threads)
        strange = mean_rarity(facts[:, kernel.WORDS : kernel.RARITY + 1])
        return scores, strange, np.flatnonzero(facts[:, kernel.MUST_ASK])


def _columns(weights: Numbers) -> NDArray[np.float64]:
    """Return weights with one row a class; of two classes the first one's are 0."""
    if len(weights) > 1:
        return weights
    return np.vstack([np.zeros_like(weights), weights])


def _field(transformer: Any, weights: Numbers) -> Field:
    """Return terms, idf and weights of a field."""
    check(type(transformer) is FieldTfidf, f"a {type(transformer).__name__}")
    check(transformer.max_words in (1, 2), f"runs of {transformer.max_words} words")
    vectorizer = transformer.vectorizer_
    runs = (1, transformer.max_words)
    terms = terms_of(vectorizer, sublinear_tf=True, ngram_range=runs)
    return terms, idf_of(vectorizer), weights


def _by_slot(terms: Terms, rarity: Mapping[str, float], unknown: float) -> NDArray[np.float64]:
    """Return the rarity of each slot's word; the last is that of an unknown one."""
    found = np.full(len(terms.slots) + 1, unknown)
    found[[terms.slots[word] for word in rarity]] = list(rarity.values())
    return found


def _members(
    terms: Terms, groups: Mapping[str, Sequence[str]]
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return where the groups of each slot begin, and the groups, slot by slot."""
    pairs = [(terms.slots[term], g) for g, of in enumerate(groups.values()) for term in of]
    slots, members = np.array(sorted(pairs), dtype=np.int32).reshape(-1, 2).T
    starts = np.searchsorted(slots, np.arange(len(terms.slots) + 1))
    return starts.astype(np.int32), np.ascontiguousarray(members)
