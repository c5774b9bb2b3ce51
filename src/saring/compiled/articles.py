"""The topic pipeline, compiled: probabilities and strangeness of articles in one walk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from saring.compiled import kernel
from saring.compiled.blocks import ArticleModel
from saring.compiled.letters import letters
from saring.compiled.native import Numbers
from saring.compiled.slices import in_slices
from saring.compiled.terms import Terms
from saring.compiled.texts import Column
from saring.fields import LEAD_CHARS
from saring.strangeness import mean_rarity

__all__ = ["ArticleScorer"]

FIELDS = ("title", "lead", "all")  # as the kernel takes them


@dataclass(frozen=True, slots=True, eq=False)
class ArticleScorer:
    """A topic pipeline as flat arrays; `kernel` says what each is."""

    terms: Terms
    fields: tuple[Numbers, ...]
    domains: Numbers
    lexicon: tuple[Numbers, ...]
    intercept: Numbers

    @classmethod
    def of(cls, model: ArticleModel) -> ArticleScorer:
        """Return a topic pipeline, compiled.

        Raises
        ------
        NotCompiled
            When two terms have one hash.
        """
        common_first = sorted(model.rarity, key=model.rarity.__getitem__)
        others = (field.terms for field in model.fields.values())
        terms = Terms.of(chain(common_first, *others, *model.groups.values()))
        fields = [model.fields.get(name) for name in FIELDS]
        nothing = np.zeros((0, 1))
        return cls(
            terms,
            tuple(terms.field(f.terms, f.idf, f.weights) if f else nothing for f in fields),
            model.domains,
            (_by_slot(terms, model.rarity, model.unknown), *terms.members(model.groups.values())),
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
