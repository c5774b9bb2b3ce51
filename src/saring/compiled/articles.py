"""The topic model, compiled: probabilities and strangeness of articles in one walk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from saring.compiled import kernel
from saring.compiled.letters import letters
from saring.compiled.native import Numbers
from saring.compiled.plain import domain_weights
from saring.compiled.slices import in_slices
from saring.compiled.terms import Terms
from saring.compiled.texts import Column
from saring.fields import LEAD_CHARS
from saring.parameters import TopicParameters
from saring.strangeness import mean_rarity, rarities

__all__ = ["ArticleScorer"]

FIELDS = ("title", "lead", "all")  # as the kernel takes them


@dataclass(frozen=True, slots=True, eq=False)
class ArticleScorer:
    """The topic model as flat arrays; `kernel` says what each is."""

    terms: Terms
    fields: tuple[Numbers, ...]
    domains: Numbers
    lexicon: tuple[Numbers, ...]
    intercept: Numbers

    @classmethod
    def of(cls, model: TopicParameters) -> ArticleScorer:
        """Return the topic model, compiled.

        Raises
        ------
        NotCompiled
            When two terms have one hash.
        """
        rarity, unknown = rarities(model.whole.terms, model.whole.idf, model.min_df)
        common_first = sorted(rarity, key=rarity.__getitem__)
        others = (field.terms for field in model.fields.values())
        terms = Terms.of(chain(common_first, *others, *model.lexicon.values()))
        return cls(
            terms,
            tuple(terms.field(model.fields[name]) for name in FIELDS),
            domain_weights(model),
            (_by_slot(terms, rarity, unknown), *terms.members(model.lexicon.values())),
            model.intercept,
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


def _by_slot(terms: Terms, rarity: Mapping[str, float], unknown: float) -> NDArray[np.float64]:
    """Return the rarity of each slot's word; the last is that of an unknown one."""
    found = np.full(len(terms.slots) + 1, unknown)
    found[[terms.slots[word] for word in rarity]] = list(rarity.values())
    return found
